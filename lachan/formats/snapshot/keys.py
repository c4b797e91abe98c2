"""Canonical values as bytes, and back; each kind says how.

A domain is stored in DNS wire form without the root label (RFC 1035, section 3.1), in lower case: the
packet path compares it with a question byte for byte. Digests and addresses are stored as raw bytes,
everything else as UTF-8.
"""

from functools import cache

from lachan.formats.observables.kind import Kind
from lachan.formats.observables.kinds.domain.kind import Domain
from lachan.formats.observables.parsing import kinds
from lachan.formats.observables.record import InvalidKey

KEY_LIMIT = 8192
DOMAIN = Domain.code
# All that a DNS edge asks for: it starts, and answers, without a search for the others.
_DOMAIN = Domain()


@cache
def kinds_by_code() -> dict[int, Kind]:
    """Every kind, in the order of their codes, which is how pages name them.

    Raises:
        TypeError: two share a code, or one is not 1 to 255.
    """
    found = sorted(kinds().values(), key=lambda kind: kind.code)
    by_code = {kind.code: kind for kind in found}
    if len(by_code) < len(found) or not all(0 < code < 256 for code in by_code):
        raise TypeError(f"each kind has a code of its own, 1 to 255: {by_code}")
    return by_code


@cache
def _by_name() -> dict[str, Kind]:
    return {kind.name: kind for kind in kinds_by_code().values()}


def key_encode(kind: str, value: str) -> tuple[int, bytes]:
    """The kind's code and the value's bytes.

    Raises:
        InvalidKey: unknown kind, or the value is not one of that kind.
    """
    named = _by_name().get(kind)
    if named is None:
        raise InvalidKey(f"unknown kind of indicator: {kind!r}")
    key = named.to_key(value)
    if not 0 < len(key) <= KEY_LIMIT:
        raise InvalidKey(f"a value has 1 to {KEY_LIMIT} bytes")
    return named.code, key


def key_decode(code: int, key: bytes) -> str:
    return kind_of(code).from_key(key)


def kind_of(code: int) -> Kind:
    return _DOMAIN if code == DOMAIN else kinds_by_code()[code]
