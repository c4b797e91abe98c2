"""Transparent pictures, as people see them: on a ground. Pages, messengers and viewers put white or black.

The colours of what is transparent are nobody's to see, and whoever hides a picture from matching can choose
them freely; what is drawn by transparency alone has no colours at all. Only the other pictures of a list, made by
programs that pass transparency over, are hashed from the colours alone.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

WHITE, BLACK = 255, 0


def is_transparent(pixels: npt.NDArray[Any]) -> bool:
    """Whether anything of uint8[height, width, channels] lets its ground through."""
    return pixels.ndim == 3 and pixels.shape[2] == 4 and int(pixels[:, :, 3].min()) < 255


def on_ground(pixels: npt.NDArray[Any], ground: int) -> npt.NDArray[np.uint8]:
    """uint8[height, width, 3] of RGBA on a ground of grey, rounded to the nearest."""
    seen = np.empty((*pixels.shape[:2], 3), np.uint8)
    # A stripe at a time: the sums need twice the bytes.
    for first in range(0, len(pixels), 256):
        part = pixels[first : first + 256].astype(np.uint16)
        alpha = part[:, :, 3:]
        seen[first : first + 256] = (part[:, :, :3] * alpha + ground * (255 - alpha) + 127) // 255
    return seen
