"""How a hash of 256 bits is cut into 16 chunks of 16 bits, and how many bits each chunk may differ in.

**The cut.** A PDQ hash is a square of 16 × 16 bits, one for each of a picture's lowest frequencies. Bits of
one row are alike in real pictures, so rows as chunks would crowd a few buckets (1.48 times what evenly
spread bits would make them hold). The chunks here are the square's diagonals, one bit of every row and of
every column each (1.10 times). `diagonal` moves every bit to its chunk; a permutation of bits leaves all
distances as they are, and `straight` moves them back.

**The shares.** If two hashes differ in at most r bits, deal r + 1 "shares" out to the 16 chunks, at most two
each. Then, going round the ring of chunks, there is one to start at such that its differing bits, those of
it and the next, those of it and the next two, … are each *fewer* than the shares so far (the integer
pigeonring, docs/matching.md). `BOUNDS[r, n, t]` is that bound for the first n + 1 chunks from chunk t on.
"""

import numpy as np
import numpy.typing as npt

from lachan.kernel.jit import njit

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

CHUNKS = 16
BUCKETS = 1 << 16
RADIUS_LIMIT = (
    31  # two shares a chunk: from 32 on, a chunk would have to differ in two bits, 137 buckets
)
PREFIX = 3  # chunks that the filter looks at before it looks at the whole hash
BOUNDS_STEP = 8 * CHUNKS  # bytes from one prefix length to the next
BOUNDS_RADIUS = PREFIX * BOUNDS_STEP

# Columns whose number has the bit 1, 2, 4, 8, in each of a word's four rows (signed, as all kernels' words).
_COLUMNS_1 = ~0x5555555555555555
_COLUMNS_2 = ~0x3333333333333333
_COLUMNS_4 = ~0x0F0F0F0F0F0F0F0F
_COLUMNS_8 = ~0x00FF00FF00FF00FF


def _bounds() -> Numbers:
    table = np.empty((RADIUS_LIMIT + 1, PREFIX, CHUNKS), np.int64)
    for radius in range(RADIUS_LIMIT + 1):
        shares = np.full(CHUNKS, (radius + 1) // CHUNKS)
        shares[: (radius + 1) % CHUNKS] += 1
        for length in range(PREFIX):
            following = [np.roll(shares, -step) for step in range(length + 1)]
            table[radius, length] = np.sum(following, axis=0) - 1
    return table


BOUNDS = _bounds()
BOUNDS.flags.writeable = False
BOUNDS_ADDRESS: int = BOUNDS.ctypes.data


@njit(cache=True)
def _turn(a: int, b: int, c: int, d: int, by: int) -> tuple[int, int, int, int]:
    """The four words as one number of 256 bits, rotated upwards by less than 64 bits."""
    low = (1 << by) - 1  # a shift to the right brings copies of the sign
    up = 64 - by
    return (
        (a << by) | ((d >> up) & low),
        (b << by) | ((a >> up) & low),
        (c << by) | ((b >> up) & low),
        (d << by) | ((c >> up) & low),
    )


@njit(cache=True)
def _blend(one: int, other: int, columns: int) -> int:
    return one ^ ((one ^ other) & columns)


@njit(cache=True)
def diagonal(a: int, b: int, c: int, d: int) -> tuple[int, int, int, int]:
    """Each column moved up by its own number of rows, in four steps: by 1, 2, 4 and 8."""
    e, f, g, h = _turn(a, b, c, d, 16)
    a, b = _blend(a, e, _COLUMNS_1), _blend(b, f, _COLUMNS_1)
    c, d = _blend(c, g, _COLUMNS_1), _blend(d, h, _COLUMNS_1)
    e, f, g, h = _turn(a, b, c, d, 32)
    a, b = _blend(a, e, _COLUMNS_2), _blend(b, f, _COLUMNS_2)
    c, d = _blend(c, g, _COLUMNS_2), _blend(d, h, _COLUMNS_2)
    e, f, g, h = (
        _blend(a, d, _COLUMNS_4),
        _blend(b, a, _COLUMNS_4),
        _blend(c, b, _COLUMNS_4),
        _blend(d, c, _COLUMNS_4),
    )
    return (
        _blend(e, g, _COLUMNS_8),
        _blend(f, h, _COLUMNS_8),
        _blend(g, e, _COLUMNS_8),
        _blend(h, f, _COLUMNS_8),
    )


def straight(chunked: Words) -> Words:
    """uint64[n, 4] as `diagonal` left it, back in a hash's own order."""
    rows = chunked.view(np.uint16).reshape(-1, CHUNKS)
    hashes = np.zeros_like(rows)
    for column in range(CHUNKS):
        hashes |= np.roll(rows, -column, axis=1) & np.uint16(1 << column)
    return hashes.view(np.uint64)
