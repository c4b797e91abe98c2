"""Settings of dnsmasq and of SmartDNS that answer for names themselves: `address=/name/`, `local=/name/`.

`server=/name/` without a server blocks; with one it forwards, and `#` undoes a block (dnsmasq(8)).
"""

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

_LINE = re.compile(
    r"(?:--)?(?P<setting>address|server|local|ipset|nftset)\s*(?P<sign>=|\s)\s*/(?P<rest>.+)",
    re.IGNORECASE,
)
_OTHER = re.compile(r"(?:--)?[a-z][a-z0-9-]*(?:=\S.*)?")


class Dnsmasq(NameForm):
    name = "dnsmasq"
    order = 12
    written = "local=/{0}/\n"

    def claims(self, line: str) -> bool:
        return _LINE.match(line) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\naddress=/Xau.Example/0.0.0.0\naddress=/xau2.example/xau3.example/\nserver=/xau4.example/\n"
                "local=/.xau5.example/ # năm\nipset=/xau6.example/chan\naddress=/xau7.example/#\n"
                "server=/ok.example/192.0.2.53\nserver=/ok.example/#\naddress=/#/0.0.0.0\ncache-size=1000\n"
                "address=/*x.example/::\n",
                tuple(("domain", f"xau{number}.example") for number in ("", 2, 3, 4, 5, 6, 7)),
                ("not-to-block", "not-to-block", "pattern-rule", "setting", "pattern-rule"),
            ),
            Example(
                "address /xau.example/#\naddress /ok.example/-\naddress /ok2.example/-4\n",
                (("domain", "xau.example"),),
                ("not-to-block", "not-to-block"),
            ),
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        line = uncommented(line)
        if (read := _LINE.fullmatch(line)) is None:
            yield Found(line, reason="setting" if _OTHER.fullmatch(line) else "other-form")
            return
        *names, target = (part.strip() for part in read["rest"].split("/"))
        if not names:
            yield Found(line, reason="not-to-block")
            return
        refused = _refused(read["setting"].lower(), target)
        for name in dict.fromkeys(names):
            bare = wide_name(name)
            # `#` is every name; `*x` is every name that ends so.
            pattern = not bare or "#" in bare or "*" in bare
            if pattern or not refused:
                yield Found(bare or line, "domain", reason="pattern-rule" if pattern else "")
            else:
                through = Lets(bare, "domain") if refused == "not-to-block" else None
                yield Found(bare, reason=refused, lets=through)


def _refused(setting: str, target: str) -> str:
    """Why a target does not block; empty where it does."""
    if setting in ("server", "local"):
        return "" if leads_nowhere(target) else "not-to-block"
    if setting != "address" or target.startswith("#") or leads_nowhere(target):
        return ""
    return "not-to-block" if target.startswith("-") else "real-host"
