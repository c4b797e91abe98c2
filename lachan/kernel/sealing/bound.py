"""Words bound to their place: what is sealed says inside what it is, whose, and where it belongs.

A sealed text alone says nothing of where it was put: two reports' words could change places, or a note move to
another case. So the place stands inside the seal, and is compared when it is opened:

    0xFF "LW1" · length of the place (2, big-endian) · place as MessagePack, in order · words

Texts that were sealed before there were places begin otherwise (no UTF-8 text begins with 0xFF) and open as
before, marked as unbound.
"""

import msgspec

from lachan.kernel.sealing.errors import SealBroken

_MARK = b"\xffLW1"
_LENGTH = 2
_encode = msgspec.msgpack.encode

Place = tuple[object, ...]
"""Kind, and whatever identifies one place of that kind: text, bytes, numbers, UUIDs."""


def bind(words: bytes, *place: object) -> bytes:
    """`words` with their place before them, to be sealed."""
    head = _encode(place)
    return _MARK + len(head).to_bytes(_LENGTH, "big") + head + words


def unbind(opened: bytes, *place: object) -> tuple[bytes, bool]:
    """The words of an opened seal, and whether they say that they belong here; False where they say nothing.

    Raises:
        SealBroken: they belong somewhere else.
    """
    if not opened.startswith(_MARK):
        return opened, False
    start = len(_MARK) + _LENGTH
    end = start + int.from_bytes(opened[len(_MARK) : start], "big")
    if opened[start:end] != _encode(place):
        raise SealBroken("these words belong to another place")
    return opened[end:], True
