"""Writing a segment: hashes in, one immutable file out, there as a whole or not at all.

Each of the 16 chunks is sorted on its own (`sort`), by several threads. The file is written with `pwrite`,
never through a map: a full disk is then an OSError and no SIGBUS.
"""

import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.kernel.files import file_draft
from lachan.matching.algorithms.pdq.checksum import weigh_all
from lachan.matching.algorithms.pdq.chunks import BUCKETS, CHUNKS, Words
from lachan.matching.algorithms.pdq.layout import (
    COUNT_LIMIT,
    DIRECTORY_STRIDE,
    EVEN,
    MIXED,
    ODD,
    Layout,
)
from lachan.matching.algorithms.pdq.sort import OVER, bound_buckets, cut, deal_high, deal_low
from lachan.matching.records import MatchingError

SCAN_BELOW = (
    4096  # a scan of this many takes as long as a look-up, and needs no 4 MB of directories
)
_BLOCK = 1 << 16  # hashes moved into their chunks at once
_PIECE = 1 << 23  # entries sorted between two writes: large writes lie in large pages
Bytes = npt.NDArray[np.uint8]


class SegmentTooLarge(MatchingError):
    """More hashes than rows can be numbered in 32 bits: spread them over several segments."""

    code = "segment-too-large"


def build(
    codes: Words,
    path: str | Path,
    *,
    threads: int | None = None,
    scan_below: int = SCAN_BELOW,
) -> None:
    """Write a segment of `codes` at `path`; the file is on the disk when this returns.

    Needs, besides the file, 8 bytes a hash and thread, 9 from 2**24 hashes on.

    Args:
        codes: uint64[n, 4], each row the 32 bytes of a hash as little-endian words; any order, also equal ones.
        path: where it shall stand; what stood there stays until the new file is whole.
        threads: as many as there are cores, at most 4, where not said.
        scan_below: with fewer hashes, no directories are written, and a search compares every hash.

    Raises:
        SegmentTooLarge: 2**32 - 1 hashes or more.
        OSError: no room on the disk, or no right to write; nothing that stood there has changed.
    """
    codes = np.ascontiguousarray(codes, np.uint64).reshape(-1, 4)
    if len(codes) >= COUNT_LIMIT:
        raise SegmentTooLarge(f"{len(codes)} hashes; one segment holds {COUNT_LIMIT - 1}")
    threads = threads or min(4, len(os.sched_getaffinity(0)))
    layout = Layout(count=len(codes), indexed=len(codes) >= scan_below)
    with file_draft(Path(path), mode=0o644, size=layout.size) as descriptor:
        fill = _fill_indexed if layout.indexed else _fill_plain
        layout = msgspec.structs.replace(layout, parity=fill(descriptor, layout, codes, threads))
        with mmap.mmap(descriptor, layout.size, access=mmap.ACCESS_READ) as mapped:
            view = np.frombuffer(mapped, np.uint8)
            weight = weigh_all(view.ctypes.data, layout.size, threads)
            del view
        _write(descriptor, msgspec.structs.replace(layout, checksum=weight).pack(), 0)


def _write(descriptor: int, data: Any, at: int) -> None:
    rest = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while rest:
        written = os.pwrite(descriptor, rest, at)
        rest, at = rest[written:], at + written


def _fill_plain(descriptor: int, layout: Layout, codes: Words, threads: int) -> int:
    for word in range(4):
        column = np.ascontiguousarray(codes[:, word])
        _write(descriptor, column.view(np.uint8), layout.codes_at + word * layout.words_stride)
    return MIXED


def _fill_indexed(descriptor: int, layout: Layout, codes: Words, threads: int) -> int:
    parity = _fill_codes(descriptor, layout, codes)
    # Read back through the page cache: no second copy of 32 bytes a hash.
    with mmap.mmap(descriptor, layout.size, access=mmap.ACCESS_READ) as mapped:
        view = np.frombuffer(mapped, np.uint8)
        chunked = view.ctypes.data + layout.codes_at

        def work(first: int) -> None:
            dealt = np.empty(layout.count, np.uint64)
            over = np.empty(layout.count if layout.count > OVER else 0, np.uint8)
            for chunk in range(first, CHUNKS, threads):
                _fill_chunk(descriptor, layout, chunked, chunk, dealt, over)

        try:
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(work, range(threads)))
        finally:
            del view
    return parity


def _fill_codes(descriptor: int, layout: Layout, codes: Words) -> int:
    odd = 0
    moved = np.empty((min(_BLOCK, layout.count), 4), np.uint64)
    for start in range(0, layout.count, _BLOCK):
        block = codes[start : start + _BLOCK]
        odd += int(cut(block.ctypes.data, moved.ctypes.data, len(block)))
        data = moved[: len(block)].view(np.uint8).reshape(-1)
        _write(descriptor, data, layout.codes_at + 32 * start)
    return {0: EVEN, layout.count: ODD}.get(odd, MIXED)


def _fill_chunk(
    descriptor: int, layout: Layout, chunked: int, chunk: int, dealt: Words, over: Bytes
) -> None:
    """Sort one chunk and write its directory, next, after and rows."""
    directory = np.zeros(DIRECTORY_STRIDE // 4, np.uint32)
    bound_buckets(chunked, layout.count, chunk, directory.ctypes.data)
    _write(descriptor, directory, layout.directories_at + chunk * DIRECTORY_STRIDE)
    sources = dealt.ctypes.data, over.ctypes.data if over.size else 0
    deal_high(chunked, layout.count, chunk, directory.ctypes.data, *sources)
    short_at = chunk * layout.short_stride
    targets = (
        (layout.next_at + short_at, 2),
        (layout.after_at + short_at, 2),
        (layout.rows_at + chunk * layout.rows_stride, layout.row_bytes),
    )
    for first, last, start, end in _pieces(directory):
        sorted_out = [np.empty(width * (end - start), np.uint8) for _, width in targets]
        places = [array.ctypes.data for array in sorted_out]
        deal_low(directory.ctypes.data, first, last, *sources, *places, layout.row_bytes)
        for (at, width), array in zip(targets, sorted_out, strict=True):
            _write(descriptor, array, at + width * start)


def _pieces(directory: npt.NDArray[np.uint32]) -> Iterator[tuple[int, int, int, int]]:
    """High bytes that are sorted and written together: (first, last + 1, place of the first entry, of the end)."""
    ends = directory[: BUCKETS + 1 : 256].tolist()
    first = 0
    for last in range(1, 257):
        if last == 256 or ends[last + 1] - ends[first] > _PIECE:
            if ends[last] > ends[first]:
                yield first, last, ends[first], ends[last]
            first = last
