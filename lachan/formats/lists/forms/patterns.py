"""Match patterns of browsers and their extensions: `*://*.name/*` (MDN, "Match patterns"); uBlacklist's, too."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader, uncommented

_PATTERN = re.compile(
    r"(?:\*|https?\*?|wss?)://(?P<name>\*|(?:\*\.)?[^/*\s]+)(?P<path>/.*)?", re.IGNORECASE
)


class Patterns(Form):
    name = "patterns"
    order = 15
    kinds = frozenset({"domain"})

    def claims(self, line: str) -> bool:
        bare = line.removeprefix("@")
        return "*" in bare and _PATTERN.fullmatch(uncommented(bare)) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"*://*.{value}/*\n" if kind == "domain" else None

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\n*://*.Xau.Example/*\n*://xau2.example/* # hai\nhttps://*.xau3.example/*\n"
                "*://xau.example/a/*\n*://*/*\n@*://ok.example/*\n<all_urls>\nhttps://xau.example/a\n",
                (
                    *(("domain", f"xau{number}.example") for number in ("", 2, 3)),
                    ("url", "https://xau.example/a"),
                ),
                ("pattern-rule", "pattern-rule", "exception-rule", "pattern-rule"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        line = uncommented(line)
        if line.startswith("@"):
            yield Found(line, reason="exception-rule")
        elif "*" not in line and line.lower().startswith(("http://", "https://")):
            yield Found(line, "url")
        elif not (rule := _PATTERN.fullmatch(line)) or (rule["path"] or "/*") not in ("/*", "/"):
            yield Found(line, reason="pattern-rule")
        else:
            name = rule["name"].removeprefix("*.")
            yield Found(name, reason="pattern-rule" if name == "*" else "")
