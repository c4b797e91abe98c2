"""PDQ as its description has it, slowly: whole pictures of 32-bit floats, one step after the other."""

import math

import numpy as np

F = np.float32


def luma(pixels):
    picture = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    if picture.shape[2] == 1:
        picture = np.repeat(picture, 3, axis=2)
    weighed = picture[:, :, 0] * 0.299 + picture[:, :, 1] * 0.587 + picture[:, :, 2] * 0.114
    return weighed.astype(F)


def blur_down(values, window):
    """A box along the first axis: a running sum, one row after the other."""
    size = len(values)
    half = (window + 2) // 2
    out = np.empty_like(values)
    total = np.zeros(values.shape[1], F)
    right = left = held = 0
    for _ in range(half - 1):
        total = total + values[right]
        right, held = right + 1, held + 1
    for at in range(size):
        if right < size:
            total = total + values[right]
            right, held = right + 1, held + 1
        if held > window or at > size - half:
            total = total - values[left]
            left, held = left + 1, held - 1
        out[at] = total / F(held)
    return out


def blur(values):
    height, width = values.shape
    for _ in range(2):
        values = blur_down(values.T, -(-width // 128)).T
        values = blur_down(values, -(-height // 128))
    return values


def shrink(values, straight):
    height, width = values.shape
    if straight and (height, width) == (64, 64):
        return values
    rows = [int((k + 0.5) * height / 64) for k in range(64)]
    columns = [int((k + 0.5) * width / 64) for k in range(64)]
    return blur(values)[rows][:, columns]


def quality(grey):
    steps = 0
    for one, other in ((grey[:-1], grey[1:]), (grey[:, :-1], grey[:, 1:])):
        steps += int(np.abs(np.trunc((one - other) * F(100) / F(255))).sum(dtype=np.float64))
    return min(steps // 90, 100)


def transform(grey):
    scale = float(F(math.sqrt(2 / 64)))
    matrix = np.array(
        [
            [scale * math.cos(math.pi / 2 / 64 * i * (2 * j + 1)) for j in range(64)]
            for i in range(1, 17)
        ],
        F,
    )
    half, whole = np.zeros((16, 64), F), np.zeros((16, 16), F)
    for k in range(64):
        half = half + matrix[:, k, None] * grey[None, k, :]
    for k in range(64):
        whole = whole + half[:, k, None] * matrix[None, :, k]
    return whole


def text(coefficients):
    values = coefficients.ravel().tolist()
    median = sorted(values)[127]
    number = sum(1 << place for place, value in enumerate(values) if value > median)
    return f"{number:064x}"


def analyse(pixels, *, straight=True):
    grey = shrink(luma(pixels), straight)
    return transform(grey), quality(grey)


def pdq(pixels):
    """(64 hexadecimal digits, quality)."""
    if min(pixels.shape[:2]) < 5:
        return "0" * 64, 0
    coefficients, quality = analyse(pixels)
    return text(coefficients), quality


def turned(c, name):
    """The coefficients as the description's tables of signs have them."""
    out = np.empty_like(c)
    for i in range(16):
        for j in range(16):
            odd_row, odd_column = i % 2 == 0, j % 2 == 0
            minus, across = {
                "as_is": (False, False),
                "turned_left": (odd_column, True),
                "turned_round": (odd_row != odd_column, False),
                "turned_right": (odd_row, True),
                "upside_down": (odd_row, False),
                "mirrored": (odd_column, False),
                "transposed": (False, True),
                "transposed_otherwise": (odd_row != odd_column, True),
            }[name]
            out[(j, i) if across else (i, j)] = -c[i, j] if minus else c[i, j]
    return out
