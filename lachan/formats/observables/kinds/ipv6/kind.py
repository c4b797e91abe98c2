"""IPv6 addresses in the one spelling of RFC 5952."""

import ipaddress
import re

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidKey, InvalidObservable

_LOOKS = re.compile(r"\[?[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:[\d.]+)?\]?(?:/\d{1,3})?")
_FIRST = frozenset("[:0123456789abcdefABCDEF")
_SHORT = r"[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){1,7}"
# As in kinds/ipv4: with its length and anything behind it that goes on no path, a range, a star.
_NETWORK = re.compile(
    rf"\[?{_SHORT}(?:/\s?\d{{1,3}}\]?|\]/\s?\d{{1,3}})(?:[\s,;:|)\]}}>'\"…!–—#-].*|[?.]*)"
    rf"|{_SHORT}\s?[-–]\s?{_SHORT}|{_SHORT}\*",
    re.DOTALL,
)


class IPv6(Kind):
    name = "ipv6"
    order = 41
    code = 4
    misp = "ip ip-src ip-dst"

    def recognise(self, text: str) -> bool:
        return _LOOKS.fullmatch(text) is not None or is_network(text)

    def canonical(self, text: str) -> str:
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        if "/" in text or is_network(text):
            raise InvalidObservable("network-not-address")
        if "%" in text:
            raise InvalidObservable("scoped-address")
        try:
            address = ipaddress.IPv6Address(text)
        except ValueError:
            raise InvalidObservable("bad-host") from None
        if address.ipv4_mapped:  # section 5: a mapped address keeps its dotted part
            return f"::ffff:{address.ipv4_mapped}"
        return address.compressed

    def to_key(self, value: str) -> bytes:
        try:
            return ipaddress.IPv6Address(value).packed
        except ValueError:
            raise InvalidKey("not an IPv6 address") from None

    def from_key(self, key: bytes) -> str:
        return str(ipaddress.IPv6Address(key))

    def examples(self) -> list[Example]:
        return [
            Example("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            Example("[2001:db8::0001]", "2001:db8::1"),
            Example("::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
            Example("2001:db8::/32", reason="network-not-address"),
            Example("fe80::1%eth0", reason="scoped-address"),
            Example("2001:db8::1::2", reason="bad-host"),
        ]


def is_network(text: str) -> bool:
    """Whether it is a whole network, as a list or a message writes one."""
    return ":" in text and text[:1] in _FIRST and _NETWORK.fullmatch(text) is not None
