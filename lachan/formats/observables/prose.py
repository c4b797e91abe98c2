"""Where an address ends in people's own words, and whether it is one: Vietnamese first."""

import json
import re
from functools import cache
from importlib import resources
from typing import Any

from lachan.formats.observables.names import public_suffix, registrable_domain
from lachan.formats.observables.platforms import platform_of_host

_TRAILING = ".,;:!?…*_~'\"”’»"
_CLOSERS = {")": "(", "]": "["}
_NEAR = 80
_NEXT = re.compile(r"(?P<before>[\w@-]{0,60}+)(?:(?P<stop>\.)|[,;!…])(?P<next>[^\W\d_]{2,12})$")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_ENDING = re.compile(r"[a-z]{2,24}")


@cache
def _endings() -> dict[str, frozenset[str]]:
    source = resources.files("lachan.formats.observables").joinpath("data/endings.json")
    data: dict[str, Any] = json.loads(source.read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in data.items() if name != "source"}


def trimmed_end(text: str, start: int, end: int) -> int:
    """Without the sentence's own marks; a closing bracket stays where its opening one is inside."""
    unopened = {
        closer: text.count(closer, start, end) - text.count(opener, start, end)
        for closer, opener in _CLOSERS.items()
    }
    while end > start:
        last = text[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def path_end(text: str, start: int, end: int) -> int:
    """Where a path ends and the next sentence begins, without a blank between: `/a.Em`, `/a,em`."""
    end = trimmed_end(text, start, end)
    found = _NEXT.search(text, max(start, end - _NEAR), end)
    if not found:
        return end
    told = not found["stop"] or (found["next"].istitle() and not found["before"][:1].isupper())
    return trimmed_end(text, start, found.end("before")) if told and found["before"] else end


def sentence_start(host: str) -> int:
    """Where a host begins that a sentence runs into: `đi.www.bad.com`, `nhé.bad.com`."""
    sentence, www, _ = host.lower().rpartition(".www.")
    if www:
        return len(sentence) + 1
    before, _, rest = host.partition(".")
    word = before.isalpha() and not before.isascii()
    foreign = word and rest.isascii() and registrable_domain(rest.lower())
    return len(before) + 1 if foreign else 0


def sentence_cut(host: str, *, sure: bool) -> int:
    """How much of a host that ends a word is the host, and not the next sentence: `bad.com.Em`.

    Args:
        host: as written.
        sure: something says that it is an address: a scheme, `www`, an @.

    Returns:
        Its length where nothing speaks for a cut.
    """
    labels = host.split(".")
    last = labels[-1]
    known = public_suffix(host.lower()) is not None
    word = last.istitle() and not labels[-2:-1][0][:1].isupper() if len(labels) > 1 else False
    if known and not (word and last.lower() in _endings()["words"]):
        return len(host)
    shorter = len(host) - len(last) - 1
    while shorter > 0:
        kept = host[:shorter]
        if "." not in kept:
            break
        if public_suffix(kept.lower()) is not None or _IPV4.fullmatch(kept):
            return shorter
        shorter = kept.rfind(".")
    if known:
        return len(host)
    joined = len(host) - len(last) + last.find("-")  # `bad.com-em`
    if "-" in last and public_suffix(host[:joined].lower()) is not None:
        return joined
    return _glued(host, last) if sure else len(host)


def _glued(host: str, last: str) -> int:
    """`bad.comvà`, `bad.comEm`: the ending, then a word that shows by an accent or a capital."""
    plain = next((at for at, one in enumerate(last) if not one.isascii()), len(last))
    capital = next((at for at, one in enumerate(last) if at and one.isupper()), len(last))
    longest = min(plain, capital)
    if longest == len(last) or not last[:1].islower():
        return len(host)
    before = host[: len(host) - len(last)]
    for size in range(longest, 1, -1):
        if _ENDING.fullmatch(last[:size]) and public_suffix(f"{before}{last[:size]}".lower()):
            return len(before) + size
    return len(host)


def is_address(host: str, path: str) -> bool:
    """Whether dotted words are an address and not a sentence, an abbreviation or a file."""
    labels = host.lower().split(".")
    if public_suffix(".".join(labels)) is None:
        return False
    if labels[0] == "www" or platform_of_host(host.lower()):
        return True
    if len(path) > 1 and path[0] == "/":
        return len(labels[0]) > 1
    return not _like_a_sentence(host, labels) and not _like_a_word(labels)


def _like_a_sentence(host: str, labels: list[str]) -> bool:
    """`sợ lắm.My bảo`, `TP.HN`: a full stop without its space, or an abbreviation."""
    *_, before, last = host.split(".")
    short = labels[0] in _endings()["abbreviations"] or len(labels[0]) == 1
    return (len(labels) == 2 and short) or (last.istitle() and not before[:1].isupper())


def _like_a_word(labels: list[str]) -> bool:
    """`hoc.co`, `anh.zip`: the ending is also a word or a file's."""
    ending, before = labels[-1], labels[-2]
    if ending in _endings()["files"]:
        return True
    if len(labels) > 2 or ending == "vn":
        return False
    if ending in _endings()["words"]:
        return not any(letter.isdigit() or letter == "-" for letter in before)
    return not before.isascii() and "-" not in before


def is_version(text: str, start: int) -> bool:
    """Whether the word before a number with dots says that it is a version's."""
    before = text[max(0, start - 16) : start].lower().rstrip(" .:")
    return any(
        before.endswith(word) and not before[: -len(word)][-1:].isalnum()
        for word in _endings()["versions"]
    )
