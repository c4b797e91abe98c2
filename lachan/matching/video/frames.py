"""A video as the hashes of some of its pictures, in the text form that vPDQ exchanges.

Source: facebook/ThreatExchange, vpdq/README.md: one line a frame, `number,quality,hash,seconds`.
"""

from collections.abc import Iterable

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.matching.records import InvalidHash

WIDTH = 32
LEAST_QUALITY = 50
"""Frames below are left out on both sides: black, blurred or empty pictures are alike everywhere."""


class Frame(msgspec.Struct, frozen=True):
    """One sampled picture: its number, the second at which it is shown, its PDQ and quality (0 to 100)."""

    number: int
    second: float
    key: bytes
    quality: int


def frames_text(frames: Iterable[Frame]) -> str:
    return "".join(
        f"{frame.number},{frame.quality},{frame.key.hex()},{frame.second:.3f}\n" for frame in frames
    )


def frames_parse(text: str) -> list[Frame]:
    """Read what `frames_text` and vPDQ write.

    Raises:
        InvalidHash: a line is none; the message gives its number.
    """
    return [_parse(line, at) for at, line in enumerate(text.splitlines(), 1) if line.strip()]


def _parse(line: str, at: int) -> Frame:
    try:
        number, quality, digits, second = line.split(",")
        frame = Frame(int(number), float(second), bytes.fromhex(digits.strip()), int(quality))
    except ValueError:
        raise InvalidHash(f"line {at} is not `number,quality,hash,seconds`") from None
    if len(frame.key) != WIDTH or not 0 <= frame.quality <= 100:
        raise InvalidHash(f"line {at}: a hash has 64 digits, a quality is from 0 to 100")
    return frame


def frames_sound(frames: Iterable[Frame], least: int = LEAST_QUALITY) -> list[Frame]:
    """Frames of enough quality, each hash once: a still that stands for a minute counts as one picture."""
    kept: dict[bytes, Frame] = {}
    for frame in frames:
        if frame.quality >= least:
            kept.setdefault(frame.key, frame)
    return list(kept.values())


def frames_keys(frames: list[Frame]) -> npt.NDArray[np.uint8]:
    """uint8[n, 32]."""
    return np.frombuffer(b"".join(frame.key for frame in frames), np.uint8).reshape(-1, WIDTH)
