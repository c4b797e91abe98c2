"""What a segment knows of each of its rows, mapped: a hit's facts are one read of one record.

    records     a record and its key, one a row
    offsets     where each row's value begins; only for algorithms whose keys do not hold the value
    values      those, one after the other
    labels      what many rows share, each once: (categories, source), as one MessagePack array
    blocks      a CRC-32 for each 16 rows, with their offsets and values
    hashes      32 bits of each identifier, in order
    rows        and whose they are: where an indicator's rows are found without reading all

A block is checked when a row of it is first read in a process. So opening costs nothing, however large the
segment, and yet no altered byte ever reaches an answer.
"""

import mmap
import os
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID, SafeUUID

import msgspec
import numpy as np

from lachan.formats.sharing import Reach, Viewer, sees
from lachan.kernel import clock
from lachan.matching.records import Facts, SegmentCorrupt
from lachan.matching.store import layout as ly

Record = tuple[bytes, int, int, int, int, int, int]
Label = tuple[tuple[str, ...], str]
"""Categories and source: what whole lists have in common."""

_BLOCK = ly.BLOCK_ROWS.bit_length() - 1
_labels = msgspec.msgpack.Decoder(list[Label])
_unpack = ly.RECORD.unpack_from
_new, _set, _UNKNOWN = object.__new__, object.__setattr__, SafeUUID.unknown


def facts_for(record: Record, labels: Sequence[Label], viewer: Viewer) -> Facts | None:
    """What a record says; None where that is not for the viewer, or no longer in force."""
    uid, sequence, valid_until, circle, label, confidence, reach = record
    if reach > viewer.level and not sees(viewer, Reach(reach, circle)):
        return None
    if valid_until and valid_until <= clock.now().timestamp():
        return None
    categories, source = labels[label]
    # As UUID(bytes=uid) does after looking at its arguments, for a quarter of the time.
    indicator = _new(UUID)
    _set(indicator, "int", int.from_bytes(uid, "big"))
    _set(indicator, "is_safe", _UNKNOWN)
    return Facts(sequence, indicator, categories, confidence, reach, circle, valid_until, source)


