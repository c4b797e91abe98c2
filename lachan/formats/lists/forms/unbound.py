"""Zones that Unbound answers for itself: `local-zone: "name" always_nxdomain`, `local-data: "name A 0.0.0.0"`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lachan.formats.lists.form import Example, Form, Found, LineReader, uncommented, wide_name

_ZONE = re.compile(
    r"local-zone:\s*[\"']?(?P<name>[^\s\"']+)[\"']?\s+[\"']?(?P<type>\w+)[\"']?", re.IGNORECASE
)
_DATA = re.compile(
    r"local-data:\s*[\"']?(?P<name>[^\s\"']+)\s+(?:\d+\w?\s+)?(?:IN\s+)?(?:\d+\w?\s+)?"
    r"(?P<type>[A-Z]+)\b.*",
    re.IGNORECASE,
)
_SETTING = re.compile(r"[a-z][a-z0-9-]*:(?:\s+\S.*)?", re.IGNORECASE)
_BLOCKING = frozenset(
    {
        *("static", "refuse", "deny", "redirect", "inform_deny", "inform_redirect", "block_a"),
        *("always_nxdomain", "always_refuse", "always_deny", "always_null", "always_nodata"),
    }
)


class Unbound(Form):
    name = "unbound"
    order = 13
    kinds = frozenset({"domain"})

    def claims(self, line: str) -> bool:
        return line[:11].lower().startswith(("local-zone:", "local-data:"))

    def reader(self) -> LineReader:
        return _Reader()

    def line(self, kind: str, value: str, facts: Mapping[str, Any]) -> str | None:
        return f'local-zone: "{value}" always_nxdomain\n' if kind == "domain" else None

    def examples(self) -> list[Example]:
        return [
            Example(
                'server:\nlocal-zone: "Xau.Example" always_nxdomain\nlocal-zone: xau2.example. refuse # hai\n'
                "local-data: \"xau3.example A 0.0.0.0\"\nlocal-data: 'xau4.example. 60 IN AAAA ::'\n"
                'local-zone: "ok.example." transparent\nlocal-data: "xau.example TXT chan"\nverbosity: 1\n',
                tuple(("domain", f"xau{number}.example") for number in ("", 2, 3, 4)),
                ("setting", "not-to-block", "setting", "setting"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        line = uncommented(line)
        if zone := _ZONE.fullmatch(line):
            blocks = zone["type"].lower() in _BLOCKING
            yield Found(wide_name(zone["name"]), "domain", reason="" if blocks else "not-to-block")
        elif data := _DATA.fullmatch(line):
            blocks = data["type"].upper() in ("A", "AAAA", "CNAME")
            yield Found(wide_name(data["name"]), "domain", reason="" if blocks else "setting")
        else:
            yield Found(line, reason="setting" if _SETTING.fullmatch(line) else "other-form")
