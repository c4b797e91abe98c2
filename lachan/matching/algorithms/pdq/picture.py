"""A picture file, as it comes from anywhere, to its hash. Nothing is written, kept or sent anywhere.

**What is hashed** is what the reference pipeline (python-threatexchange: Pillow to RGB) hashes: the first
frame, the pixels as they are stored, the colours without their profile, transparency passed over. So the
orientation that a phone notes in the EXIF data is not applied: lists that others made could not be matched
otherwise. `PictureHash.upright` is the hash of the picture as people see it, for those who turned it.
Palettes and CMYK, whose numbers that pipeline takes for colours unless told otherwise, become RGB; of 16
bits, the upper 8 count, also for grey, where Pillow alone would turn nearly all to white.

**Threat:** files are made to exhaust memory or time, or to reach a flaw in a seldom used decoder. A few
formats only; size, pixels and scans are limited before anything is decoded, and time while it is; of
animations, only the first frame is looked at. What is damaged is refused: a hash of half a picture would
be a wrong answer.
"""

import contextlib
import io
import os
import time
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from lachan.matching.algorithms.pdq.hashing import (
    PdqHash,
    Pixels,
    pdq_dihedral,
    pdq_hash,
    pixels_check,
)
from lachan.matching.algorithms.pdq.jpeg import scan_count
from lachan.matching.algorithms.pdq.transform import Transform
from lachan.matching.records import PictureRefused

try:
    import simplejpeg
except (
    ImportError
):  # without the extra `jpeg`: the same library's pixels by way of Pillow, more slowly
    simplejpeg = None

