"""What the names of parts of a list mean: keys of JSON and YAML, sections of INI, words in the cells of a row.

**Threat:** a list that holds what must not be blocked beside what must be, under a name that nobody foresaw.
So a part is read only where every word of its name is known; what is unknown is quarantined.
"""

import re
from functools import lru_cache
from typing import Literal

from lachan.formats.classification.categories import is_category

Purpose = Literal["entries", "let-through", "about", "unknown"]

# Not what says the contrary: `unsafe`, `untrusted`, `disallowed`, `illegitimate`; nor goods and passwords.
_LETS = re.compile(
    r"(?<!un)(?<!dis)(?<!il)(?:allow(?!block)|white|safe|except|exclu|exempt|ignor|pass(?!w)|permit|trust|"
    r"good(?!s)|benign|legit|clean(?!er)|skip|harmless|remov|delet|revok|withdr|unblock|bypass|negativ|"
    r"cho ?phép|tin ?cậy)"
)
_NOT = re.compile(r"\b(?:not|non|no|never|false|un|without|không)\b|\b(?:ok|okay|none|fp)\b")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ABOUT = _words(
    "source sources meta metadata author authors reference references info external links license "
    "contact publisher maintainer homepage tags tag orgc org galaxy galaxies description header "
    "headers config created modified by object marking markings labels refs pagination version"
)
_WORDS = _words(
    "list lists data item items entry entries result results records rows response value values "
    "indicator indicators ioc iocs feed feeds attribute attributes event events object objects "
    "observables payload blocklist blacklist denylist blocklists blacklists block blocked blocking "
    "black deny denied reject drop bad malicious malware phishing phish scam scams fraud gambling "
    "spam suspicious threat threats harmful c2 domain domains hostname hostnames host hosts name "
    "names url urls uri uris site sites website websites page pages ip ips ipv4 ipv6 address "
    "addresses email emails phone phones number numbers account accounts hash hashes md5 sha1 sha256 "
    "pdq file files rule rules all active new added to my custom user dns web known and of server "
    "remote view fqdn fqdns ads trackers tracking content contents body hits danh sách tên miền chặn "
    "xấu unsafe untrusted disallowed liste noms domaines adresses bloqués"
)
_CAMEL = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[^\W\dA-Z_]+\d*|[A-Z]+\d*|\d+")
_SECTION = re.compile(
    r"\[(?P<ini>[^\W\d][\w .-]*)\]:?|(?:-\s+)?[\"']?(?P<key>[^\W\d][\w .-]{0,40}?)[\"']?\s*[:=]\s*[\[{(]?"
)
SECTION_ENDS = (":", "]", "[", "{", "}", "(", ")", "=", "],", "},", "];")
"""How lines end that may open a part or end one; cheap to ask."""
_ENDS = frozenset({"]", "],", "}", "},", ")", "];"})


@lru_cache(maxsize=4096)
def purpose(name: str) -> Purpose:
    """What stands under a name: values to be blocked, values let through, words about the list, or who knows."""
    words = [word.lower() for word in _CAMEL.findall(name)]
    said = " ".join(words)
    if lets_through(said):
        return "let-through"
    if _NOT.search(said) or not words:
        return "unknown"
    if all(_is_known(word) for word in words):
        return "entries"
    return "about" if any(word in _ABOUT for word in words) else "unknown"


def lets_through(word: str) -> bool:
    """Whether a word or name says of values that they are not to be blocked."""
    said = word.lower().replace("_", " ").replace("-", " ")
    return "false positive" in said or (_LETS.search(said) is not None and not _NOT.search(said))


class Section:
    """Which part of a list of lines is being read."""

    def __init__(self) -> None:
        self.reason = ""
        """Why what stands in it is not read; empty where it is."""

    def opens(self, line: str) -> bool:
        """Take a line that may open or end a part; whether it does."""
        if line in _ENDS:
            self.reason = ""
            return True
        if (found := _SECTION.fullmatch(line)) is None:
            return False
        name = found["ini"] or found["key"]
        meant = purpose(name)
        if meant == "let-through" or (_NOT.search(name.lower()) and " " not in name):
            self.reason = "not-to-block"
        elif meant == "entries":
            self.reason = ""
        elif name.isascii() and " " not in name:
            self.reason = "unknown-holder"
        # Else it is a title among the lines, which says nothing.
        return True


def _is_known(word: str) -> bool:
    return word in _WORDS or word.isdigit() or is_category(word)
