"""Web addresses and domain names, with everything above them that may be listed in their stead.

What covers an address is what `formats/observables/lookups.py` says, the same for the exchange, the DNS
edge and here: itself, its path's prefixes that end in a slash, on its host and the names above, then those
names themselves. Scheme, credentials and fragment play no part.
"""

from lachan.formats.observables.defang import refang
from lachan.formats.observables.lookups import match_key, parents
from lachan.formats.observables.parsing import kinds
from lachan.formats.observables.record import Observable
from lachan.matching.algorithms.exact import NAMED_WIDTH, Exact, named_key


class Address(Exact):
    name = "address"
    kinds = ("url", "domain")
    width = NAMED_WIDTH
    reversible = False

    def parse(self, text: str) -> bytes:
        return named_key(*_place(self._read(text)))

    def canonical(self, text: str) -> str:
        return self._read(text).value

    def queries(self, text: str) -> list[bytes]:
        return [named_key(*place) for place in self._covering(text)]

    def confirms(self, asked: str, value: str) -> bool:
        return _place(self._read(value)) in self._covering(asked)

    def elsewhere(self, text: str) -> list[tuple[str, str]]:
        """The address of a host that has no name."""
        return [place for place in parents(self._read(text)) if place[0] not in self.kinds]

    def examples(self) -> list[str]:
        return [
            "xau.example",
            "https://xau.example/",
            "http://xau.example/duong/dan?trang=1",
            "http://ví-dụ.vn:8080/",
            "hxxps://a[.]b[.]xau[.]example/tep%7e",
            "http://[2001:db8::1]/a",
        ]

    def _read(self, text: str) -> Observable:
        # Told apart by how it looks, as the exchange does; but a profile's address is an address here.
        web = kinds()["url"].recognise(refang(text.strip()))
        return self.observable(text, "url" if web else "domain")

    def _covering(self, text: str) -> list[tuple[str, str]]:
        return [place for place in parents(self._read(text)) if place[0] in self.kinds]


def _place(found: Observable) -> tuple[str, str]:
    return found.kind, match_key(found.kind, found.value)
