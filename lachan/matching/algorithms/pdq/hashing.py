"""PDQ: 256 bits that stay nearly the same while a picture is resized, recompressed or marked a little.

Bit for bit, and in its quality figure, what Meta's reference implementation gives (see `downscale` for
why that takes care). The 64×64 grey values go through a cosine transform; of its 16×16 lowest orders
(without order 0, the mean) those above their median give a one.
"""

import math
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.kernel.jit import njit
from lachan.matching.algorithms.pdq.downscale import SIDE, downscale
from lachan.matching.algorithms.pdq.transform import Coefficients, transforms
from lachan.matching.records import PictureRefused

Pixels = npt.NDArray[np.uint8]
WIDTH = 32
"""Bytes of a hash."""
RELIABLE = 50
"""The least quality at which Meta's guidance lets a hash be matched; flat pictures are below."""
_ORDERS = 16
_LEAST_SIDE = 5
F = np.float32


class PdqHash(msgspec.Struct, frozen=True):
    """A picture's hash.

    Attributes:
        key: 32 bytes, the highest order first, as the usual hexadecimal text has them.
        quality: 0 to 100, how much there is to see. A side of fewer than 5 pixels gives 0, and a hash of
            zeros.
    """

    key: bytes
    quality: int

    @property
    def text(self) -> str:
        """64 hexadecimal digits: what lists exchange."""
        return self.key.hex()

    @property
    def reliable(self) -> bool:
        """Whether it may be matched: below, pictures that have nothing in common share hashes."""
        return self.quality >= RELIABLE


def _cosines() -> npt.NDArray[np.float32]:
    """float32[16, 64], each the rounded product of a rounded factor and a cosine in 64 bit."""
    scale = float(F(math.sqrt(2 / SIDE)))
    return np.array(
        [
            [scale * math.cos((math.pi / 2 / SIDE) * order * (2 * at + 1)) for at in range(SIDE)]
            for order in range(1, _ORDERS + 1)
        ],
        np.float32,
    )


_COSINES = _cosines()
_COSINES_DOWN = np.ascontiguousarray(_COSINES.T)


@njit(cache=True, nogil=True)
def _transform(grey: Any) -> Any:
    """float32[16, 16]; each sum goes through its 64 products in order, many sums side by side."""
    half = np.zeros((_ORDERS, SIDE), np.float32)
    for order in range(_ORDERS):
        for row in range(SIDE):
            factor = _COSINES[order, row]
            for column in range(SIDE):
                half[order, column] += factor * grey[row, column]
    whole = np.zeros((_ORDERS, _ORDERS), np.float32)
    for order in range(_ORDERS):
        for column in range(SIDE):
            factor = half[order, column]
            for across in range(_ORDERS):
                whole[order, across] += factor * _COSINES_DOWN[column, across]
    return whole


@njit(cache=True, nogil=True, error_model="numpy")
def _steepness(one: Any, other: Any) -> Any:
    return abs(np.int64((one - other) * F(100) / F(255)))


@njit(cache=True, nogil=True)
def _quality(grey: Any) -> Any:
    """The sum of the steps between neighbours that are steep enough to count, on a scale to 100."""
    total = 0
    for row in range(SIDE):
        for column in range(SIDE):
            if row + 1 < SIDE:
                total += _steepness(grey[row, column], grey[row + 1, column])
            if column + 1 < SIDE:
                total += _steepness(grey[row, column], grey[row, column + 1])
    return min(total // 90, 100)


@njit(cache=True, nogil=True)
def _analyse(lines: Any, channels: Any, straight: Any) -> Any:
    grey = downscale(lines, channels, straight)
    return _transform(grey), _quality(grey)


def _bits(coefficients: Coefficients) -> bytes:
    """A one where a coefficient is above the lower median; the highest order first."""
    values = coefficients.reshape(-1)
    middle = len(values) // 2 - 1
    median = np.partition(values, middle)[middle]
    return np.packbits(values[::-1] > median).tobytes()


def pixels_check(pixels: npt.NDArray[Any]) -> Pixels:
    """The picture as the kernels take it: uint8[height, width, channels], read-only, in one piece.

    Raises:
        PictureRefused: `not-pixels`: not uint8 of height × width, alone or with 1, 3 or 4 channels, or
            empty.
    """
    if pixels.ndim == 2:
        pixels = pixels[:, :, np.newaxis]
    right = pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] in {1, 3, 4}
    if not right or pixels.size == 0:
        message = "a picture in memory is uint8 of height × width (× 1, 3 or 4 channels), not empty"
        raise PictureRefused("not-pixels", message)
    # Read-only, so that there is one type of array, and every kernel compiles once.
    view = np.ascontiguousarray(pixels).view()
    view.flags.writeable = False
    return view


def pdq_coefficients(
    pixels: npt.NDArray[Any], *, straight: bool = True
) -> tuple[Coefficients, int] | None:
    """(the 16×16 coefficients, quality); None where a side has fewer than 5 pixels.

    Args:
        pixels: uint8[height, width] grey, or [height, width, 3 or 4] RGB; a fourth channel (alpha) is
            passed over, as the reference does.
        straight: take 64×64 as it is, as a decoder of video would give it.

    Raises:
        PictureRefused: see `pixels_check`.
    """
    picture = pixels_check(pixels)
    if min(picture.shape[:2]) < _LEAST_SIDE:
        return None
    lines = picture.reshape(len(picture), -1)
    coefficients, quality = _analyse(lines, picture.shape[2], straight)
    return coefficients, int(quality)


def pdq_hash(pixels: npt.NDArray[Any]) -> PdqHash:
    """The hash of a picture in memory; equal to `pdqhash.compute`.

    Args and errors: see `pdq_coefficients`.
    """
    found = pdq_coefficients(pixels)
    if found is None:
        return PdqHash(bytes(WIDTH), 0)
    coefficients, quality = found
    return PdqHash(_bits(coefficients), quality)


def pdq_dihedral(pixels: npt.NDArray[Any], *, straight: bool = False) -> list[PdqHash]:
    """The hashes of the eight `Transform`s, in their order; equal to `pdqhash.compute_dihedral`.

    That one blurs 64×64 pictures too, so for them the first may differ from `pdq_hash` by a bit or two.
    With `straight` it never does.

    Args and errors: see `pdq_coefficients`.
    """
    found = pdq_coefficients(pixels, straight=straight)
    if found is None:
        return [PdqHash(bytes(WIDTH), 0)] * 8
    coefficients, quality = found
    return [PdqHash(_bits(one), quality) for one in transforms(coefficients)]


def warm() -> None:
    """Compile everything here into numba's cache on the disk."""
    pdq_hash(np.zeros((8, 8), np.uint8))
