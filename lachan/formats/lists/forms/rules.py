"""Rules of proxies (Clash, Surge, Shadowrocket, Quantumult): `DOMAIN-SUFFIX,name,REJECT`, one a line.

A provider's list has no policy behind the name; where there is one, only those that reject count.
"""

import re
from collections.abc import Iterator

from lachan.formats.lists.form import (
    Example,
    Found,
    Lets,
    LineReader,
    NameForm,
    uncommented,
    wide_name,
)

_RULE = re.compile(
    r"(?:-\s+)?[\"']?(?P<type>[A-Z][A-Z0-9-]*)\s*,\s*(?P<value>[^,\s\"']+)\s*(?:,\s*(?P<policy>[^,\"']+).*?)?[\"']?",
    re.IGNORECASE,
)
_NAMES = frozenset({"DOMAIN", "DOMAIN-SUFFIX", "HOST", "HOST-SUFFIX"})
_ADDRESSES = frozenset({"IP-CIDR", "IP-CIDR6", "IP6-CIDR"})
_PATTERNS = frozenset(
    {
        *("DOMAIN-KEYWORD", "DOMAIN-REGEX", "DOMAIN-WILDCARD", "HOST-KEYWORD", "HOST-WILDCARD"),
        *("URL-REGEX", "USER-AGENT", "PROCESS-NAME", "GEOIP", "GEOSITE", "RULE-SET", "IP-ASN"),
    }
)


class Rules(NameForm):
    name = "rules"
    order = 17
    sections = True
    written = "DOMAIN-SUFFIX,{0}\n"

    def claims(self, line: str) -> bool:
        rule = _RULE.fullmatch(uncommented(line))
        if rule is None:
            return False
        sort = rule["type"].upper()
        # `host,note` is the head of a table.
        return sort in _PATTERNS or (sort in _NAMES | _ADDRESSES and not rule["value"].isalpha())

    def reader(self) -> LineReader:
        return _Reader()

    def examples(self) -> list[Example]:
        return [
            Example(
                "# ghi chú\npayload:\n  - DOMAIN-SUFFIX,Xau.Example\nDOMAIN,xau2.example,REJECT // hai\n"
                "host-suffix, xau3.example, reject\nIP-CIDR,192.0.2.1/32,REJECT,no-resolve\n"
                "DOMAIN-SUFFIX,ok.example,DIRECT\nDOMAIN-KEYWORD,xau,REJECT\nIP-CIDR,192.0.2.0/24\n",
                (
                    *(("domain", f"xau{number}.example") for number in ("", 2, 3)),
                    ("ipv4", "192.0.2.1"),
                ),
                ("other-form", "not-to-block", "pattern-rule", "network-not-address"),
            )
        ]


class _Reader(LineReader):
    def values(self, line: str) -> Iterator[Found]:
        rule = _RULE.fullmatch(uncommented(line))
        sort = rule["type"].upper() if rule else ""
        if rule is None or sort not in _NAMES | _ADDRESSES | _PATTERNS:
            yield Found(line, reason="other-form")
        elif rule["policy"] and not rule["policy"].strip().lower().startswith(("reject", "block")):
            named = sort not in _PATTERNS
            through = Lets(wide_name(rule["value"]).partition("/")[0]) if named else None
            yield Found(line, reason="not-to-block", lets=through)
        elif sort in _PATTERNS:
            yield Found(line, reason="pattern-rule")
        elif sort in _NAMES:
            yield Found(wide_name(rule["value"]), "domain")
        else:
            address, _, prefix = rule["value"].partition("/")
            single = prefix in ("", "128" if ":" in address else "32")
            kind = "ipv6" if ":" in address else "ipv4"
            yield Found(address, kind, reason="" if single else "network-not-address")
