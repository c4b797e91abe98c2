"""PDQ hashes with the bits of structured pictures, by the million, without a picture.

Small grey pictures of what collections hold (frames and letter-box bands, half-and-half, gradients, symmetric
figures, lines of text) give the 16 × 16 lowest frequencies, as PDQ takes them. Each is then filled with other
natural content, so that hardly any two hashes are near one another: what is measured is the skew of the bits, not
how long it takes to give out near-duplicates. Compared with evenly spread bits, those of one row or column
are alike.
"""

import numpy as np

SIDE = 32
_PICTURES = 200_000
# Of the natural content's own strength. Buckets are then 1.11 times as full as evenly spread bits would make
# them, and 1.32 times with rows as chunks: about what collections of real pictures show (1.10 and 1.48).
_FILLING = 0.42


def picture_codes(count, rng):
    """uint64[count, 4]."""
    thousands = min(_PICTURES, count + 999) // 1000
    frames = np.concatenate([_frequencies(_draw(1000, rng)) for _ in range(thousands)])
    fall = _FILLING * _natural_fall()
    out = np.empty((count, 4), np.uint64)
    for start in range(0, count, len(frames)):
        part = frames[: count - start]
        filled = part + fall * rng.standard_normal(part.shape, np.float32)
        median = np.partition(filled, 128, axis=1)[:, 128:129]
        bits = (filled >= median).reshape(-1, 16, 16)
        # Rows from the last to the first, columns from the last to the first: the hexadecimal text's order.
        packed = np.packbits(bits[:, ::-1, ::-1].reshape(-1, 256), axis=1)
        out[start : start + len(part)] = packed.view(np.uint64)
        frames = frames[rng.permutation(len(frames))]
    return out


def _natural_fall():
    """How strong each frequency is in natural content: measured, of pictures that hold nothing else."""
    return _frequencies(_natural(2000, np.random.default_rng(4))).std(axis=0)


def _frequencies(pictures):
    rows = (2 * np.arange(SIDE) + 1) * np.pi / (2 * SIDE)
    cosines = np.cos(np.arange(1, 17)[:, None] * rows).astype(np.float32)
    return (cosines @ pictures @ cosines.T).reshape(len(pictures), 256)


def _draw(count, rng):
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE - 0.5
    pictures = _natural(count, rng)

    def some(low, high):
        return rng.uniform(low, high, (count, 1, 1)).astype(np.float32)

    def mix(share, mask, value):
        chosen = rng.random((count, 1, 1)) < share
        np.copyto(pictures, np.broadcast_to(value, pictures.shape), where=mask & chosen)

    mix(0.3, (x**2 + (y - some(-0.1, 0.1)) ** 2) < some(0.02, 0.12), some(-2, 2))
    mix(0.25, np.abs(x) < some(0.05, 0.3), some(-2, 2))
    mix(0.15, y > some(-0.2, 0.2), some(-2, 2))
    lines = np.sin(some(40, 90) * y) > 0
    mix(0.15, lines & (np.abs(x) < some(0.2, 0.45)), some(-2, 2))
    mix(0.25, np.abs(y) > some(0.3, 0.48), some(-2, 2))
    mix(0.1, np.abs(x) > some(0.3, 0.48), some(-2, 2))
    return pictures + some(-1, 1) * x + some(-1, 1) * y


def _natural(count, rng):
    """Noise that falls off with its frequency, as natural pictures do."""
    across, down = np.fft.rfftfreq(SIDE), np.fft.fftfreq(SIDE)[:, None]
    fall = np.maximum(np.hypot(across, down), 1 / SIDE) ** -1.3
    phases = np.exp(2j * np.pi * rng.random((count, SIDE, SIDE // 2 + 1)))
    pictures = np.fft.irfft2(phases * fall, s=(SIDE, SIDE)).astype(np.float32)
    return pictures / pictures.std(axis=(1, 2), keepdims=True)
