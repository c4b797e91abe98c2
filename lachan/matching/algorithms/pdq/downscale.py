"""From pixels to 64×64 grey values: the first half of PDQ, and nearly all of its time.

PDQ (Meta, "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm", 2019) blurs the
luma twice with a box along rows and columns, which together is a tent as wide as two of the 64 samples,
then takes the sample nearest to each centre. The published hashes come from 32-bit floats, whose sums
depend on their order: the same additions, subtractions and divisions happen here in the same order for
every value, so that every bit is the same. No shortcut that is only mathematically equal is allowed.

What is free is which value goes first, and when one is forgotten. The reference holds two whole pictures
of floats and walks them nine times. Here a picture is read once, from top to bottom:

    16 rows of pixels → luma → blur along rows → ring of as many rows as the window is high
                                                     │ running column sums: blur along columns
                      64 columns ← second blur along rows, only where it is sampled ←┘
    (height × 64) → second blur along columns, only where it is sampled → 64×64

A running sum along a row must wait for each addition before the next. Sixteen rows stand side by side
instead, transposed, so that one vector addition moves sixteen sums.
"""

from typing import Any

import numpy as np

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.tile import LANES, add, drop, mean, slide, slide_mean, transpose

SIDE = 64
F = np.float32
_STEP = 4 * LANES


@njit(cache=True, nogil=True, error_model="numpy")
def _luma_row(line: Any, channels: Any, width: Any, out: Any) -> Any:
    """Luma (ITU-R BT.601) of one row of pixels: 1 channel is grey, 3 are RGB, a fourth is passed over.

    The bindings whose bits count add three products in 64 bit and round the sum: r * 0.299 + g * 0.587
    + b * 0.114. In thousandths all is exact in 32 bit, and one division rounds to the very same number:
    a multiple of 0.001 is never so near to the middle of two 32-bit floats that the error of 64 bit
    could push it over. (A test goes through all 16,777,216 colours.)
    """
    # A branch for each step between pixels, so that the compiler can take many at once.
    if channels == 1:
        for at in range(width):
            out[at] = F(line[at])
    elif channels == 3:
        for at in range(width):
            red, green, blue = F(line[3 * at]), F(line[3 * at + 1]), F(line[3 * at + 2])
            out[at] = (red * F(299) + green * F(587) + blue * F(114)) / F(1000)
    else:
        for at in range(width):
            red, green, blue = F(line[4 * at]), F(line[4 * at + 1]), F(line[4 * at + 2])
            out[at] = (red * F(299) + green * F(587) + blue * F(114)) / F(1000)


@njit(cache=True, nogil=True)
def _address(array: Any) -> Any:
    return np.int64(array.ctypes.data)


@njit(cache=True, nogil=True)
def _room(height: Any, width: Any) -> Any:
    """float32[height, width] of zeros that begins with a cache line: else most vectors would touch two."""
    flat = np.zeros(height * width + LANES, np.float32)
    skip = -_address(flat) % _STEP // 4
    return flat[skip : skip + height * width].reshape((height, width))


@njit(cache=True, nogil=True)
def _stand(rows: Any, width: Any, out: Any) -> Any:
    """Sixteen rows of `width` as `width` rows of sixteen."""
    source, target = _address(rows), _address(out)
    for at in range(0, width, LANES):
        transpose(source + 4 * at, rows.strides[0], target + _STEP * at, _STEP)


@njit(cache=True, nogil=True)
def _lie(columns: Any, width: Any, out: Any) -> Any:
    """`width` rows of sixteen as sixteen rows of `width`."""
    source, target = _address(columns), _address(out)
    for at in range(0, width, LANES):
        transpose(source + _STEP * at, _STEP, target + 4 * at, out.strides[0])


# A box of `window` values, written at each place `at`: what it adds is `lead` places ahead, what it drops
# is `tail` = `window` - `lead` behind; near both ends it holds fewer, and divides by as many as it holds.


@njit(cache=True, nogil=True)
def _window(size: Any) -> Any:
    """(lead, tail) for a side: two boxes make a tent over two of the 64 samples."""
    window = (size + 2 * SIDE - 1) // (2 * SIDE)
    return window // 2, window - window // 2


@njit(cache=True, nogil=True)
def _held(at: Any, size: Any, lead: Any, tail: Any) -> Any:
    """How many values the box holds at `at`."""
    return F(min(at + lead + 1, size) - max(0, at - tail + 1))


@njit(cache=True, nogil=True)
def _advance(sums: Any, columns: Any, size: Any, start: Any, stop: Any) -> Any:
    """Slide sixteen boxes from place `start` to `stop` - 1. `sums` and `columns` are addresses."""
    lead, tail = _window(size)
    if start == 0:
        for at in range(lead):
            add(sums, columns + _STEP * at)
    for at in range(start, min(stop, tail)):
        add(sums, columns + _STEP * (at + lead))
    first = max(start, tail)
    new, old = columns + _STEP * (first + lead), columns + _STEP * (first - tail)
    slide(sums, new, old, max(min(stop, size - lead) - first, 0))
    for at in range(max(start, size - lead), stop):
        drop(sums, columns + _STEP * (at - tail))


