"""Rules of ad blockers that name a whole domain: `||name^`. Other rules are quarantined, each with why."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader, uncommented

_DOMAIN = re.compile(
    r"\|\|(?:\*\.)?(?P<name>[^/^$*|]+)(?:\^|/|\^?/?\*|/\^)?\|?(?:\$(?P<options>.*))?"
)
_SITE = re.compile(r"\|?https?://(?P<name>[^/^$*|:]+)(?:\^|/\*)\|?(?:\$(?P<options>.*))?")
_EXACT = re.compile(r"\|(?P<url>https?://[^\s^$*|]+)\|")
# Element hiding, style, script and HTML rules of Adblock Plus, uBlock Origin and AdGuard.
_COSMETIC = re.compile(r"[^\s/]*(?:#@?[?$%]?\??#|\$@?\$)\S")
# Options that leave the rule as wide as it was.
_WIDE_OPTIONS = frozenset({"important", "all", "document", "doc", "popup", "network"})


class Adblock(Form):
    name = "adblock"
    order = 20
    comments = ("!", "[Adblock", "[adblock", "# ")
    kinds = frozenset({"domain"})

    def claims(self, line: str) -> bool:
        return line.startswith(("||", "@@", "|http")) or _COSMETIC.match(line) is not None

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
            ),
            Example(
                "||xau.example|\n||*.xau2.example^\n||xau3.example^|\n||xau4.example/*\n||xau5.example^$badfilter\n"
                "||192.0.2.1^\n|https://xau6.example^\n|https://xau.example/a|\n||vn^\n",
                (
                    *(("domain", f"xau{number}.example") for number in ("", 2, 3, 4)),
                    *(("ipv4", "192.0.2.1"), ("domain", "xau6.example")),
                    *(("url", "https://xau.example/a"), ("domain", "vn")),
                ),
                ("exception-rule",),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if line.startswith("@@"):
            yield Found(line, reason="exception-rule")
        elif _COSMETIC.match(line):
            yield Found(line, reason="cosmetic-rule")
        else:
            yield self._rule(uncommented(line))

    def _rule(self, line: str) -> Found:
        if exact := _EXACT.fullmatch(line):
            return Found(exact["url"], "url")
        if not (rule := _DOMAIN.fullmatch(line) or _SITE.fullmatch(line)):
            return Found(line, reason="pattern-rule")
        if reason := _narrowed(rule["options"]):
            return Found(line, reason=reason)
        name = rule["name"]
        return Found(name, "domain" if name.rpartition(".")[2].isalpha() else None)


def _narrowed(options: str | None) -> str:
    given = {option.strip().lower() for option in options.split(",")} if options else set()
    if "badfilter" in given:
        return "exception-rule"
    return "" if given <= _WIDE_OPTIONS else "narrow-rule"
