"""The hosts file: an address, then names; blocked names point nowhere (hosts(5))."""

import re
from collections.abc import Iterator

from lachan.formats.lists.form import Example, Found, LineReader, NameForm, leads_nowhere, wide_name

_LINE = re.compile(r"(?:0|\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*(?:%\w+)?)\s+[^\s#].*")
NOWHERE = "0.0.0.0"  # noqa: S104  the address that leads nowhere, not one to listen on
_LOCAL = frozenset(
    {
        *("localhost", "localhost.localdomain", "local", "broadcasthost", "ip6-localhost"),
        *("ip6-loopback", "ip6-localnet", "ip6-mcastprefix", "ip6-allnodes", "ip6-allrouters"),
        *("ip6-allhosts", NOWHERE),
    }
)


class Hosts(NameForm):
    name = "hosts"
    order = 10
    sections = True
    written = f"{NOWHERE} {{0}}\n"

    def claims(self, line: str) -> bool:
        return _LINE.fullmatch(line) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\n127.0.0.1 localhost\n0.0.0.0 Xau.Example xau2.example # hai\n::1 xau3.example\nHai dòng\n",
                (("domain", "xau.example"), ("domain", "xau2.example"), ("domain", "xau3.example")),
                ("local-name", "bad-hosts-line"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        if not _LINE.fullmatch(line):
            yield Found(line, reason="bad-hosts-line")
            return
        address, *words = line.partition("#")[0].split()
        # A name with the address of a host that is there stands here to be found, not to be blocked.
        real = "" if leads_nowhere(address) else "real-host"
        for word in words:
            name = wide_name(word.strip(",;"))
            yield Found(name, "domain", reason="local-name" if name.lower() in _LOCAL else real)
