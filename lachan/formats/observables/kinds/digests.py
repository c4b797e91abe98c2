"""Fingerprints of files (MD5, SHA-1, SHA-256) and of pictures (PDQ), in lower-case hexadecimal."""

import re
from typing import ClassVar

from lachan.formats.observables.kind import Example, Kind
from lachan.formats.observables.record import InvalidObservable

_HEX = re.compile(r"[0-9a-f]+")


class _Digest(Kind):
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

    def examples(self) -> list[Example]:
        digest = "0123456789abcdef" * (self.length // 16) + "01234567"[: self.length % 16]
        return [
            Example(digest.upper(), digest),
            Example(f"{self.name}:{digest}", digest),
            Example(digest[1:], reason="bad-length"),
            Example(f"g{digest[1:]}", reason="bad-characters"),
        ]


class Md5(_Digest):
    name = "md5"
    order = 10
    length = 32


class Sha1(_Digest):
    name = "sha1"
    order = 11
    length = 40


class Sha256(_Digest):
    name = "sha256"
    order = 13
    length = 64


class Pdq(_Digest):
    """Perceptual fingerprint of a picture, 256 bits (Meta's PDQ paper, 2019).

    Nothing tells its 64 digits from a SHA-256: it is guessed only where `pdq:` stands before it.
    """

    name = "pdq"
    order = 12
    length = 64

    def recognise(self, text: str) -> bool:
        return text[:4].lower() == "pdq:"
