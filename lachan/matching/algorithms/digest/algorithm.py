"""Digests of files: the same bytes or not. MD5 (RFC 1321), SHA-1 (RFC 3174), SHA-256 (FIPS 180-4).

MD5 and SHA-1 are broken: two files can be made to share one. Lists still come in them, so they are
answered; whoever may choose trusts SHA-256.
"""

import hashlib

from lachan.matching.algorithms.algorithm import plain_digits
from lachan.matching.algorithms.exact import Exact

_WORDS = ("", "lá chắn", "shield", "bouclier")


class _Digest(Exact):
    def parse(self, text: str) -> bytes:
        if (key := plain_digits(text, self.width)) is not None:
            return key
        return bytes.fromhex(self.observable(text).value)

    def text(self, key: bytes) -> str:
        return key.hex()

    def examples(self) -> list[str]:
        """Of a few harmless words."""
        return [
            hashlib.new(self.name, word.encode(), usedforsecurity=False).hexdigest()
            for word in _WORDS
        ]


class Md5(_Digest):
    name = "md5"
    kinds = ("md5",)
    width = 16


class Sha1(_Digest):
    name = "sha1"
    kinds = ("sha1",)
    width = 20


class Sha256(_Digest):
    name = "sha256"
    kinds = ("sha256",)
    width = 32