def records_for(
    records: "np.ndarray[Any, np.dtype[Any]]", viewer: Viewer
) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Of many records at once: whether `facts_for` would say what they say."""
    reach, valid_until = records["reach"], records["valid_until"]
    seen: np.ndarray[Any, np.dtype[np.bool_]] = reach <= int(viewer.level)
    for circle in viewer.circles:
        seen |= records["circle"] == circle
    seen &= (valid_until == 0) | (valid_until > clock.now().timestamp())
    return seen


class FactsFile:
    """One segment's facts, opened.

    Attributes:
        head: what the file says of itself.
        index_check: checksum of the head of the index that was built with it.
    """

    def __init__(self, path: Path, *, collection: bytes) -> None:
        """Map the file.

        Raises:
            SegmentCorrupt, SegmentVersion: as `head_read`.
            FileNotFoundError: no such file.
        """
        self._name = path.name
        descriptor = os.open(path, os.O_RDONLY)
        try:
            self.head = ly.head_read(descriptor, self._name, role=ly.FACTS, collection=collection)
            self._map = mmap.mmap(descriptor, self.head.size, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
        self._view = memoryview(self._map)
        places = self.head.places
        self._offsets_at, self._values_at, self._labels_at, self._labels_end = places[:4]
        self._blocks_at, self._uids_at = places[4:6]
        self.index_check, labels_check = places[6] >> 32, places[6] & 0xFFFFFFFF
        self._uids_check, blocks_check = places[7] >> 32, places[7] & 0xFFFFFFFF
        self.rows, self._width = self.head.rows, self.head.width
        self._stride = ly.stride(self._width)
        blocks = -(-self.rows // ly.BLOCK_ROWS)
        table = self._view[self._blocks_at : self._blocks_at + 4 * blocks]
        raw = self._view[self._labels_at : self._labels_end]
        if zlib.crc32(table) != blocks_check or zlib.crc32(raw) != labels_check:
            raise SegmentCorrupt(f"{self._name}: a checksum is wrong")
        self._blocks, self._seen = table.cast("I"), bytearray(blocks)
        self.labels: list[Label] = _labels.decode(raw)
        self._offsets = (
            self._view[self._offsets_at : self._offsets_at + 8 * (self.rows + 1)].cast("Q")
            if self._offsets_at
            else None
        )
        end = self._uids_at + 4 * self.rows
        self._hashes = self._view[self._uids_at : end].cast("I")
        self._rows = self._view[end : end + 4 * self.rows].cast("I")
        self._uids_seen = False

    def record(self, row: int) -> Record:
        """A row's record, checked.

        Raises:
            SegmentCorrupt: its bytes were altered.
        """
        if not self._seen[row >> _BLOCK]:
            self._check(row >> _BLOCK)
        return _unpack(self._map, ly.HEAD_SIZE + row * self._stride)

    def entry(self, row: int, viewer: Viewer) -> tuple[Facts, bytes] | None:
        """A row's facts and key; None where they are not for the viewer, or no longer in force.

        Raises:
            SegmentCorrupt: its bytes were altered.
        """
        if not self._seen[row >> _BLOCK]:
            self._check(row >> _BLOCK)
        at = ly.HEAD_SIZE + row * self._stride
        facts = facts_for(_unpack(self._map, at), self.labels, viewer)
        at += ly.RECORD.size
        return None if facts is None else (facts, self._map[at : at + self._width])

    def key(self, row: int) -> bytes:
        """A row's key; of a row that was checked."""
        at = ly.HEAD_SIZE + row * self._stride + ly.RECORD.size
        return self._map[at : at + self._width]

    def value(self, row: int) -> str:
        """The value of a row that was checked; where the algorithm's keys do not hold it."""
        if self._offsets is None:
            raise SegmentCorrupt(f"{self._name} holds no values")
        start, end = self._values_at + self._offsets[row], self._values_at + self._offsets[row + 1]
        return self._map[start:end].decode()

    def rows_of(self, uid: bytes, hashed: int) -> list[int]:
        """The rows of an indicator, whose `layout.uid_hash` is `hashed`."""
        if not self._uids_seen:
            if zlib.crc32(self._view[self._uids_at :]) != self._uids_check:
                raise SegmentCorrupt(f"{self._name}: the checksum of its identifiers is wrong")
            self._uids_seen = True
        place, found = bisect_left(self._hashes, hashed), []
        while place < self.rows and self._hashes[place] == hashed:
            row = self._rows[place]
            if self.record(row)[0] == uid:
                found.append(row)
            place += 1
        return found

    def columns(self) -> "np.ndarray[tuple[int], np.dtype[np.void]]":
        """All records as one mapped array; see `verify`."""
        return np.frombuffer(
            self._map, ly.record_type(self.head.width), self.rows, offset=ly.HEAD_SIZE
        )

    def hashes(self) -> "tuple[np.ndarray[tuple[int], np.dtype[np.uint32]], ...]":
        """(hashes, rows): the identifiers' directory as mapped arrays."""
        return np.frombuffer(self._hashes, np.uint32), np.frombuffer(self._rows, np.uint32)

    def lengths(self) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
        """Bytes of each row's value."""
        offsets = np.frombuffer(self._offsets or b"", np.uint64)
        return offsets[1:] - offsets[:-1]

    def raw_value(self, row: int) -> bytes:
        """The value's bytes; of a row that was checked, where rows have values."""
        offsets = self._offsets
        return (
            b"" if offsets is None
            else self._map[self._values_at + offsets[row] : self._values_at + offsets[row + 1]]
        )  # fmt: skip

    def check_rows(self, first: int, last: int) -> None:
        """Check the rows from `first` to `last`, where that was not done yet.

        Raises:
            SegmentCorrupt: a byte was altered.
        """
        for block in range(first >> _BLOCK, (last >> _BLOCK) + 1):
            if not self._seen[block]:
                self._check(block)

    def verify(self) -> None:
        """Read the whole file against its checksums.

        Raises:
            SegmentCorrupt: a byte was altered.
        """
        if self.rows:
            self.check_rows(0, self.rows - 1)
        if zlib.crc32(self._view[self._uids_at :]) != self._uids_check:
            raise SegmentCorrupt(f"{self._name}: the checksum of its identifiers is wrong")

    def _check(self, block: int) -> None:
        first = block * ly.BLOCK_ROWS
        last = min(first + ly.BLOCK_ROWS, self.rows)
        if self._blocks[block] != self.block_check(self._view, first, last, self._places):
            raise SegmentCorrupt(f"{self._name}: the rows from {first} on were altered")
        self._seen[block] = 1

    @property
    def _places(self) -> tuple[int, int, int]:
        return self._stride, self._offsets_at, self._values_at

    @staticmethod
    def block_check(view: memoryview, first: int, last: int, places: tuple[int, int, int]) -> int:
        """The checksum of the rows `first` … `last` - 1 of a facts file, values included."""
        stride, offsets_at, values_at = places
        check = zlib.crc32(view[ly.HEAD_SIZE + first * stride : ly.HEAD_SIZE + last * stride])
        if not offsets_at:
            return check
        offsets = view[offsets_at + 8 * first : offsets_at + 8 * (last + 1)]
        bounds = offsets.cast("Q")
        # Lengths that were altered could point anywhere: a slice beyond the end is empty, not an error.
        values = view[values_at + bounds[0] : values_at + bounds[-1]]
        return zlib.crc32(values, zlib.crc32(offsets, check))
