"""The door: an immutable collection of PDQ hashes in one mapped file, asked for neighbours.

    PdqSegment.build(codes, path)
    segment = PdqSegment.open(path)
    rows, distances = segment.find(code, 31)

Any number of processes and threads may ask at once: a segment never changes, each thread has its own
working memory, and the searches run without the interpreter's lock.
"""

import contextlib
import mmap
import os
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt

from lachan.matching.algorithms.pdq import build as building
from lachan.matching.algorithms.pdq import lookup
from lachan.matching.algorithms.pdq.checksum import weigh_all
from lachan.matching.algorithms.pdq.chunks import (
    BOUNDS_ADDRESS,
    BUCKETS,
    RADIUS_LIMIT,
    Numbers,
    Words,
    straight,
)
from lachan.matching.algorithms.pdq.layout import LINE, PAGE, Layout
from lachan.matching.algorithms.pdq.lookup import find_one
from lachan.matching.algorithms.pdq.pairs import Batch, join_batch, loop_batch
from lachan.matching.algorithms.pdq.room import own
from lachan.matching.algorithms.pdq.scan import check, check_radius, scan_at, scan_codes_at
from lachan.matching.records import InvalidHash, SegmentCorrupt

Bytes = npt.NDArray[np.uint8]
_POPULATE_READ = 22  # madvise(2), since Linux 5.14
_NOTHING = np.empty(0, np.int64)
_NOTHING.flags.writeable = False


def words_of(codes: Words | Bytes) -> Words:
    """uint64[n, 4] of hashes given as such, or as uint8[n, 32]."""
    if (
        codes.dtype not in (np.uint64, np.uint8)
        or codes.ndim != 2
        or codes[:1].nbytes not in (0, 32)
    ):
        raise InvalidHash("PDQ hashes are uint64[n, 4] or uint8[n, 32]")
    return np.ascontiguousarray(codes).view(np.uint64)


# Hashes, and from which batch on a join beats as many single look-ups: measured where both took as long. It
# is fewer where look-ups wait for memory, and where a join has hardly anything to walk through.
_JOIN_FROM = ((8_000, 16_000), (2_000_000, 80_000), (5_000_000, 30_000))
_JOIN_FROM_BEYOND = 10_000


def join_from(count: int) -> int:
    """The smallest batch that is joined with a segment of `count` hashes."""
    return next((batch for limit, batch in _JOIN_FROM if count < limit), _JOIN_FROM_BEYOND)


