"""Sorting hashes by one of their chunks, without a hash being moved: the kernels of building.

A sort of 10 million entries into 65,536 buckets at once would touch a far place of memory with each entry;
by the high byte first, and by the low byte within that, the writes keep within the caches.
"""

import numpy as np

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.chunks import BUCKETS, diagonal
from lachan.matching.algorithms.pdq.vector import (
    bits,
    load8,
    load16,
    load32,
    load64,
    store8,
    store16,
    store32,
    store64,
)

OVER = 1 << 24  # from so many hashes on, a row needs more than 24 bits


@njit("int64(int64,int64,int64)", nogil=True, cache=True)
def cut(source: int, target: int, count: int) -> int:
    """Move the bits of `count` hashes to their chunks; returns how many hashes have an odd number of bits."""
    odd = 0
    for i in range(count):
        at, to = source + 32 * i, target + 32 * i
        a, b, c, d = load64(at), load64(at + 8), load64(at + 16), load64(at + 24)
        odd += (bits(a) + bits(b) + bits(c) + bits(d)) & 1
        a, b, c, d = diagonal(a, b, c, d)
        store64(to, a)
        store64(to + 8, b)
        store64(to + 16, c)
        store64(to + 24, d)
    return odd


@njit("void(int64,int64,int64,int64)", nogil=True, cache=True)
def bound_buckets(codes: int, count: int, chunk: int, directory: int) -> None:
    """Write where each bucket begins, and at last where the last one ends: 65,537 numbers."""
    for k in range(BUCKETS + 1):
        store32(directory + 4 * k, 0)
    for i in range(count):
        end = directory + 4 + 4 * load16(codes + 32 * i + 2 * chunk)
        store32(end, load32(end) + 1)
    total = 0
    for k in range(1, BUCKETS + 1):
        total += load32(directory + 4 * k)
        store32(directory + 4 * k, total)


@njit("void(int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def deal_high(codes: int, count: int, chunk: int, directory: int, dealt: int, over: int) -> None:
    """Sort by the chunk's high byte: row, low byte, next and next but one chunk, in 64 bits at `dealt`.

    A row's bits from the 24th on, which few collections need, go to `over`; 0 says that there are none.
    """
    heads = np.empty(256, np.int64)
    for high in range(256):
        heads[high] = load32(directory + 4 * 256 * high)
    after_next, after_that = 2 * ((chunk + 1) & 15), 2 * ((chunk + 2) & 15)
    for row in range(count):
        code = codes + 32 * row
        key = load16(code + 2 * chunk)
        place = heads[key >> 8]
        heads[key >> 8] = place + 1
        pair = (load16(code + after_next) << 16) | load16(code + after_that)
        store64(dealt + 8 * place, (row << 40) | ((key & 255) << 32) | pair)
        if over != 0:
            store8(over + place, row >> 24)


@njit("void(int64,int64,int64,int64,int64,int64,int64,int64,int64)", nogil=True, cache=True)
def deal_low(
    directory: int,
    first: int,
    last: int,
    dealt: int,
    over: int,
    following: int,
    after: int,
    rows: int,
    row_bytes: int,
) -> None:
    """Sort what has the high bytes `first` … `last` - 1 by the low byte, into arrays that begin with it."""
    heads = np.empty(256, np.int64)
    origin = load32(directory + 4 * 256 * first)
    for high in range(first, last):
        bucket = directory + 4 * 256 * high
        for key in range(256):
            heads[key] = load32(bucket + 4 * key) - origin
        for i in range(load32(bucket), load32(bucket + 4 * 256)):
            entry = load64(dealt + 8 * i)
            key = (entry >> 32) & 255
            place = heads[key]
            heads[key] = place + 1
            store16(following + 2 * place, entry >> 16)
            store16(after + 2 * place, entry)
            row = rows + row_bytes * place
            store16(row, entry >> 40)
            store8(row + 2, entry >> 56)
            if row_bytes == 4:
                store8(row + 3, load8(over + i) if over != 0 else 0)
