"""Comparing with every hash: for the few that change too fast for an index, and for small segments.

The hashes lie word by word (`uint64[4, capacity]`: all first words of 64 bits, then all second ones, …), so
16 are compared at once, and half of each is enough to say no: 10,000 take a few microseconds.
"""

from collections.abc import Callable

import numpy as np

from lachan.kernel.errors import InvalidInput
from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.chunks import Numbers, Words, diagonal
from lachan.matching.algorithms.pdq.layout import LANES
from lachan.matching.algorithms.pdq.room import CAPACITY, DISTANCES, QUERY, ROWS, own
from lachan.matching.algorithms.pdq.vector import bits, load64, lowest, near_pairs, store64
from lachan.matching.records import InvalidHash


def check(code: bytes, radius: int) -> None:
    """Refuse what is no question.

    Raises:
        InvalidHash: not 32 bytes long.
        InvalidInput: no such radius.
    """
    if len(code) != 32:
        raise InvalidHash("a PDQ hash is 32 bytes long")
    check_radius(radius)


def check_radius(radius: int) -> None:
    """Refuse what is no radius: kernels look it up in a table.

    Raises:
        InvalidInput: below 0 or beyond 256.
    """
    if not 0 <= radius <= 256:
        raise InvalidInput("the radius is 0 to 256 bits")


@njit("int64(int64,int64,int64,int64,int64)", nogil=True, cache=True)
def scan_one(words: int, stride: int, count: int, room: int, radius: int) -> int:
    """Search for the query in `room`; the first hits, as many as fit, are written there.

    Returns how many there are: where more than fit, make room and ask again.
    """
    query = room + QUERY
    a, b, c, d = load64(query), load64(query + 8), load64(query + 16), load64(query + 24)
    rows, distances, capacity = (
        load64(room + ROWS),
        load64(room + DISTANCES),
        load64(room + CAPACITY),
    )
    found = 0
    for start in range(0, count, 16):
        first = words + 8 * start
        mask = near_pairs(first, first + stride, a, b, radius)
        while mask != 0:
            row = start + lowest(mask)
            mask &= mask - 1
            at = words + 8 * row
            distance = bits(load64(at) ^ a) + bits(load64(at + stride) ^ b)
            distance += bits(load64(at + 2 * stride) ^ c) + bits(load64(at + 3 * stride) ^ d)
            if distance <= radius and row < count:
                if found < capacity:
                    store64(rows + 8 * found, row)
                    store64(distances + 8 * found, distance)
                found += 1
    return found


@njit("int64(int64,int64,int64,int64)", nogil=True, cache=True)
def scan_codes(codes: int, count: int, room: int, radius: int) -> int:
    """As `scan_one`, of hashes that lie one after the other, cut into chunks: beyond an index's radius."""
    query = room + QUERY
    a, b, c, d = diagonal(load64(query), load64(query + 8), load64(query + 16), load64(query + 24))
    rows, distances, capacity = (
        load64(room + ROWS),
        load64(room + DISTANCES),
        load64(room + CAPACITY),
    )
    found = 0
    for row in range(count):
        at = codes + 32 * row
        distance = bits(load64(at) ^ a) + bits(load64(at + 8) ^ b)
        distance += bits(load64(at + 16) ^ c) + bits(load64(at + 24) ^ d)
        if distance <= radius:
            if found < capacity:
                store64(rows + 8 * found, row)
                store64(distances + 8 * found, distance)
            found += 1
    return found


def scan(words: Words, count: int, code: bytes, radius: int) -> tuple[Numbers, Numbers]:
    """(rows, distances) of the first `count` hashes of `words` that are within `radius` of `code`.

    Hashes may be added behind `count` at the same time, by another process too. Rows may lie on a mapped
    file. Bytes of a hash are its words in little-endian order: `np.frombuffer(code, "<u8")`.

    Args:
        words: uint64[4, capacity], the capacity a multiple of 16, each word's row unbroken: hash i is `words[:, i]`.
        count: how many of them to look at.
        code: the 32 bytes of a hash.
        radius: 0 … 256.

    Raises:
        InvalidHash: not 32 bytes long.
        InvalidInput: no such radius.
    """
    check(code, radius)
    if words.dtype != np.uint64 or words.shape[0] != 4 or words.strides[1] != 8:
        raise ValueError("words must be uint64[4, capacity] with unbroken rows")
    if count > words.shape[1] or words.shape[1] % LANES:
        raise ValueError("the capacity must be a multiple of 16, and not less than the count")
    return scan_at(words.ctypes.data, words.strides[0], count, code, radius)


def scan_at(
    address: int, stride: int, count: int, code: bytes, radius: int
) -> tuple[Numbers, Numbers]:
    """As `scan`, unchecked, of words at an address that the caller keeps; saves a microsecond a call."""
    return _search(code, lambda room: scan_one(address, stride, count, room, radius))


def scan_codes_at(address: int, count: int, code: bytes, radius: int) -> tuple[Numbers, Numbers]:
    """The same of hashes that lie one after the other, cut into chunks."""
    return _search(code, lambda room: scan_codes(address, count, room, radius))


def _search(code: bytes, kernel: Callable[[int], int]) -> tuple[Numbers, Numbers]:
    room = own.room
    room.query[:] = code
    found = kernel(room.address)
    if found > room.capacity:
        room.grow(found)
        found = kernel(room.address)
    return room.take(found)
