"""Canonical values as bytes, and back; each kind says how.

A domain is stored in DNS wire form without the root label (RFC 1035, section 3.1), in lower case: the
packet path compares it with a question byte for byte. Digests and addresses are stored as raw bytes,
everything else as UTF-8.
"""

from lachan.formats.observables.parsing import kinds
from lachan.formats.observables.record import InvalidKey

# By code, which is how pages and files name them in order.
_KINDS = sorted(kinds().values(), key=lambda kind: kind.code)
KIND_CODES = {kind.name: kind.code for kind in _KINDS}
KINDS = {kind.code: kind.name for kind in _KINDS}
if len(KINDS) < len(_KINDS) or not all(0 < code < 256 for code in KINDS):
    raise TypeError(f"each kind has a code of its own, 1 to 255: {KIND_CODES}")
DOMAIN = KIND_CODES["domain"]
KEY_LIMIT = 8192
_ENCODERS = {kind.name: kind.to_key for kind in _KINDS}
_DECODERS = {kind.code: kind.from_key for kind in _KINDS}


def key_encode(kind: str, value: str) -> tuple[int, bytes]:
    """The kind's code and the value's bytes.

    Raises:
        InvalidKey: unknown kind, or the value is not one of that kind.
    """
    code = KIND_CODES.get(kind)
    if code is None:
        raise InvalidKey(f"unknown kind of indicator: {kind!r}")
    key = _ENCODERS[kind](value)
    if not 0 < len(key) <= KEY_LIMIT:
        raise InvalidKey(f"a value has 1 to {KEY_LIMIT} bytes")
    return code, key


def key_decode(code: int, key: bytes) -> str:
    return _DECODERS[code](key)
