"""Zones that Unbound answers for itself: `local-zone: "name" always_nxdomain`, `local-data: "name A 0.0.0.0"`."""

import re
from collections.abc import Iterator

from lachan.formats.lists.form import (
    Example,
    Found,
    Lets,
    LineReader,
    NameForm,
    leads_nowhere,
    uncommented,
    wide_name,
)

_ZONE = re.compile(
    r"local-zone:\s*[\"']?(?P<name>[^\s\"']+)[\"']?\s+[\"']?(?P<type>\w+)[\"']?", re.IGNORECASE
)
_DATA = re.compile(
    r"local-data:\s*[\"']?(?P<name>[^\s\"']+)\s+(?:\d+\w?\s+)?(?:IN\s+)?(?:\d+\w?\s+)?"
    r"(?P<type>[A-Z]+)\b(?P<data>.*)",
    re.IGNORECASE,
)
_SETTING = re.compile(r"[a-z][a-z0-9-]*:(?:\s+\S.*)?", re.IGNORECASE)
_BLOCKING = frozenset(
    {
        *("static", "refuse", "deny", "redirect", "inform_deny", "inform_redirect", "block_a"),
        *("always_nxdomain", "always_refuse", "always_deny", "always_null", "always_nodata"),
    }
)


class Unbound(NameForm):
    name = "unbound"
    order = 13
    written = 'local-zone: "{0}" always_nxdomain\n'

    def claims(self, line: str) -> bool:
        return line[:11].lower().startswith(("local-zone:", "local-data:"))

    def reader(self) -> LineReader:
        return _Reader()

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
            name = wide_name(zone["name"])
            if zone["type"].lower() in _BLOCKING:
                yield Found(name, "domain")
            else:
                yield Found(name, reason="not-to-block", lets=Lets(name, "domain"))
        elif data := _DATA.fullmatch(line):
            reason = "setting"
            if data["type"].upper() in ("A", "AAAA"):
                reason = "" if leads_nowhere(data["data"].strip("\"' ")) else "real-host"
            elif data["type"].upper() == "CNAME":
                reason = "" if data["data"].strip("\"' ") == "." else "real-host"
            yield Found(wide_name(data["name"]), "domain", reason=reason)
        else:
            yield Found(line, reason="setting" if _SETTING.fullmatch(line) else "other-form")
