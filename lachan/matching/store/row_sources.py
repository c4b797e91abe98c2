"""What a new segment is made from: rows of older segments, entries of the logs, arrays from outside."""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from lachan.matching.store import layout as ly
from lachan.matching.store.delta import Delta
from lachan.matching.store.facts import FactsFile, Label

Records = np.ndarray[Any, np.dtype[Any]]
Chunk = tuple[Records, list[bytes] | None]
CHUNK = 1 << 15


class RowSource(Protocol):
    """Rows for a new segment.

    Attributes:
        rows: how many there are.
        places: where they stand in what they come from, in the order of `chunks`.
        labels: that the records' label numbers mean.
        values_size: bytes of all values; 0 where keys hold them.
    """

    rows: int
    places: npt.NDArray[np.int64]
    labels: list[Label]
    values_size: int

    def chunks(self) -> Iterator[Chunk]:
        """(records, their values where keys do not hold them), in order; records are the caller's own."""


class SegmentSource:
    """The rows of a segment that are not gone."""

    def __init__(self, facts: FactsFile, gone: npt.NDArray[np.uint8], *, with_values: bool) -> None:
        """`gone` has one bit a row, as `Held.bits` makes them; values are where keys do not hold them."""
        self._facts, self._with_values = facts, with_values
        kept = np.unpackbits(gone, count=facts.rows, bitorder="little") == 0
        self.places = np.flatnonzero(kept)
        self.rows, self.labels = len(self.places), facts.labels
        self.values_size = int(facts.lengths()[self.places].sum()) if with_values else 0

    def chunks(self) -> Iterator[Chunk]:
        """Checked first: a merge must not give altered bytes a new and valid checksum."""
        facts, columns = self._facts, self._facts.columns()
        for start in range(0, self.rows, CHUNK):
            rows = self.places[start : start + CHUNK]
            facts.check_rows(int(rows[0]), int(rows[-1]))
            values = [facts.raw_value(row) for row in rows.tolist()] if self._with_values else None
            yield columns[rows], values


class DeltaSource:
    """The entries of a delta that came before a moment and were not gone at it."""

    def __init__(self, delta: Delta, count: int, gone: set[int]) -> None:
        self._delta = delta
        live = [place for place in range(count) if place not in gone]
        self.places = np.array(live, np.int64)
        self.rows, self.labels = len(live), delta.labels
        self._reversible = delta.algorithm.reversible
        self.values_size = sum(len(delta.values[place].encode()) for place in live)

    def chunks(self) -> Iterator[Chunk]:
        delta, width = self._delta, self._delta.algorithm.width
        pad = bytes(ly.stride(width) - ly.RECORD.size - width)
        for start in range(0, self.rows, CHUNK):
            places = self.places[start : start + CHUNK].tolist()
            raw = b"".join(delta.records[place] + delta.keys[place] + pad for place in places)
            records = np.frombuffer(bytearray(raw), ly.record_type(width))
            values = None if self._reversible else [delta.values[p].encode() for p in places]
            yield records, values


class ArraySource:
    """Records that a bulk load has ready, of an algorithm whose keys hold the values."""

    values_size = 0

    def __init__(self, records: Records, labels: list[Label]) -> None:
        self._records, self.labels, self.rows = records, labels, len(records)
        self.places = np.arange(len(records))

    def chunks(self) -> Iterator[Chunk]:
        for start in range(0, self.rows, CHUNK):
            yield self._records[start : start + CHUNK].copy(), None
