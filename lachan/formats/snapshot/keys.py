"""Canonical values as bytes, and back.

A domain is stored in DNS wire form without the root label (RFC 1035, section 3.1), in lower case: the
packet path compares it with a question byte for byte. Digests and addresses are stored as raw bytes,
everything else as UTF-8.
"""

import binascii
import ipaddress
from collections.abc import Callable

import idna

from lachan.formats.snapshot.records import InvalidKey, Kind

KIND_CODES: dict[Kind, int] = {
    "domain": 1,
    "url": 2,
    "ipv4": 3,
    "ipv6": 4,
    "email": 5,
    "phone": 6,
    "account": 7,
    "md5": 8,
    "sha1": 9,
    "sha256": 10,
    "pdq": 11,
}
KINDS: dict[int, Kind] = {code: kind for kind, code in KIND_CODES.items()}
DOMAIN = KIND_CODES["domain"]
KEY_LIMIT = 8192


def domain_to_wire(name: str) -> bytes:
    """Wire form without root of `name` (trailing dot, capitals and U-labels are understood).

    Raises:
        InvalidKey: empty, or a label or the name too long (RFC 1035, section 2.3.4).
    """
    text = name.removesuffix(".")
    if not text.isascii():
        try:
            text = idna.encode(text, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise InvalidKey("not a domain name") from None
    labels = text.lower().encode("ascii").split(b".")
    if any(not 0 < len(label) < 64 for label in labels):
        raise InvalidKey("a label of a domain name has 1 to 63 bytes")
    wire = b"".join(bytes((len(label),)) + label for label in labels)
    if len(wire) > 254:
        raise InvalidKey("a domain name has at most 253 characters")
    return wire


def wire_to_domain(wire: bytes) -> str:
    labels = []
    at = 0
    while at < len(wire):
        labels.append(wire[at + 1 : at + 1 + wire[at]])
        at += 1 + wire[at]
    return b".".join(labels).decode("latin-1")


def _hexadecimal(size: int) -> Callable[[str], bytes]:
    def to_bytes(value: str) -> bytes:
        try:
            raw = binascii.unhexlify(value)
        except (binascii.Error, ValueError):
            raise InvalidKey("not hexadecimal") from None
        if len(raw) != size:
            raise InvalidKey(f"has {len(raw)} bytes, not {size}")
        return raw

    return to_bytes


def _ipv4(value: str) -> bytes:
    try:
        return ipaddress.IPv4Address(value).packed
    except ValueError:
        raise InvalidKey("not an IPv4 address") from None


def _ipv6(value: str) -> bytes:
    try:
        return ipaddress.IPv6Address(value).packed
    except ValueError:
        raise InvalidKey("not an IPv6 address") from None


def _text(value: str) -> bytes:
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidKey("not valid text") from None


_ENCODERS: dict[Kind, Callable[[str], bytes]] = {
    "domain": domain_to_wire,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "md5": _hexadecimal(16),
    "sha1": _hexadecimal(20),
    "sha256": _hexadecimal(32),
    "pdq": _hexadecimal(32),
}
_DECODERS: dict[Kind, Callable[[bytes], str]] = {
    "domain": wire_to_domain,
    "ipv4": lambda raw: str(ipaddress.IPv4Address(raw)),
    "ipv6": lambda raw: str(ipaddress.IPv6Address(raw)),
    "md5": bytes.hex,
    "sha1": bytes.hex,
    "sha256": bytes.hex,
    "pdq": bytes.hex,
}


def key_encode(kind: Kind, value: str) -> tuple[int, bytes]:
    """The kind's code and the value's bytes.

    Raises:
        InvalidKey: unknown kind, or the value is not one of that kind.
    """
    code = KIND_CODES.get(kind)
    if code is None:
        raise InvalidKey(f"unknown kind of indicator: {kind!r}")
    key = _ENCODERS.get(kind, _text)(value)
    if not 0 < len(key) <= KEY_LIMIT:
        raise InvalidKey(f"a value has 1 to {KEY_LIMIT} bytes")
    return code, key


def key_decode(code: int, key: bytes) -> str:
    decode = _DECODERS.get(KINDS[code])
    return decode(key) if decode else key.decode("utf-8")
