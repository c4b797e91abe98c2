"""One value a line: domains, addresses, numbers, fingerprints; `#` and `;` open comments."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader

_TRAILING_COMMENT = re.compile(r"\s+[#;].*")


class Plain(Form):
    name = "plain"
    order = 90
    comments = ("#", ";", "!")

    def recognise(self, lines: list[str]) -> bool:
        return bool(lines)

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"{value}\n"

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\n\nXau.Example\n192.0.2.1  # máy chủ\n*.xau.test\nhai tu\n",
                (("domain", "xau.example"), ("ipv4", "192.0.2.1"), ("domain", "xau.test")),
                ("unrecognised",),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if "#" in line or ";" in line:
            line = _TRAILING_COMMENT.sub("", line)
        # A wildcard or a leading dot says what a domain entry means here anyway: the name and all below.
        yield Found(line.removeprefix("*.") if line.startswith("*.") else line.removeprefix("."))
