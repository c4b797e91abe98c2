"""Match patterns of browsers and their extensions: `*://*.name/*` (MDN, "Match patterns"); uBlacklist's, too."""

import re
from collections.abc import Iterator

from lachan.formats.lists.form import (
    Example,
    Found,
    Lets,
    LineReader,
    NameForm,
    several,
    uncommented,
)

_PATTERN = re.compile(
    r"(?:(?:\*|https?\*?|wss?)://|(?=\*\.[^/]+/\*$))(?P<name>\*|(?:\*\.)?[^/*\s]+)(?P<path>/.*)?",
    re.IGNORECASE,
)


class Patterns(NameForm):
    name = "patterns"
    order = 15
    sections = True
    written = "*://*.{0}/*\n"

    def claims(self, line: str) -> bool:
        bare = line.removeprefix("@")
        return "*" in bare and _PATTERN.fullmatch(uncommented(bare)) is not None

    def reader(self) -> LineReader:
        return _Reader()

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
            rule = _PATTERN.fullmatch(line[1:])
            lets = None
            if rule and rule["name"] != "*":
                whole = (rule["path"] or "/") in ("/*", "/")
                name = rule["name"].removeprefix("*.")
                lets = Lets(name, below=True) if whole else Lets(f"{name}{rule['path']}", "url")
            yield Found(line, reason="exception-rule", lets=lets)
        elif "*" not in line and line.lower().startswith(("http://", "https://")):
            yield from (Found(each, "url") for each in several(line))
        elif not (rule := _PATTERN.fullmatch(line)) or (rule["path"] or "/*") not in ("/*", "/"):
            yield Found(line, reason="pattern-rule")
        else:
            name = rule["name"].removeprefix("*.")
            yield Found(name, reason="pattern-rule" if name == "*" else "")
