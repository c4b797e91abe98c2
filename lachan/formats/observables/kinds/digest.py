"""What fingerprints of files and pictures share: so many hexadecimal digits, lower case."""

import binascii
import re
from typing import ClassVar

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidKey, InvalidObservable

_HEX = re.compile(r"[0-9a-f]+")


class Digest(Kind):
    length: ClassVar[int]

    def recognise(self, text: str) -> bool:
        if text[: len(self.name) + 1].lower() == f"{self.name}:":
            return True
        return len(text) == self.length and _HEX.fullmatch(text.lower()) is not None

    def canonical(self, text: str) -> str:
        digest = text.lower().removeprefix(f"{self.name}:").strip()
        if not _HEX.fullmatch(digest):
            raise InvalidObservable("bad-characters")
        if len(digest) != self.length:
            raise InvalidObservable("bad-length")
        return digest

    def to_key(self, value: str) -> bytes:
        try:
            raw = binascii.unhexlify(value)
        except (binascii.Error, ValueError):
            raise InvalidKey("not hexadecimal") from None
        if len(raw) != self.length // 2:
            raise InvalidKey(f"has {len(raw)} bytes, not {self.length // 2}")
        return raw

    def from_key(self, key: bytes) -> str:
        return key.hex()

    def examples(self) -> list[Example]:
        digest = "0123456789abcdef" * (self.length // 16) + "01234567"[: self.length % 16]
        return [
            Example(digest.upper(), digest),
            Example(f"{self.name}:{digest}", digest),
            Example(digest[1:], reason="bad-length"),
            Example(f"g{digest[1:]}", reason="bad-characters"),
        ]
