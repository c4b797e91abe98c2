"""A picture file, as it comes from anywhere, to its hash. Nothing is written, kept or sent anywhere.

**What is hashed** is what the reference pipeline (python-threatexchange: Pillow to RGB) hashes: the first
frame, the pixels as they are stored, the colours without their profile. So the orientation that a phone notes
in the EXIF data is not applied: lists that others made could not be matched otherwise. `PictureHash.upright` is
the hash of the picture as people see it, for those who turned it. Palettes and CMYK, whose numbers that pipeline
takes for colours unless told otherwise, become RGB; of 16 bits, the upper 8 count, also for grey, where Pillow
alone would turn nearly all to white. What is transparent is hashed as people see it, on white or on black (see
`ground`); the other ground, and the colours alone as that pipeline takes them, have hashes of their own.

**Threat:** files are made to exhaust memory or time, or to reach a flaw in a seldom used decoder. A few
formats only; size, pixels and scans are limited before anything is decoded, and time while it is; of
animations, only the first frame is looked at. A missing end would be an easy way out of matching, so what is
left is hashed, and `whole` says whether that may stand for the picture (see `partial`).
"""

import os
import time
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.matching.algorithms.pdq.ground import BLACK, WHITE, is_transparent, on_ground
from lachan.matching.algorithms.pdq.hashing import (
    PdqHash,
    Pixels,
    pdq_dihedral,
    pdq_hash,
    pixels_check,
)
from lachan.matching.algorithms.pdq.jpeg import is_progressive, scan_count, sharpness
from lachan.matching.algorithms.pdq.partial import HARDLY, WHOLE, decode_partly
from lachan.matching.algorithms.pdq.pillow import (
    LIMITS,
    Limits,
    pillow_fill,
    pillow_read,
    pillow_turn,
    refusal,
    size_check,
)
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

_JPEG = b"\xff\xd8"
_SAME = 8
"""Bits within which two hashes find the same pictures, by far."""
_COLOURS = {"Gray": "GRAY", "YCbCr": "RGB", "RGB": "RGB"}


class Picture(msgspec.Struct, frozen=True):
    """A decoded picture, as `pdq_hash` takes it.

    Attributes:
        stored: the pixels as the file holds them; what is transparent, on the ground on which more is seen.
        upright: as people see them: turned where the EXIF data ask for it, otherwise the same array.
        turn: what makes the one of the other.
        ground: of a transparent picture, the stored pixels on the other ground.
        colours: of a transparent picture, the stored pixels without their transparency.
        decoded: the share of the picture that could be decoded, 0 to 1.
        damaged: whether there is a fault within, so that some of it may be wrong.
    """

    stored: Pixels
    upright: Pixels
    turn: Transform = Transform.AS_IS
    ground: Pixels | None = None
    colours: Pixels | None = None
    decoded: float = 1.0
    damaged: bool = False

    @property
    def whole(self) -> bool:
        """Whether its hash may stand for the picture."""
        return self.decoded >= WHOLE and not self.damaged


class PictureHash(msgspec.Struct, frozen=True):
    """A picture's hashes.

    Attributes:
        stored: of the pixels as the file holds them: what others hash.
        upright: of the picture as people see it; the same where the EXIF data ask for no turn.
        before: where asked for: what may have been done to the picture that people see, and the hash that
            it had before. Six or seven; nothing done is `upright`, and the EXIF data's own turn `stored`.
        ground: of a transparent picture that looks otherwise on the other ground, its hash there.
        colours: of a transparent picture, the hash by which others list it who pass transparency over. Good
            for asking alone: whoever made the picture chose colours that nobody sees.
        decoded: the share of the picture that could be decoded, 0 to 1.
        damaged: whether there is a fault within, so that some of it may be wrong.
    """

    stored: PdqHash
    upright: PdqHash
    before: dict[Transform, PdqHash] = {}
    ground: PdqHash | None = None
    colours: PdqHash | None = None
    decoded: float = 1.0
    damaged: bool = False


class PicturePartial(PictureRefused):
    """Too much is missing or wrong for a hash that could stand for the picture.

    Attributes:
        found: the hashes of what there is, good for asking whether something like it is listed.
    """

    def __init__(self, found: PictureHash) -> None:
        if found.decoded < WHOLE:
            share = int(100 * found.decoded)
            super().__init__("truncated", f"only partly: {share} % of the picture can be decoded")
        else:
            super().__init__("damaged", "only partly: the picture is damaged within")
        self.found = found


