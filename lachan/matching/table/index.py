"""Asking a table."""

import mmap
import os
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lachan.formats.snapshot.table import frozen
from lachan.matching.records import SegmentCorrupt
from lachan.matching.table import layout as ly
from lachan.matching.table.compiled import table_find

Numbers = npt.NDArray[np.int64]


class TableIndex:
    """A table's file, mapped: any number of processes share one copy, and threads may ask at once.

    Equality only: equal keys have distance 0, and every radius from 0 on gives the same.
    """

    def __init__(self, path: Path, *, name: str, width: int, verify: bool = True) -> None:
        """Raises: SegmentCorrupt, SegmentVersion, FileNotFoundError."""
        descriptor = os.open(path, os.O_RDONLY)
        try:
            size = os.fstat(descriptor).st_size
            head = os.pread(descriptor, ly.HEAD_SIZE, 0)
            self.layout = ly.layout_read(head, name=name, width=width, size=size)
            mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        finally:
            os.close(descriptor)
        layout = self.layout
        if verify:
            with memoryview(mapped) as view, view[ly.HEAD_SIZE :] as body:
                if zlib.crc32(body) != layout.body_check:
                    raise SegmentCorrupt("the table's checksum is wrong")
        buckets = (1 << layout.bits) + 1
        self._directory = np.frombuffer(mapped, np.uint32, buckets, layout.directory_at)
        self._keys = np.frombuffer(mapped, np.uint8, layout.count * layout.width, layout.keys_at)
        self._rows = np.frombuffer(mapped, np.uint32, layout.count, layout.rows_at)
        self._secret = tuple(np.uint64(half) for half in layout.secret)

    @property
    def count(self) -> int:
        return self.layout.count

    def find(self, key: bytes, radius: int = 0) -> tuple[Numbers, Numbers]:
        """(rows, distances) of the equal keys."""
        first, found = self._locate(np.frombuffer(key, np.uint8))
        rows = self._rows[first[0] : first[0] + found[0]].astype(np.int64)
        return rows, np.zeros(len(rows), np.int64)

    def find_many(
        self, keys: npt.NDArray[np.uint8], radius: int = 0
    ) -> tuple[Numbers, Numbers, Numbers]:
        """(places in `keys`, rows, distances) of all equal pairs; `keys` is uint8[n, width]."""
        first, found = self._locate(np.ascontiguousarray(keys).reshape(-1))
        hits = np.flatnonzero(found)
        asked = np.repeat(hits, found[hits])
        if not len(asked):
            nothing = np.empty(0, np.int64)
            return nothing, nothing, nothing
        # A run of equals counts up from its first place.
        counts = found[hits]
        begins = np.repeat(np.cumsum(counts) - counts, counts)
        places = first[asked] + np.arange(len(asked)) - begins
        rows = self._rows[places].astype(np.int64)
        return asked.astype(np.int64), rows, np.zeros(len(rows), np.int64)

    def _locate(self, asked: npt.NDArray[np.uint8]) -> tuple[Numbers, Numbers]:
        layout = self.layout
        many, rest = divmod(len(asked), layout.width)
        if rest:
            raise ValueError(f"keys of {layout.name} have {layout.width} bytes")
        first, found = np.empty(many, np.int64), np.empty(many, np.int64)
        table_find(
            self._directory,
            layout.bits,
            self._keys,
            layout.width,
            layout.count,
            *self._secret,
            frozen(asked),
            first,
            found,
        )
        return first, found
