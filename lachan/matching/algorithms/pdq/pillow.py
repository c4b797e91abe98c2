"""Pictures of every kind by Pillow, within limits; what goes wrong, in our words."""

import contextlib
import io
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lachan.matching.algorithms.pdq.hashing import Pixels, pixels_check
from lachan.matching.algorithms.pdq.partial import pixels_so_far
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.records import PictureRefused

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF")
_ORIENTATION = 0x0112
# EXIF's number (TIFF 6.0, tag 274) → what makes the stored picture upright.
_TURNS = {
    2: Transform.MIRRORED,
    3: Transform.TURNED_ROUND,
    4: Transform.UPSIDE_DOWN,
    5: Transform.TRANSPOSED,
    6: Transform.TURNED_RIGHT,
    7: Transform.TRANSPOSED_OTHERWISE,
    8: Transform.TURNED_LEFT,
}
_AS_IS = {"L", "RGB", "RGBA"}
_TURNS_INTO = {
    "1": "L", "LA": "RGBA", "P": "RGBA", "PA": "RGBA", "La": "RGBA", "RGBa": "RGBA",
    "RGBX": "RGB", "CMYK": "RGB", "YCbCr": "RGB",
}  # fmt: skip


class Limits(msgspec.Struct, frozen=True):
    """What a picture may cost.

    Attributes:
        size: bytes of the file.
        pixels: width × height; Pillow's own limit, beyond which it warns. Four bytes of memory each, twice.
        scans: passes of a progressive JPEG, each of which costs as much as a whole picture; cameras and
            programs write about ten.
        seconds: looked at whenever the decoder asks for more of the file.
    """

    size: int = 64 * 1024 * 1024
    pixels: int = 89_478_485
    scans: int = 100
    seconds: float = 20.0


LIMITS = Limits()


class _Clocked(io.BytesIO):
    """A file that can be read until its time is over."""

    def __init__(self, data: bytes, seconds: float) -> None:
        super().__init__(data)
        self._end = time.monotonic() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._end:
            raise PictureRefused("too-slow", "the picture takes too long to decode")
        return super().read(size)


@contextlib.contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator[Image.Image]:
    with Image.open(_Clocked(data, limits.seconds), formats=FORMATS) as image:
        yield image


def pillow_read(data: bytes, limits: Limits) -> tuple[Pixels, Transform]:
    """(grey, RGB or RGBA of 8 bits as stored, what makes it upright).

    Raises: whatever Pillow raises; see `refusal`.
    """
    with _opened(data, limits) as image:
        size_check(image.width * image.height, limits)
        pixels = pixels_check(_pixels(image))
        # Only now: of a TIFF, Pillow has applied it, and says so.
        return pixels, _TURNS.get(_orientation(image), Transform.AS_IS)


def pillow_fill(data: bytes, limits: Limits, fill: int) -> Pixels:
    """The pixels as far as they can be decoded, into memory filled with something.

    Raises: see `pillow_read`.
    """
    with _opened(data, limits) as image:
        size_check(image.width * image.height, limits)
        return pixels_check(pixels_so_far(image, fill, _pixels))


def pillow_turn(data: bytes, limits: Limits) -> Transform:
    """What makes the stored picture upright, by its EXIF data; of a file that need not be whole."""
    with _opened(data, limits) as image:
        return _TURNS.get(_orientation(image), Transform.AS_IS)


def size_check(pixels: int, limits: Limits) -> None:
    """Raises: PictureRefused: more pixels than allowed."""
    if pixels > limits.pixels:
        raise _too_many_pixels(limits)


def refusal(error: Exception, limits: Limits) -> PictureRefused:
    """In our words: a decoder's own may quote the file."""
    match error:
        case Image.DecompressionBombError() | Image.DecompressionBombWarning():
            return _too_many_pixels(limits)
        case UnidentifiedImageError():
            return PictureRefused(
                "not-a-picture", f"no picture of a kind that is read here: {', '.join(FORMATS)}"
            )
        case MemoryError():
            return PictureRefused("too-large", "there is not enough memory for the picture")
        case OSError() if "truncated" in str(error):
            return PictureRefused("truncated", "the picture's end is missing")
    return PictureRefused("damaged", "the picture is damaged and cannot be decoded")


def _too_many_pixels(limits: Limits) -> PictureRefused:
    return PictureRefused("too-many-pixels", f"the picture has more than {limits.pixels:,} pixels")


def _pixels(image: Image.Image) -> npt.NDArray[Any]:
    """Decoded, as grey, RGB or RGBA of 8 bits."""
    image.load()
    if image.mode in {"L", "RGB"} and "transparency" in image.info:
        return np.asarray(image.convert("RGBA"))  # one colour of a PNG stands for transparent
    if image.mode in _AS_IS:
        return np.asarray(image)
    if image.mode in _TURNS_INTO:
        return np.asarray(image.convert(_TURNS_INTO[image.mode]))
    if image.mode.startswith("I;16"):
        return (np.asarray(image) >> 8).astype(np.uint8)
    # 32 bit and floats: nothing says which value is white.
    raise PictureRefused("depth", f"pictures of the kind {image.mode} have no certain colours")


def _orientation(image: Image.Image) -> int:
    # EXIF data are somebody's bytes too; where they cannot be read, the picture is upright.
    with contextlib.suppress(Exception):
        return int(image.getexif().get(_ORIENTATION, 1))
    return 1
