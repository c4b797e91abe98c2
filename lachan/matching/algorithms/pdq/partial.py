"""What can still be decoded of a picture that was cut or damaged, and how much of it that is.

A missing end costs a viewer nothing, so it must not cost a match; and what a decoder fills in for what is missing
must not count as picture. Each such file is therefore decoded twice, with two different endings, or into memory
that was filled in two different ways: **what comes out alike both times stood in the file.** No decoder needs to
tell; most do not.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image

from lachan.matching.algorithms.pdq.jpeg import image_body, sharpness

Array = npt.NDArray[Any]
WHOLE = 0.98
"""Of this much, with the last lines drawn on, the hash is hardly ever further than 31 bits from the whole's."""
HARDLY = 0.05
"""Of less there is nothing to ask for."""
_JPEG, _END = b"\xff\xd8", b"\xff\xd9"
_TAIL = bytes((0x5A, 0xC3, 0x1D, 0x72, 0x8E, 0x21, 0xB4, 0x69)) * 1024
_BLOCK = 16
_PADDING = (b"\0", b"\xa5", b"\x5a", b"\x33\xc9\x71", b"\xff")
_UNIFORM = re.compile(rb"(?:\x00*|\xff*|\x20*)\Z")


class Partial(NamedTuple):
    """What was decoded.

    Attributes:
        pixels: with what is missing filled in from the nearest line.
        decoded: the share of the picture that stood in the file.
        damaged: whether there is a fault within it, so that some of it may be wrong.
        data: a file that opens and says the same of its orientation.
    """

    pixels: Array
    decoded: float
    damaged: bool
    data: bytes


class Decode(Protocol):
    """Decodes a file to uint8 pixels; with `fill`, into memory filled with it, and as far as it goes."""

    def __call__(self, data: bytes, fill: int | None = None) -> Array: ...


def decode_partly(data: bytes, decode: Decode, *, faulty: bool) -> Partial | None:
    """What can be decoded of a file; None where that is nothing.

    Args:
        data: the file.
        decode: the decoder; raises whatever it likes.
        faulty: a decoder says that there is a fault within, not only a missing end.
    """
    if data[:2] == _JPEG:
        return _jpeg(data, decode, faulty=faulty)
    if data[8:12] == b"WEBP":
        faulty = int.from_bytes(data[4:8], "little") + 8 <= len(data)
        found, data = _padded(data, decode), _webp_longer(data, _PADDING[0])
    else:
        found = _filled(data, decode)
    return None if found is None else Partial(*found, faulty, data)


def _jpeg(data: bytes, decode: Decode, *, faulty: bool) -> Partial | None:
    body, ended = image_body(data)
    whole = body + _END
    one = _tried(decode, whole)
    if one is None:
        return None
    alike = _alike(one, _tried(decode, body + _TAIL + _END))
    complete = _share(alike, one) == 1
    known = sharpness(whole, last=complete)
    if known:  # progressive: its first scan covers the picture, the later ones sharpen it
        alike[:] = one.shape[1]
    decoded = _share(alike, one) * (known or 1.0)
    # Without need of its last bytes, a decoder lost count. Some cameras pad, though.
    spare = not _UNIFORM.match(body[-8:]) and complete and ended
    if spare and not faulty:
        spare = _share(_alike(one, _tried(decode, body[:-8] + _END)), one) == 1
    return Partial(_drawn_down(one, alike), decoded, spare or (ended and not complete), whole)


def _padded(data: bytes, decode: Decode) -> tuple[Array, float] | None:
    """A WebP is decoded at once or not at all: what is missing is replaced by one thing and another."""
    found: list[Array] = []
    for padding in _PADDING:
        pixels = _tried(decode, _webp_longer(data, padding))
        if pixels is None or (found and found[0].shape != pixels.shape):
            continue
        found.append(pixels)
        alike = _alike(found[0], pixels)
        if len(found) > 1 and (decoded := _share(alike, pixels)) < 1:
            return _drawn_down(found[0], alike), decoded
    return (found[0], 1.0) if len(found) > 1 else None


def _webp_longer(data: bytes, padding: bytes) -> bytes:
    """The file with its last chunk as much longer again, and its sizes made right."""
    longer = bytearray(data + padding * (len(data) // len(padding) + 1024))
    longer = longer[: len(longer) & ~1]
    longer[4:8] = (len(longer) - 8).to_bytes(4, "little")
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size + (size & 1) >= len(data):
            longer[at + 4 : at + 8] = (len(longer) - at - 8).to_bytes(4, "little")
            break
        at += 8 + size + (size & 1)
    return bytes(longer)


def _filled(data: bytes, decode: Decode) -> tuple[Array, float] | None:
    one, other = _tried(decode, data, 0), _tried(decode, data, 255)
    if one is None or other is None:
        return None
    same = (one == other).all(axis=2)
    return _drawn_on(one, same.all(axis=1)), float(same.mean())


def _tried(decode: Decode, data: bytes, fill: int | None = None) -> Array | None:
    try:
        return decode(data, fill)
    except Exception:  # noqa: BLE001  decoders meet hostile bytes with errors of every class
        return None


def _alike(one: Array, other: Array | None) -> npt.NDArray[np.intp]:
    """int[height]: how many pixels of each line come before the first that differs, there or in a line above.
    Formats that are decoded block by block go from top to bottom, and from left to right.
    """
    height, width = one.shape[:2]
    if other is None or one.shape != other.shape:
        return np.zeros(height, np.intp)
    differs = (one != other).any(axis=2)
    first = np.where(differs.any(axis=1), differs.argmax(axis=1), width)
    alike = np.minimum.accumulate(first)
    # Another ending may end too: further down, both can be empty, and alike for that.
    alike[int(np.argmax(alike < width)) + _BLOCK if alike[-1] < width else height :] = 0
    return alike


def _share(alike: npt.NDArray[np.intp], pixels: Array) -> float:
    height, width = pixels.shape[:2]
    return int(alike.sum()) / int(height * width)


def _drawn_down(pixels: Array, alike: npt.NDArray[np.intp]) -> Array:
    """The picture with each missing pixel replaced by the last one above it."""
    height, width = pixels.shape[:2]
    if alike[-1] == width:
        return pixels
    last = np.searchsorted(-alike, -np.arange(width), side="left") - 1
    rows = np.minimum(np.arange(height)[:, np.newaxis], np.where(last < 0, height, last))
    return pixels[rows, np.arange(width)]


def _drawn_on(pixels: Array, lines: npt.NDArray[np.bool_]) -> Array:
    """The picture with each missing line replaced by the nearest above it, or below where there is none."""
    if lines.all() or not lines.any():
        return pixels
    at = np.where(lines, np.arange(len(lines)), -1)
    above = np.maximum.accumulate(at)
    first = int(np.argmax(lines))
    return pixels[np.where(above < 0, first, above)]


def pixels_so_far(image: Image.Image, fill: int, pixels: Callable[[Image.Image], Array]) -> Array:
    """Decode into filled memory, as far as it goes.

    Raises: whatever the decoder raises where there is nothing to decode.
    """
    image.im = Image.new(image.mode, image.size, fill).im
    # A GIF would clear its memory first.
    if hasattr(image, "_frame_transparency"):
        image._frame_transparency = None  # noqa: SLF001  there is no other way
    try:
        image.load()
    except (OSError, SyntaxError, EOFError, ValueError):
        setattr(image, "tile", [])  # noqa: B010  only files have tiles: what is there is there
    return pixels(image)
