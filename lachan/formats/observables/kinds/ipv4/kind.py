"""IPv4 addresses, in every spelling that a browser takes."""

import ipaddress
import re

import can_ada

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.names import dots_folded
from lachan.formats.observables.record import InvalidKey, InvalidObservable
from lachan.kernel.pasted import digits_folded

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_DOTTED = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)
_ODD = re.compile(r"(?:0[xX][0-9a-fA-F]*|\d+)(?:\.(?:0[xX][0-9a-fA-F]*|\d+)){0,3}\.?", re.ASCII)

_LENGTH = rf"(?:(?:255|0)(?:\.{_OCTET}){{3}}|3[0-2]|[12]?\d)"
_NETWORK = re.compile(
    rf"{_OCTET}(?:\.{_OCTET}){{0,3}}/{_LENGTH}"
    # With anything behind it that is no path going on: a note, the next column.
    rf"|{_OCTET}(?:\.{_OCTET}){{1,3}}/\s?{_LENGTH}(?:[\s,;:|)\]}}>'\"…!–—#-].*|[?.]+)"
    rf"|{_OCTET}(?:\.{_OCTET}){{3}}\s?[-–]\s?{_OCTET}(?:\.{_OCTET}){{0,3}}"
    rf"|{_OCTET}(?:\.(?:{_OCTET}|\*)){{0,2}}\.\*",
    re.ASCII | re.DOTALL,
)


class IPv4(Kind):
    name = "ipv4"
    order = 40
    code = 3
    misp = "ip ip-src ip-dst"

    def recognise(self, text: str) -> bool:
        text = dots_folded(digits_folded(text))
        return (text.count(".") == 3 and _ODD.fullmatch(text) is not None) or is_network(text)

    def canonical(self, text: str) -> str:
        """Dotted decimal. Hexadecimal, octal and short forms mean what WHATWG URL, section 3.5, says."""
        if _DOTTED.fullmatch(text):
            return text
        text = dots_folded(digits_folded(text))
        if "/" in text or is_network(text):
            raise InvalidObservable("network-not-address")
        if not _ODD.fullmatch(text):
            raise InvalidObservable("bad-characters")
        try:
            host: str = can_ada.parse(f"http://{text}/").hostname
        except ValueError:
            raise InvalidObservable("bad-host") from None
        return host

    def to_key(self, value: str) -> bytes:
        try:
            return ipaddress.IPv4Address(value).packed
        except ValueError:
            raise InvalidKey("not an IPv4 address") from None

    def from_key(self, key: bytes) -> str:
        return str(ipaddress.IPv4Address(key))

    def examples(self) -> list[Example]:
        return [
            Example("192.0.2.1", "192.0.2.1"),
            Example("192[.]0[.]2[.]1", "192.0.2.1"),
            Example("0xC0.0.2.1", "192.0.2.1"),
            Example("0300.0.2.1", "192.0.2.1"),
            Example("3221225985", "192.0.2.1"),
            Example("192.0.513", "192.0.2.1"),
            Example("１９２。0．2.1", "192.0.2.1"),
            Example("192.0.2.256", reason="bad-host"),
            Example("192.0.2.0/24", reason="network-not-address"),
            Example("192.0.2.0-192.0.2.255", reason="network-not-address"),
            Example("192.0.2.*", reason="network-not-address"),
            Example("192.0.2.x", reason="bad-characters"),
        ]


def is_network(text: str) -> bool:
    """Whether it is a whole network: with its length or mask (RFC 4632), a range, a star for an octet."""
    if not text[:1].isdigit():
        return False
    return _NETWORK.fullmatch(dots_folded(digits_folded(text))) is not None
