"""Benign pictures, drawn from a number: the same on every machine and with every version of numpy."""

import numpy as np

_M = np.uint32(0x9E3779B1)


def _noise(number, size):
    """uint32[size], from integer arithmetic alone."""
    x = np.arange(size, dtype=np.uint32) * _M + np.uint32(number * 2654435761 % 2**32)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 0x27D4EB2F)):
        x ^= x >> np.uint32(shift)
        x *= np.uint32(factor)
    return x ^ (x >> np.uint32(15))


def draw(number, width, height, channels=3):
    """uint8[height, width, channels]: a gradient, a few boxes and discs, and a little grain."""
    dice = iter(_noise(number, 400).tolist())

    def roll(most):
        return next(dice) % max(most, 1)

    y, x = np.arange(height)[:, None, None], np.arange(width)[None, :, None]
    ends = [np.array([roll(256) for _ in range(channels)]) for _ in range(3)]
    picture = (ends[0] + ends[1] * x // width + ends[2] * y // height) // 3
    for _ in range(3 + roll(9)):
        colour = np.array([roll(256) for _ in range(channels)])
        left, top = roll(width), roll(height)
        wide, high = 1 + roll(width), 1 + roll(height)
        if roll(2):
            inside = (x >= left) & (x < left + wide) & (y >= top) & (y < top + high)
        else:
            inside = ((x - left) * high) ** 2 + ((y - top) * wide) ** 2 < (wide * high // 2) ** 2
        picture = np.where(inside, (3 * colour + picture) // 4, picture)
    grain = _noise(number + 1, picture.size).reshape(picture.shape) % (1 + roll(24))
    return np.minimum(picture + grain, 255).astype(np.uint8)
