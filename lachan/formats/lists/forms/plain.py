"""One value a line: domains, addresses, numbers, fingerprints; `#`, `;` and `//` open comments.

A value's kind may stand before it (`pdq:…`, `url:…`): what we write has it where nothing else would tell.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader, uncommented, wide_name
from lachan.formats.observables.names import is_plain_name
from lachan.formats.observables.parsing import kinds, parse
from lachan.formats.observables.record import InvalidObservable

# What people leave around values that they copied out of programs, tables and notes.
_BULLET = re.compile(r"(?:[-*•]|\d{1,6}[.)])\s+(?=\S)")
_AROUND = "\"'`<>,;"
# Most of what ever comes: nothing stands around it, at a fifth of the cost.
_ALONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")


class Plain(Form):
    name = "plain"
    order = 90
    comments = ("#", ";", "!")

    def claims(self, line: str) -> bool:
        # Only what cannot be a title among the lines of another form.
        return is_plain_name(_bare(line)) or line.partition(":")[0] in kinds()

    def recognise(self, lines: list[str]) -> bool:
        return bool(lines)

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str:
        return f"{value}\n" if _is_plain(kind, value) else f"{kind}:{value}\n"

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\n\nXau.Example\n192.0.2.1  # máy chủ\n*.xau.test\nhai tu\n",
                (("domain", "xau.example"), ("ipv4", "192.0.2.1"), ("domain", "xau.test")),
                ("unrecognised",),
            ),
            Example(
                f"'xau.example',\n- xau2.example // hai\npdq:{'5a' * 32}\nurl:https://t.me/nguoi_la\ndomain:vn\n",
                (
                    ("domain", "xau.example"),
                    ("domain", "xau2.example"),
                    ("pdq", "5a" * 32),
                    ("url", "https://t.me/nguoi_la"),
                    ("domain", "vn"),
                ),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if _ALONE.fullmatch(line):
            yield Found(line)
            return
        line = _bare(line)
        kind, colon, value = line.partition(":")
        if colon and kind in kinds():
            yield Found(value, kind)
        else:
            yield Found(line)


def _bare(line: str) -> str:
    line = uncommented(line)
    if line[0] in _AROUND or line[-1] in _AROUND:
        line = line.strip(_AROUND) or line
    if line[0] in "-*•0123456789" and (bullet := _BULLET.match(line)):
        line = line[bullet.end() :].strip(_AROUND) or line
    return wide_name(line)


def _is_plain(kind: str, value: str) -> bool:
    """Whether a guess reads a value as what it is, and no other form takes it for a pattern."""
    if is_plain_name(value):
        return kind == "domain"
    if "*" in value:
        return False
    try:
        found = parse(_bare(value))
    except InvalidObservable:
        return False
    return (found.kind, found.value) == (kind, value)
