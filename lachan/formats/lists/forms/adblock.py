"""Rules of ad blockers that name a whole domain: `||name^`. Other rules are quarantined, each with why."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader

_DOMAIN = re.compile(r"\|\|(?P<name>[^/^$*|]+)\^?(?:\$(?P<options>.*))?")
# Options that leave the rule as wide as it was.
_WIDE_OPTIONS = frozenset({"important", "all", "document", "doc", "popup"})


class Adblock(Form):
    name = "adblock"
    order = 20
    comments = ("!", "[Adblock", "[adblock", "# ")
    kinds = frozenset({"domain"})

    def recognise(self, lines: list[str]) -> bool:
        return sum(line.startswith(("||", "@@")) for line in lines) * 2 > len(lines)

    def reader(self) -> LineReader:
        return _Reader()

    def head(self, notes: Mapping[str, str]) -> str:
        return "[Adblock Plus]\n" + "".join(f"! {key}: {value}\n" for key, value in notes.items())

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f"||{value}^\n" if kind == "domain" else None

    def examples(self) -> list[Example]:
        return [
            Example(
                "[Adblock Plus 2.0]\n! ghi chú\n||Xau.Example^\n||xau2.example^$important\n||xau3.example^$third-party\n"
                "@@||tot.example^\nxau.example##.quang-cao\n||xau.example/a*\n||xau4.example^\n",
                (("domain", "xau.example"), ("domain", "xau2.example"), ("domain", "xau4.example")),
                ("narrow-rule", "exception-rule", "cosmetic-rule", "pattern-rule"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if line.startswith("@@"):
            yield Found(line, reason="exception-rule")
        elif "##" in line or "#@#" in line or "#?#" in line:
            yield Found(line, reason="cosmetic-rule")
        elif not (rule := _DOMAIN.fullmatch(line)):
            yield Found(line, reason="pattern-rule")
        elif rule["options"] and not _WIDE_OPTIONS.issuperset(rule["options"].split(",")):
            yield Found(line, reason="narrow-rule")
        else:
            yield Found(rule["name"])