Source: TypeAlias = (
    bytes | bytearray | memoryview | str | os.PathLike[str] | BinaryIO | npt.NDArray[Any]
)
"""A file's bytes, its path, an open stream of them, or pixels (see `pixels_check`)."""

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
_JPEG = b"\xff\xd8"
_COLOURS = {"Gray": "GRAY", "YCbCr": "RGB", "RGB": "RGB"}
_AS_IS = {"L", "RGB", "RGBA", "RGBX"}
_TURNS_INTO = {
    "1": "L", "LA": "L", "P": "RGBA", "PA": "RGBA", "La": "RGBA", "RGBa": "RGBA",
    "CMYK": "RGB", "YCbCr": "RGB",
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


class Picture(msgspec.Struct, frozen=True):
    """A decoded picture, as `pdq_hash` takes it.

    Attributes:
        stored: the pixels as the file holds them.
        upright: as people see them: turned where the EXIF data ask for it, otherwise the same array.
        turn: what makes the one of the other.
    """

    stored: Pixels
    upright: Pixels
    turn: Transform = Transform.AS_IS


class PictureHash(msgspec.Struct, frozen=True):
    """A picture's hashes.

    Attributes:
        stored: of the pixels as the file holds them: what others hash.
        upright: of the picture as people see it; the same where the EXIF data ask for no turn.
        before: where asked for: what may have been done to the picture that people see, and the hash that
            it had before. Six or seven; nothing done is `upright`, and the EXIF data's own turn `stored`.
    """

    stored: PdqHash
    upright: PdqHash
    before: dict[Transform, PdqHash] = {}


def picture_hash(source: Source, *, limits: Limits = LIMITS, turned: bool = False) -> PictureHash:
    """Hash a picture.

    Args:
        source: the picture.
        limits: what it may cost.
        turned: fill `before` too, so that the picture is found where somebody turned or mirrored it. Costs
            next to nothing here, and each of its hashes a look-up.

    Raises:
        PictureRefused: it is none, is damaged, or costs more than `limits` allow; `reason` is one of
            `not-a-picture`, `damaged`, `truncated`, `not-pixels`, `depth`, `too-large`, `too-many-pixels`,
            `too-many-scans`, `too-slow`.
        OSError: the file or stream cannot be read.
    """
    picture = picture_read(source, limits=limits)
    before = {}
    if turned:
        selves = pdq_dihedral(picture.upright, straight=True)
        upright = selves[Transform.AS_IS]
        asked_anyway = {Transform.AS_IS, picture.turn}
        before = {done: selves[done.inverse] for done in Transform if done not in asked_anyway}
    else:
        upright = pdq_hash(picture.upright)
    same = picture.upright is picture.stored
    return PictureHash(upright if same else pdq_hash(picture.stored), upright, before)


def picture_dihedral(source: Source, *, limits: Limits = LIMITS) -> list[PdqHash]:
    """The hashes of the eight `Transform`s of a picture, in their order: finds it turned or mirrored.

    Raises: see `picture_hash`.
    """
    return pdq_dihedral(picture_read(source, limits=limits).stored)


def picture_read(source: Source, *, limits: Limits = LIMITS) -> Picture:
    """Decode a picture.

    Raises: see `picture_hash`.
    """
    if isinstance(source, np.ndarray):
        pixels = pixels_check(source)
        return Picture(pixels, pixels)
    return _decode(_bytes_of(source, limits), limits)


def _bytes_of(source: Any, limits: Limits) -> bytes:
    """The file, read no further than the limit."""
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            data = file.read(limits.size + 1)
    elif isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    else:
        data = _drain(source, limits.size + 1)
    if len(data) > limits.size:
        raise PictureRefused("too-large", f"the file is larger than {limits.size:,} bytes")
    return data


def _drain(stream: BinaryIO, most: int) -> bytes:
    """Sockets and pipes give less than they are asked for."""
    parts = []
    while most > 0 and (part := stream.read(most)):
        parts.append(part)
        most -= len(part)
    return b"".join(parts)


class _Clocked(io.BytesIO):
    """A file that can be read until its time is over."""

    def __init__(self, data: bytes, seconds: float) -> None:
        super().__init__(data)
        self._end = time.monotonic() + seconds

    def read(self, size: int | None = -1, /) -> bytes:
        if time.monotonic() > self._end:
            raise PictureRefused("too-slow", "the picture takes too long to decode")
        return super().read(size)


def _decode(data: bytes, limits: Limits) -> Picture:
    if data[:2] == _JPEG and scan_count(data, limits.scans) > limits.scans:
        raise PictureRefused("too-many-scans", "the JPEG has more scans than any camera makes")
    try:
        stored = _jpeg(data, limits)
        if stored is not None and b"Exif" not in data and b"Orientation" not in data:
            return Picture(stored, stored)
        with Image.open(_Clocked(data, limits.seconds), formats=FORMATS) as image:
            if stored is None:
                _size_check(image.width * image.height, limits)
                stored = pixels_check(_pixels(image))
            # Only now: of a TIFF, Pillow has applied it, and says so.
            turn = _TURNS.get(_orientation(image), Transform.AS_IS)
            upright = stored if turn is Transform.AS_IS else pixels_check(turn.apply(stored))
            return Picture(stored, upright, turn)
    except PictureRefused:
        raise
    except Exception as error:  # noqa: BLE001  decoders meet hostile bytes with errors of every class
        raise _refusal(error, limits) from None


def _jpeg(data: bytes, limits: Limits) -> Pixels | None:
    """The pixels of a JPEG by the quick decoder.

    None where there is no such, or it does not take the file: it is strict. Then Pillow decodes, or says
    what is wrong.
    """
    if simplejpeg is None or data[:2] != _JPEG:
        return None
    with contextlib.suppress(ValueError):
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        _size_check(width * height, limits)
        if colours in _COLOURS:
            return pixels_check(simplejpeg.decode_jpeg(data, _COLOURS[colours]))
    return None


def _size_check(pixels: int, limits: Limits) -> None:
    if pixels > limits.pixels:
        raise _too_many_pixels(limits)


def _refusal(error: Exception, limits: Limits) -> PictureRefused:
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
    """Decoded, as grey or RGB of 8 bits."""
    image.load()
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
