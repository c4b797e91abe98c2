"""The eight ways to turn and mirror a picture, as they show in its hash.

A cosine of even order is symmetric about the middle, one of odd order is not: mirroring a picture changes
the sign of every second coefficient along that side, and transposing it transposes them. So one picture's
coefficients give the hashes of all eight, without hashing it eight times. (They differ by a few bits from
those of the turned picture itself, whose samples lie elsewhere between its pixels.)
"""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Coefficients: TypeAlias = npt.NDArray[np.float32]
"""float32[16, 16]: orders 1 to 16 of the cosines down and across."""


class Transform(IntEnum):
    """In the order in which the reference, `pdqhash.compute_dihedral`, gives them."""

    AS_IS = 0
    TURNED_LEFT = 1
    TURNED_ROUND = 2
    TURNED_RIGHT = 3
    UPSIDE_DOWN = 4
    MIRRORED = 5
    TRANSPOSED = 6
    TRANSPOSED_OTHERWISE = 7

    @property
    def text(self) -> str:
        """What reports call it; nothing for a picture as it is."""
        return _TEXTS[self]

    @property
    def inverse(self) -> "Transform":
        """What undoes it."""
        return _INVERSES.get(self, self)

    def apply(self, pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Do it to a picture: a view of its pixels, of whatever type."""
        return _ON_PIXELS[self](pixels)


# First mirrored, left to right, then rotated clockwise by so many degrees, as EXIF tools count.
_TEXTS = {
    Transform.AS_IS: "",
    Transform.TURNED_RIGHT: "rotated-90",
    Transform.TURNED_ROUND: "rotated-180",
    Transform.TURNED_LEFT: "rotated-270",
    Transform.MIRRORED: "mirrored",
    Transform.TRANSPOSED_OTHERWISE: "mirrored-rotated-90",
    Transform.UPSIDE_DOWN: "mirrored-rotated-180",
    Transform.TRANSPOSED: "mirrored-rotated-270",
}
# Whatever mirrors undoes itself.
_INVERSES = {
    Transform.TURNED_LEFT: Transform.TURNED_RIGHT,
    Transform.TURNED_RIGHT: Transform.TURNED_LEFT,
}
_ON_PIXELS: dict[Transform, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {
    Transform.AS_IS: lambda pixels: pixels,
    Transform.TURNED_LEFT: np.rot90,
    Transform.TURNED_ROUND: lambda pixels: pixels[::-1, ::-1],
    Transform.TURNED_RIGHT: lambda pixels: np.rot90(pixels, 3),
    Transform.UPSIDE_DOWN: lambda pixels: pixels[::-1],
    Transform.MIRRORED: lambda pixels: pixels[:, ::-1],
    Transform.TRANSPOSED: lambda pixels: pixels.swapaxes(0, 1),
    Transform.TRANSPOSED_OTHERWISE: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
}
# Row and column 0 hold order 1, which is odd.
_SIGN = np.where(np.arange(16) % 2 == 0, -1, 1).astype(np.float32)
_DOWN, _ACROSS = _SIGN[:, np.newaxis], _SIGN[np.newaxis, :]


def transforms(coefficients: Coefficients) -> npt.NDArray[np.float32]:
    """float32[8, 16, 16]: a picture's coefficients and those of its turned and mirrored selves."""
    down, across = coefficients * _DOWN, coefficients * _ACROSS
    both = down * _ACROSS
    return np.stack([coefficients, across.T, both, down.T, down, across, coefficients.T, both.T])
