"""What people and machines are reached at: telephone numbers, accounts, e-mail and IP addresses.

Numbers and IP addresses are packed as they are; accounts and e-mail addresses, of any length, are hashed.
"""

import ipaddress

from lachan.formats.observables.lookups import parents
from lachan.matching.algorithms.exact import NAMED_WIDTH, Exact, named_key

_PLUS, _END = 0xA, 0xF


class Phone(Exact):
    """E.164 with its plus sign, or a country's own short number, in half a byte a sign.

    The longest numbers that `phonenumbers` takes have 20 digits: more than E.164's fifteen exist.
    """

    name = "phone"
    kinds = ("phone",)
    width = 12

    def parse(self, text: str) -> bytes:
        signs = [_PLUS if sign == "+" else int(sign) for sign in self.observable(text).value]
        signs += [_END] * (2 * self.width - len(signs))
        return bytes(high << 4 | low for high, low in zip(signs[::2], signs[1::2], strict=True))

    def text(self, key: bytes) -> str:
        return key.hex().rstrip("f").replace("a", "+")

    def examples(self) -> list[str]:
        return ["0912 345 678", "+84 24 3733 0000", "+44 20 7946 0123", "111"]


class Account(Exact):
    name = "account"
    kinds = ("account",)
    width = NAMED_WIDTH
    reversible = False

    def parse(self, text: str) -> bytes:
        return named_key(self.name, self.canonical(text))

    def queries(self, text: str) -> list[bytes]:
        return [named_key(self.name, name) for name in self._names(text)]

    def confirms(self, asked: str, value: str) -> bool:
        return value in self._names(asked)

    def _names(self, text: str) -> list[str]:
        """Its canonical form, then what it was called before."""
        found = self.observable(text)
        return [value for kind, value in parents(found) if kind == self.name]

    def examples(self) -> list[str]:
        return ["tiktok:@Nguoi.La", "https://t.me/nguoi_la", "zalo.me/0912345678"]


class Email(Account):
    name = "email"
    kinds = ("email",)

    def elsewhere(self, text: str) -> list[tuple[str, str]]:
        """Its domain: `address` knows the names above."""
        return [place for place in parents(self.observable(text)) if place[0] == "domain"][:1]

    def examples(self) -> list[str]:
        return ["Nguoi.La@Xau.Example", "mailto:la@xau.example", "la@ví-dụ.vn"]


class IPv4(Exact):
    name = "ipv4"
    kinds = ("ipv4",)
    width = 4

    def parse(self, text: str) -> bytes:
        return ipaddress.IPv4Address(self.observable(text).value).packed

    def text(self, key: bytes) -> str:
        return str(ipaddress.IPv4Address(key))

    def examples(self) -> list[str]:
        return ["192.0.2.1", "0xC6.51.100.7", "203[.]0[.]113[.]255"]


class IPv6(Exact):
    name = "ipv6"
    kinds = ("ipv6",)
    width = 16

    def parse(self, text: str) -> bytes:
        return ipaddress.IPv6Address(self.observable(text).value).packed

    def text(self, key: bytes) -> str:
        # By the exchange's own spelling: a mapped address keeps its dotted part.
        return self.observable(str(ipaddress.IPv6Address(key))).value

    def examples(self) -> list[str]:
        return ["2001:DB8:0:0:1:0:0:1", "[2001:db8::2]", "::ffff:192.0.2.1"]