@njit(cache=True, nogil=True)
def _blur_lanes(rows: Any, size: Any, scratch: Any, blurred: Any) -> Any:
    """Blur sixteen rows, side by side, along themselves."""
    lead, tail = _window(size)
    scratch[:] = 0
    sums, columns, out = _address(scratch), _address(rows), _address(blurred)
    for at in range(tail):
        _advance(sums, columns, size, at, at + 1)
        mean(sums, _held(at, size, lead, tail), out + _STEP * at)
    new, between = columns + _STEP * (tail + lead), max(size - lead - tail, 0)
    slide_mean(sums, new, columns, between, F(lead + tail), out + _STEP * tail)
    for at in range(size - lead, size):
        _advance(sums, columns, size, at, at + 1)
        mean(sums, _held(at, size, lead, tail), out + _STEP * at)


@njit(cache=True, nogil=True)
def _sample_lanes(rows: Any, size: Any, scratch: Any, places: Any, out: Any) -> Any:
    """Blur sixteen rows along themselves, but divide and keep only `places`: float32[64, 16]."""
    lead, tail = _window(size)
    scratch[:] = 0
    sums, columns, means = _address(scratch), _address(rows), _address(out)
    at = 0
    for sample in range(SIDE):
        place = places[sample]
        _advance(sums, columns, size, at, place + 1)
        mean(sums, _held(place, size, lead, tail), means + _STEP * sample)
        at = place + 1


@njit(cache=True, nogil=True, error_model="numpy")
def _blur_columns(sums: Any, rows: Any, at: Any, height: Any, width: Any, out: Any) -> Any:
    """Slide the boxes of all columns down to row `at`; `rows` is a ring."""
    lead, tail = _window(height)
    ring = rows.shape[0]
    new, old = rows[(at + lead) % ring], rows[(at - tail) % ring]
    held = _held(at, height, lead, tail)
    if at == 0:
        for row in range(lead):
            for column in range(width):
                sums[column] += rows[row, column]
    if at < tail:
        for column in range(width):
            one = sums[column] + new[column]
            sums[column] = one
            out[column] = one / held
    elif at + lead < height:
        for column in range(width):
            one = (sums[column] + new[column]) - old[column]
            sums[column] = one
            out[column] = one / held
    else:
        for column in range(width):
            one = sums[column] - old[column]
            sums[column] = one
            out[column] = one / held


@njit(cache=True, nogil=True)
def _centres(size: Any) -> Any:
    places = np.empty(SIDE, np.int64)
    for sample in range(SIDE):
        places[sample] = np.int64(((sample + 0.5) * size) / SIDE)
    return places


@njit(cache=True, nogil=True)
def _narrow(lines: Any, channels: Any) -> Any:
    """float32[height, 64]: all but the last blur along columns."""
    height, width = lines.shape[0], lines.shape[1] // channels
    lead, tail = _window(height)
    places = _centres(width)
    padded = (width + LANES - 1) // LANES * LANES
    # Not a power of two: rows of one column would share the same few lines of the cache.
    stride = padded + 3 * LANES
    # The oldest row that a sum still drops is lead + tail behind the next block of rows.
    ring = _room((lead + tail + 2 * LANES - 1) // LANES * LANES, stride)
    rows, sums, scratch = _room(LANES, stride), _room(1, stride)[0], _room(1, LANES)[0]
    standing, blurred, samples = _room(padded, LANES), _room(padded, LANES), _room(SIDE, LANES)
    narrow = _room(height + LANES, SIDE)
    ready = 0
    for at in range(height):
        while ready < min(at + lead + 1, height):
            # Beyond the last row: whatever was there, which nobody reads.
            place = ready % len(ring)
            block = ring[place : place + LANES]
            for lane in range(min(LANES, height - ready)):
                _luma_row(lines[ready + lane], channels, width, block[lane])
            _stand(block, width, standing)
            _blur_lanes(standing, width, scratch, blurred)
            _lie(blurred, width, block)
            ready += LANES
        lane = at % LANES
        _blur_columns(sums, ring, at, height, width, rows[lane])
        if lane == LANES - 1 or at == height - 1:
            _stand(rows, width, standing)
            _sample_lanes(standing, width, scratch, places, samples)
            _lie(samples, SIDE, narrow[at - lane :])
    return narrow


@njit(cache=True, nogil=True)
def downscale(lines: Any, channels: Any, straight: Any) -> Any:
    """float32[64, 64] of a picture of uint8[height, width * channels], both sides at least 5.

    `straight` takes a picture of 64×64 as it is, unblurred.
    """
    height, width = lines.shape[0], lines.shape[1] // channels
    out = np.empty((SIDE, SIDE), np.float32)
    if straight and height == SIDE and width == SIDE:
        for row in range(SIDE):
            _luma_row(lines[row], channels, width, out[row])
        return out
    narrow = _narrow(lines, channels)
    places = _centres(height)
    sums, blurred = np.zeros(SIDE, np.float32), np.zeros(SIDE, np.float32)
    sample = 0
    for at in range(height):
        _blur_columns(sums, narrow, at, height, SIDE, blurred)
        while sample < SIDE and places[sample] == at:
            for column in range(SIDE):
                out[sample, column] = blurred[column]
            sample += 1
    return out
