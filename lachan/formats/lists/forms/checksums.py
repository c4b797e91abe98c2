"""What md5sum, sha1sum, sha256sum and their like print: `digest  name`, `digest *name`, `SHA256 (name) = digest`.

Also OpenSSL's `SHA2-256(name)= digest` and PowerShell's table of Get-FileHash. Names of files stay behind.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader

_LENGTHS = frozenset({32, 40, 64})
_GNU = re.compile(
    r"\\?(?:(?:md5|sha1|sha256):)?(?P<digest>[0-9a-fA-F]{32,128})(?:[ \t]+\*?|\s*\|\s*)(?P<name>\S.*)"
)
_BSD = re.compile(
    r"\\?(?P<kind>[A-Za-z][A-Za-z0-9/-]*) ?\((?P<name>.*)\) ?= ?(?P<digest>[0-9a-fA-F]{32,128})"
)
_TABLE = re.compile(
    r"(?P<kind>MD5|SHA-?1|SHA-?256|SHA-?384|SHA-?512)\s+(?P<digest>[0-9a-fA-F]{32,128})(?:\s.*)?",
    re.IGNORECASE,
)


class Checksums(Form):
    name = "checksums"
    order = 16
    kinds = frozenset({"md5", "sha1", "sha256"})

    def claims(self, line: str) -> bool:
        return _digest(line) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"{kind.upper()} (-) = {value}\n" if kind in self.kinds else None

    def examples(self) -> list[Example]:
        md5, sha1, sha256 = "0F" * 16, "1e" * 20, "2d" * 32
        return [
            Example(
                f"{md5}  a.png\n{sha1} *hai tên.png\n\\{sha256}  a\\nb.png\nSHA256 (a (1).png) = {sha256}\n"
                f"SHA2-256(a.png)= {sha256}\nMD5 (a) = {md5}\n{'3c' * 64}  a.png\nHai dòng\n",
                (
                    *(("md5", md5.lower()), ("sha1", sha1), ("sha256", sha256)),
                    *(("sha256", sha256), ("sha256", sha256), ("md5", md5.lower())),
                ),
                ("unknown-kind", "other-form"),
            ),
            Example(
                f"SHA256          {sha256.upper()}       C:\\a.png\nMD5  {md5}  C:\\b.png\n",
                (("sha256", sha256), ("md5", md5.lower())),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if (digest := _digest(line)) is None:
            yield Found(line, reason="other-form")
        elif len(digest) in _LENGTHS:
            # By its length, unless whoever brings the list says that it is of another kind.
            yield Found(digest)
        else:
            yield Found(line, reason="unknown-kind")


def _digest(line: str) -> str | None:
    found = _GNU.fullmatch(line) or _BSD.fullmatch(line) or _TABLE.fullmatch(line)
    return found["digest"] if found else None
