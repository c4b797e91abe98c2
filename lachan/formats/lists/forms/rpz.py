"""Response policy zones (draft-vixie-dnsop-dns-rpz) and other zone files (RFC 1035, section 5) that block names.

`name CNAME .` and `CNAME *.` block, so do addresses of a landing page; `rpz-passthru.` lets through. Addresses
stand as `32.1.2.0.192.rpz-ip`.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping

from lachan.formats.lists.form import Example, Found, Lets, LineReader, NameForm, wide_name

_RECORD = re.compile(
    r"(?P<owner>[^\s;\"]+)\s+(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+[smhdw]?\s+)?"
    r"(?:[CD]NAME\s+(?P<data>[^\s;]+)|A(?:AAA)?\s+[0-9a-f.:]+)\s*(?:;.*)?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"(?:(?P<owner>[^\s;]+)\s+)?(?:\d+[smhdw]?\s+)?(?:IN\s+)?(?:\d+[smhdw]?\s+)?"
    r"(?:(?P<soa>SOA)|NS|TXT|MX|PTR|SRV|CAA)\s.*|"
    r"[\d\s();smhdw]+(?:;.*)?",
    re.IGNORECASE,
)
_DIRECTIVE = re.compile(r"\$(ORIGIN|TTL|INCLUDE)\b\s*(\S*).*", re.IGNORECASE)
_NARROW = ("rpz-client-ip", "rpz-nsip", "rpz-nsdname")


class Rpz(NameForm):
    name = "rpz"
    order = 14
    comments = (";",)
    written = "{0} CNAME .\n*.{0} CNAME .\n"

    def claims(self, line: str) -> bool:
        if (zone := _ZONE.fullmatch(line)) and zone["owner"]:
            return True
        return _RECORD.fullmatch(line) is not None or _DIRECTIVE.fullmatch(line) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def head(self, notes: Mapping[str, str]) -> str:
        return "".join(f"; {key}: {value}\n" for key, value in notes.items())

    def examples(self) -> list[Example]:
        return [
            Example(
                "$TTL 300\n$ORIGIN rpz.test.\n@ IN SOA localhost. root.localhost. (\n 7 ; serial\n 3600 600 86400 300 )\n"
                " NS localhost.\nXau.Example CNAME .\n*.xau.example CNAME . ; và bên dưới\nxau2.example 60 IN CNAME *.\n"
                "xau3.example.rpz.test. IN A 0.0.0.0\nok.example CNAME rpz-passthru.\n32.1.2.0.192.rpz-ip CNAME .\n"
                "128.1.zz.db8.2001.rpz-ip CNAME .\n24.0.2.0.192.rpz-ip CNAME .\nns.xau.example.rpz-nsdname CNAME .\n",
                (
                    *(("domain", "xau.example"), ("domain", "xau.example")),
                    *(("domain", "xau2.example"), ("domain", "xau3.example")),
                    *(("ipv4", "192.0.2.1"), ("ipv6", "2001:db8::1")),
                ),
                (*["setting"] * 4, "not-to-block", "network-not-address", "narrow-rule"),
            ),
            Example(
                "rpz.test. 300 IN SOA ns.test. root.test. 1 2 3 4 5\nrpz.test. 300 IN NS ns.test.\n"
                "xau.example.rpz.test. 300 IN CNAME .\nxau2.example.rpz.test. 300 IN AAAA ::\n",
                (("domain", "xau.example"), ("domain", "xau2.example")),
                ("setting", "setting"),
            ),
        ]


class _Reader(LineReader):
    def __init__(self) -> None:
        self._origin = ""

    def values(self, line: str) -> Iterator[Found]:
        if directive := _DIRECTIVE.fullmatch(line):
            if directive[1].upper() == "ORIGIN":
                self._origin = directive[2].strip(".").lower()
        elif record := _RECORD.fullmatch(line):
            yield self._blocked(line, record)
        elif zone := _ZONE.fullmatch(line):
            if zone["soa"] and (owner := zone["owner"] or "").endswith("."):
                self._origin = owner.strip(".").lower()
            yield Found(line, reason="setting")
        else:
            yield Found(line, reason="other-form")

    def _blocked(self, line: str, record: re.Match[str]) -> Found:
        owner, data = self._relative(record["owner"].lower()), (record["data"] or "").lower()
        if owner in ("", "@"):
            return Found(line, reason="setting")
        # A name that is its own alias is let through, too: the spelling before `rpz-passthru` came.
        own = (owner, f"{owner}.{self._origin}")
        if data.rstrip(".") in ("rpz-passthru", "rpz-tcp-only", *own):
            return Found(line, reason="not-to-block", lets=Lets(wide_name(owner), "domain"))
        if owner.endswith(_NARROW):
            return Found(line, reason="narrow-rule")
        if owner.endswith(".rpz-ip"):
            return _address(owner.removesuffix(".rpz-ip"), line)
        return Found(wide_name(owner), "domain")

    def _relative(self, owner: str) -> str:
        """An owner without the zone that it stands in, where that is written out."""
        bare = owner.rstrip(".")
        if owner.endswith(".") and self._origin:
            if bare == self._origin:
                return ""
            return bare.removesuffix(f".{self._origin}")
        return bare


def _address(labels: str, line: str) -> Found:
    prefix, *parts = labels.split(".")
    text = ".".join(reversed(parts))
    if len(parts) != 4 or "zz" in parts:
        text = ":".join(reversed(parts)).replace("zz", "")
        text = f":{text}" if text.startswith(":") else f"{text}:" if text.endswith(":") else text
    try:
        network = ipaddress.ip_network(f"{text}/{prefix}", strict=False)
    except ValueError:
        return Found(line, reason="other-form")
    kind = f"ipv{network.version}"
    if network.prefixlen == network.max_prefixlen:
        return Found(str(network.network_address), kind)
    return Found(line, reason="network-not-address")