def picture_hash(source: Source, *, limits: Limits = LIMITS, turned: bool = False) -> PictureHash:
    """Hash a picture.

    Args:
        source: the picture.
        limits: what it may cost.
        turned: fill `before` too, so that the picture is found where somebody turned or mirrored it. Costs
            next to nothing here, and each of its hashes a look-up.

    Raises:
        PicturePartial: only a part of it can be decoded, or it is damaged within.
        PictureRefused: it is none, nothing of it can be decoded, or it costs more than `limits` allow;
            `reason` is one of
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
    stored = upright if same else pdq_hash(picture.stored)
    ground, colours = (_otherwise(one, stored) for one in (picture.ground, picture.colours))
    found = PictureHash(stored, upright, before, ground, colours, picture.decoded, picture.damaged)
    if not picture.whole:
        raise PicturePartial(found)
    return found


def _otherwise(pixels: Pixels | None, stored: PdqHash) -> PdqHash | None:
    """The hash of what says more than `stored` does."""
    if pixels is None or not (found := pdq_hash(pixels)).reliable:
        return None
    apart = int.from_bytes(found.key, "big") ^ int.from_bytes(stored.key, "big")
    return found if not stored.reliable or apart.bit_count() > _SAME else None


def picture_dihedral(source: Source, *, limits: Limits = LIMITS) -> list[PdqHash]:
    """The hashes of the eight `Transform`s of a picture, in their order: finds it turned or mirrored.

    Raises: see `picture_hash`.
    """
    picture = picture_read(source, limits=limits)
    if not picture.whole:
        raise PictureRefused("truncated", "only partly: some of the picture is missing or damaged")
    return pdq_dihedral(picture.stored)


def picture_read(source: Source, *, limits: Limits = LIMITS) -> Picture:
    """Decode a picture, or as much of it as there is.

    Raises: see `picture_hash`, but for `PicturePartial`.
    """
    if isinstance(source, np.ndarray):
        return _seen(pixels_check(source))
    return _decode(_bytes_of(source, limits), limits)


def _seen(
    pixels: Pixels,
    turn: Transform = Transform.AS_IS,
    decoded: float = 1.0,
    *,
    damaged: bool = False,
) -> Picture:
    """The picture as people see it, from pixels as they are stored."""
    ground = colours = None
    if is_transparent(pixels):
        white, black = (pixels_check(on_ground(pixels, ground)) for ground in (WHITE, BLACK))
        colours = pixels_check(pixels[:, :, :3])
        on_white = pdq_hash(white)
        shown = on_white.reliable or on_white.quality >= pdq_hash(black).quality
        pixels, ground = (white, black) if shown else (black, white)
    upright = pixels if turn is Transform.AS_IS else pixels_check(turn.apply(pixels))
    return Picture(pixels, upright, turn, ground, colours, decoded, damaged)


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


def _decode(data: bytes, limits: Limits) -> Picture:
    jpeg = data[:2] == _JPEG
    if jpeg and scan_count(data, limits.scans) > limits.scans:
        raise PictureRefused("too-many-scans", "the JPEG has more scans than any camera makes")
    try:
        stored, sound = _jpeg(data, limits) if jpeg else (None, True)
        if stored is None:
            return _decode_slowly(data, limits, sound=sound)
        decoded = sharpness(data) if is_progressive(data) else None
        turn = Transform.AS_IS
        if b"Exif" in data or b"Orientation" in data:
            turn = pillow_turn(data, limits)
        return _seen(stored, turn, 1.0 if decoded is None else decoded)
    except PictureRefused:
        raise
    except Exception as error:  # noqa: BLE001  decoders meet hostile bytes with errors of every class
        raise refusal(error, limits) from None


def _decode_slowly(data: bytes, limits: Limits, *, sound: bool) -> Picture:
    """By Pillow; what it refuses, or would fill in without a word, as far as it can be decoded.

    Args:
        sound: no other decoder found a fault.

    Raises: whatever Pillow raises where nothing can be decoded.
    """
    end = time.monotonic() + limits.seconds

    def decode(data: bytes, fill: int | None = None) -> Pixels:
        left = msgspec.structs.replace(limits, seconds=end - time.monotonic())
        return pillow_read(data, left)[0] if fill is None else pillow_fill(data, left, fill)

    refused: Exception | None = None
    try:
        stored, turn = pillow_read(data, limits)
        if sound and not (data[:2] == _JPEG and _may_be_cut(data, stored)):
            return _seen(stored, turn)
    except PictureRefused:
        raise
    except Exception as error:  # noqa: BLE001  see `_decode`
        refused = error
    cut = isinstance(refused, OSError) and "truncated" in str(refused)
    faulty = not sound if data[:2] == _JPEG else not cut
    found = decode_partly(data, decode, faulty=faulty)
    if found is None or found.decoded < HARDLY:
        raise refused or PictureRefused("truncated", "the picture's end is missing")
    turn = pillow_turn(found.data, limits)
    return _seen(pixels_check(found.pixels), turn, found.decoded, damaged=found.damaged)


def _may_be_cut(data: bytes, pixels: Pixels) -> bool:
    """Whether a JPEG may end too early: what is missing comes out grey, of inks dark grey."""
    corner = pixels[-1, -1].astype(int)
    return is_progressive(data) or any((abs(corner - grey) <= 2).all() for grey in (128, 64))


def _jpeg(data: bytes, limits: Limits) -> tuple[Pixels | None, bool]:
    """(the pixels of a JPEG by the quick decoder, whether it found no fault).

    None where there is no such decoder, or it does not take the file: it is strict. Then Pillow decodes, or
    says what is wrong.
    """
    if simplejpeg is None:
        return None, True
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(data)
        size_check(width * height, limits)
        if colours in _COLOURS:
            return pixels_check(simplejpeg.decode_jpeg(data, _COLOURS[colours])), True
    except ValueError:
        return None, False
    return None, True
