"""The eight ways to turn and mirror a picture, as they show in its hash.

A cosine of even order is symmetric about the middle, one of odd order is not: mirroring a picture changes
the sign of every second coefficient along that side, and transposing it transposes them. So one picture's
coefficients give the hashes of all eight, without hashing it eight times. (They differ by a few bits from
those of the turned picture itself, whose samples lie elsewhere between its pixels.)
"""

from enum import IntEnum
from typing import TypeAlias

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


# Row and column 0 hold order 1, which is odd.
_SIGN = np.where(np.arange(16) % 2 == 0, -1, 1).astype(np.float32)
_DOWN, _ACROSS = _SIGN[:, np.newaxis], _SIGN[np.newaxis, :]


def transforms(coefficients: Coefficients) -> npt.NDArray[np.float32]:
    """float32[8, 16, 16]: a picture's coefficients and those of its turned and mirrored selves."""
    down, across = coefficients * _DOWN, coefficients * _ACROSS
    both = down * _ACROSS
    return np.stack([coefficients, across.T, both, down.T, down, across, coefficients.T, both.T])
