"""Rules of ad blockers that name a whole domain: `||name^`. Other rules are quarantined, each with why."""

import re
from collections.abc import Iterator, Mapping

from lachan.formats.lists.form import Example, Found, Lets, LineReader, NameForm, uncommented

_DOMAIN = re.compile(
    r"\|\|(?:\*\.)?(?P<name>[^/^$*|]+)(?:\^|/|\^?/?\*|/\^)?\|?(?:\$(?P<options>.*))?"
)
_SITE = re.compile(r"\|?https?://(?P<name>[^/^$*|:]+)(?:\^|/\*)\|?(?:\$(?P<options>.*))?")
_EXACT = re.compile(r"\|(?P<url>https?://[^\s^$*|]+)\|")
_EXCEPTION = re.compile(
    r"@@\|{0,2}(?:(?:https?|\*)?:?//)?(?:\*?\.)?(?P<name>[^/^$*|:\s]+\.[^/^$*|:\s]+)(?P<path>[^$]*)(?:\$(?P<options>.*))?"
)
# Element hiding, style, script and HTML rules of Adblock Plus, uBlock Origin and AdGuard.
_COSMETIC = re.compile(r"[^\s/]*(?:#@?[?$%]?\??#|\$@?\$)\S")
# Options that leave the rule as wide as it was.
_WIDE_OPTIONS = frozenset({"important", "all", "document", "doc", "popup", "network"})


class Adblock(NameForm):
    name = "adblock"
    order = 20
    comments = ("!", "[Adblock", "[adblock", "# ")
    written = "||{0}^\n"
    foreign = frozenset("^$|*/@#,")

    def claims(self, line: str) -> bool:
        return line.startswith(("||", "@@", "|http")) or _COSMETIC.match(line) is not None

    def reader(self) -> LineReader:
        return _Reader()

    def head(self, notes: Mapping[str, str]) -> str:
        return "[Adblock Plus]\n" + "".join(f"! {key}: {value}\n" for key, value in notes.items())

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
            yield Found(line, reason="exception-rule", lets=_excepted(uncommented(line)))
        elif _COSMETIC.match(line):
            yield Found(line, reason="cosmetic-rule")
        else:
            yield self._rule(uncommented(line))

    def _rule(self, line: str) -> Found:
        if exact := _EXACT.fullmatch(line):
            return Found(exact["url"], "url")
        if not (rule := _DOMAIN.fullmatch(line) or _SITE.fullmatch(line)):
            return Found(line, reason="pattern-rule")
        name, options = rule["name"], _options(rule["options"])
        if "badfilter" in options:
            whole = options <= _WIDE_OPTIONS | {"badfilter"}
            return Found(line, reason="exception-rule", lets=Lets(name) if whole else None)
        if not options <= _WIDE_OPTIONS:
            return Found(line, reason="narrow-rule")
        return Found(name, "domain" if name.rpartition(".")[2].isalpha() else None)


def _options(given: str | None) -> set[str]:
    return {option.strip().lower() for option in given.split(",")} if given else set()


def _excepted(line: str) -> Lets | None:
    """What an exception lets through: a name and all below, or, in some circumstances only, a part of it."""
    if (rule := _EXCEPTION.fullmatch(line)) is None:
        return None
    whole = not (rule["path"] or "").strip("^/*|") and _options(rule["options"]) <= _WIDE_OPTIONS
    return (
        Lets(rule["name"], below=True) if whole else Lets(f"{rule['name']}/{rule['path']}", "url")
    )
