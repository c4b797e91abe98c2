"""IPv6 addresses in the one spelling of RFC 5952."""

import ipaddress
import re

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidObservable

_LOOKS = re.compile(r"\[?[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?:[\d.]+)?\]?(?:/\d{1,3})?")


class IPv6(Kind):
    name = "ipv6"
    order = 41

    def recognise(self, text: str) -> bool:
        return _LOOKS.fullmatch(text) is not None

    def canonical(self, text: str) -> str:
        if text.startswith("[") and text.endswith("]"):
            text = text[1:-1]
        if "/" in text:
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

    def examples(self) -> list[Example]:
        return [
            Example("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            Example("[2001:db8::0001]", "2001:db8::1"),
            Example("::FFFF:192.0.2.1", "::ffff:192.0.2.1"),
            Example("2001:db8::/32", reason="network-not-address"),
            Example("fe80::1%eth0", reason="scoped-address"),
            Example("2001:db8::1::2", reason="bad-host"),
        ]
