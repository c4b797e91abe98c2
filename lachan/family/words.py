"""A household's words: sealed to those who may read them, each bound to its place, opened by one's own key."""

import re
import unicodedata
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from lachan.formats.observables.names import to_unicode
from lachan.kernel.sealing.bound import bind, unbind
from lachan.kernel.sealing.envelope import seal, unseal
from lachan.kernel.sealing.errors import SealBroken

W = TypeVar("W", bound=msgspec.Struct)

# Marks that have the letters after them run the other way, over whatever stands beside them.
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")


def words_clean(text: str) -> str:
    """What a person or a thing is called, as it was typed but for marks that would turn what stands beside it; empty where
    nothing of it can be seen.
    """
    text = _TURNS.sub("", text).strip()
    return text if any(unicodedata.category(one)[0] in "LNPS" for one in text) else ""


def words_seal(words: msgspec.Struct, *place: object, to: Iterable[str]) -> bytes:
    """Sealed to each of these public keys; an empty one is of a device whose pages nobody opened."""
    return seal(bind(msgspec.json.encode(words), *place), to=[one for one in to if one])


def words_open(sealed: bytes, kind: type[W], *place: object, key: str) -> W | None:
    """None where this key opens nothing, or they are another place's."""
    try:
        words, is_bound = unbind(unseal(bytes(sealed), key=key), *place)
        return msgspec.json.decode(words, type=kind) if is_bound else None
    except (SealBroken, msgspec.DecodeError):
        return None


def name_shown(name: str) -> str:
    """A name as people read it; one in other letters with its plain form too, for letters can look like others."""
    words = to_unicode(name)
    return name if words == name else f"{words} ({name})"