class PdqSegment:
    """Rows are places in the order of the codes that the segment was built of.

    Attributes:
        count: hashes in it.
        layout: what the file holds, and where.
        plan: the same for the kernels, as addresses; good while the segment is held.
    """

    def __init__(self, mapped: mmap.mmap, layout: Layout) -> None:
        self.layout = layout
        self.count = layout.count
        self._indexed = layout.indexed
        self._map = mapped
        self._bytes = np.frombuffer(mapped, np.uint8)
        self._base: int = self._bytes.ctypes.data
        self.plan = self._facts()
        self._plan_address: int = self.plan.ctypes.data
        self._codes_at = self._base + layout.codes_at

    build = staticmethod(building.build)

    @classmethod
    def open(cls, path: str | Path, *, verify: bool = False) -> Self:
        """Map a segment: less than a millisecond, unless it is to be verified.

        Raises:
            SegmentVersion: of another version or byte order.
            SegmentCorrupt: cut off, altered or no such file.
            FileNotFoundError: no such file.
        """
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            layout = Layout.read(file.read(PAGE), size)
            mapped = mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ)
        with contextlib.suppress(OSError):
            mapped.madvise(mmap.MADV_HUGEPAGE)  # where the file system has them: a sixth faster
        segment = cls(mapped, layout)
        if verify:
            segment.verify()
        return segment

    def verify(self, threads: int = 1) -> None:
        """Compare every byte with the checksum: a tenth of a second a gigabyte, once it is in memory.

        Raises:
            SegmentCorrupt: something was altered since it was written.
        """
        weight = weigh_all(self._base, self.layout.size, threads)
        if weight != self.layout.checksum:
            raise SegmentCorrupt("the checksum is wrong: altered since it was written")

    def preload(self) -> None:
        """Have all of the file in memory, mapped, before the first question; else each page waits for its own."""
        with contextlib.suppress(OSError):  # an older kernel: then page by page, as questions come
            self._map.madvise(_POPULATE_READ)

    def find(self, code: bytes, radius: int) -> tuple[Numbers, Numbers]:
        """(rows, distances) of all hashes within `radius` of a hash of 32 bytes, in no certain order.

        Exact at every radius; indexed up to 31, by comparing with every hash beyond.

        Raises:
            InvalidHash: not 32 bytes long.
            InvalidInput: no such radius.
        """
        if not self._indexed or len(code) != 32 or not 0 <= radius <= RADIUS_LIMIT:
            return self._compare_all(code, radius)
        room = own.room
        room.query[:] = code
        found = find_one(self._plan_address, room.address, radius)
        if not found:
            return _NOTHING, _NOTHING
        if found > room.capacity:
            room.grow(found)
            room.query[:] = code
            found = find_one(self._plan_address, room.address, radius)
        return room.take(found)

    def _compare_all(self, code: bytes, radius: int) -> tuple[Numbers, Numbers]:
        check(code, radius)
        if not self._indexed:
            return scan_at(self._codes_at, self.layout.words_stride, self.count, code, radius)
        return scan_codes_at(self._codes_at, self.count, code, radius)

    def find_many(
        self, codes: Words | Bytes, radius: int, *, threads: int = 1
    ) -> tuple[Numbers, Numbers, Numbers]:
        """(places in `codes`, rows, distances) of all pairs within `radius`, in no certain order.

        Args:
            codes: uint64[m, 4], or uint8[m, 32].
            radius: as in `find`.
            threads: to spread a large batch over.

        Raises:
            InvalidHash: the codes are of another type or shape.
            InvalidInput: no such radius.
        """
        codes = words_of(codes)
        check_radius(radius)
        if not self._indexed or radius > RADIUS_LIMIT:
            return self._find_each(codes, radius)
        if len(codes) < join_from(self.count):
            return loop_batch(self.plan, codes, radius)
        return join_batch(self.plan, Batch(codes), radius, threads)

    def codes(self) -> Words:
        """uint64[count, 4]: the hashes as they were given, in the order of rows."""
        at, stride = self.layout.codes_at, self.layout.words_stride
        if self.layout.indexed:
            return straight(self._bytes[at : at + 32 * self.count].view(np.uint64).reshape(-1, 4))
        words = self._bytes[at : at + 4 * stride].view(np.uint64).reshape(4, -1)
        return np.ascontiguousarray(words[:, : self.count].T)

    def _find_each(self, codes: Words, radius: int) -> tuple[Numbers, Numbers, Numbers]:
        found = [self.find(code.tobytes(), radius) for code in codes]
        if not found:
            return _NOTHING, _NOTHING, _NOTHING
        places = np.repeat(np.arange(len(codes)), [len(rows) for rows, _ in found])
        rows, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return places, rows, distances

    def _facts(self) -> Numbers:
        """What the kernels know of this segment."""
        layout, base = self.layout, self._base
        facts = np.zeros(lookup.PLAN_WORDS, np.int64)
        # A bucket's lines: its mean, four deviations, and what it overlaps on either side.
        mean = layout.count / BUCKETS
        lines = (2 * (mean + 4 * mean**0.5) + LINE // 2) / LINE
        for place, value in (
            (lookup.COUNT, layout.count),
            (lookup.PARITY, layout.parity),
            (lookup.BOUNDS_AT, BOUNDS_ADDRESS),
            (lookup.CODES, base + layout.codes_at),
            (lookup.DIRECTORIES, base + layout.directories_at),
            (lookup.NEXT, base + layout.next_at),
            (lookup.AFTER, base + layout.after_at),
            (lookup.SHORT_STRIDE, layout.short_stride),
            (lookup.ROWS_AT, base + layout.rows_at),
            (lookup.ROWS_STRIDE, layout.rows_stride),
            (lookup.ROW_BYTES, layout.row_bytes),
            (lookup.ROW_MASK, (1 << 8 * layout.row_bytes) - 1),
            (lookup.LINES, max(1, int(np.ceil(lines)))),
        ):
            facts[place // 8] = value
        facts.flags.writeable = False
        return facts
