"""Where an address ends in people's own words, and whether it is one: by the words of the country."""

import re
from functools import lru_cache
from typing import NamedTuple

from lachan.formats.observables.names import public_suffix, registrable_domain
from lachan.formats.observables.platforms import platform_names, platform_of_host
from lachan.kernel.country import Country, here
from lachan.kernel.dated import data_read

_TRAILING = ".,;:!?…'\"”’»“‘„‹›«`\u3002\uff61，、！？；："
_QUOTES = "'\"`“”„‘’‚«»‹›"
_WRAPPED = {"(": ")", "[": "]", "{": "}", "<": ">", "（": "）", "【": "】", "《": "》", "「": "」"}
# Emphasis (Markdown, WhatsApp) where it stands before too; alone, an underscore ends many a name.
_EMPHASIS = "*_~"
_ALWAYS = _TRAILING + "*"
_MARKED = (
    frozenset(_TRAILING + _QUOTES + _EMPHASIS) | frozenset(_WRAPPED) | frozenset(_WRAPPED.values())
)
_BEFORE = 8
_LAYERS = 16  # each costs a look at all of the text
_CLOSERS = {")": "(", "]": "["}
_NEAR = 80
_NEXT = re.compile(r"(?P<before>[\w@-]{0,60}+)(?:(?P<stop>\.)|[,;!…])(?P<next>[^\W\d_]{2,12})$")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_QUERY = re.compile(r"[?#][\w%-]+")
_WORD_END = re.compile(r"\w+$")
_ENDING = re.compile(r"[a-z]{2,24}")


def _words() -> dict[str, frozenset[str]]:
    """Words of the country's people by what they tell, and endings that files have too."""
    return _words_of(here())


@lru_cache(maxsize=4)
def _words_of(country: Country) -> dict[str, frozenset[str]]:
    own, files = country.read("words"), data_read("lachan.formats.observables", "file-endings")
    found = {name: frozenset(w) for name, w in {**own, **files}.items() if name != "source"}
    return {**found, "own": frozenset(country.endings)}


def trimmed_end(text: str, start: int, end: int, marks: str = _ALWAYS) -> int:
    """Without the sentence's own marks; a closing bracket stays where its opening one is inside."""
    unopened = {
        closer: text.count(closer, start, end) - text.count(opener, start, end)
        for closer, opener in _CLOSERS.items()
    }
    before = text[max(0, start - _BEFORE) : start]
    emphasis = before[len(before.rstrip(_EMPHASIS)) :]
    while end > start:
        last = text[end - 1]
        if unopened.get(last, 0) > 0:
            unopened[last] -= 1
        elif last not in marks and last not in emphasis:
            break
        end -= 1
    return end


def unwrapped(text: str) -> str:
    """A pasted value without the sentence around it: quotes, brackets around the whole, marks behind."""
    if not text or (text[-1] not in _MARKED and text[0] not in _MARKED):
        return text
    for _ in range(_LAYERS):
        before = text
        text = text.lstrip(_QUOTES).strip()
        while len(text) > 2 and text[0] == text[-1] and text[0] in _EMPHASIS:
            text = text[1:-1].strip()
        if _WRAPPED.get(text[:1]) == text[-1:] and _is_around(text):
            text = text[1:-1].strip()
        elif not text.endswith("::"):  # an address of IPv6 may end so
            text = text[: trimmed_end(text, 0, len(text), _TRAILING)].strip()
        if text == before:
            break
    return text


def _is_around(text: str) -> bool:
    """Whether the first bracket closes with the last letter."""
    opener, closer = text[0], text[-1]
    depth = 0
    for at, one in enumerate(text):
        depth += (one == opener) - (one == closer)
        if not depth:
            return at == len(text) - 1
    return False


class PathEnd(NamedTuple):
    """Where a path ends.

    Attributes:
        whole: without the sentence's own marks behind it.
        cut: before what may be the next sentence, without a blank between: `/a.Em`, `/a,em`; 0 without.
        certain: whether that is one, for it begins as sentences do and stands in no query.
    """

    whole: int
    cut: int = 0
    certain: bool = False


def path_end(text: str, start: int, end: int) -> PathEnd:
    end = trimmed_end(text, start, end)
    found = _NEXT.search(text, max(start, end - _NEAR), end)
    if not found or not (before := found["before"]):
        return PathEnd(end)
    word = found["next"].lower()
    if found["stop"] and (
        not found["next"].istitle() or before[:1].isupper() or word in _words()["pages"]
    ):
        return PathEnd(end)
    certain = word in _words()["starters"] and text.find("?", start, end) < 0
    return PathEnd(end, trimmed_end(text, start, found.end("before")), certain)


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
    if known and not (word and last.lower() in _words()["endings"]):
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
    joint = next((at for at, one in enumerate(last) if one in "-_"), 0)  # `bad.com-em`
    joined = len(host) - len(last) + joint
    if joint and public_suffix(host[:joined].lower()) is not None:
        return joined
    return _glued(host, last, sure=sure)


def _glued(host: str, last: str, *, sure: bool) -> int:
    """`bad.comvà`, `bad.comEm`: the ending, then a word that shows by an accent or a capital.

    Of words that nothing says are an address (`thôi.nghỉ`) only an ending that is no word's beginning counts.
    """
    plain = next((at for at, one in enumerate(last) if not one.isascii()), len(last))
    capital = next((at for at, one in enumerate(last) if at and one.isupper()), len(last))
    longest = min(plain, capital) if sure else plain
    if longest == len(last) or not last[:1].islower():
        return len(host)
    before = host[: len(host) - len(last)]
    for size in range(longest, 1 if sure else max(2, longest - 1), -1):
        if _ENDING.fullmatch(last[:size]) and public_suffix(f"{before}{last[:size]}".lower()):
            return len(before) + size
    return len(host)


def is_address(host: str, path: str, *, told: bool = False, introduced: bool = False) -> bool:
    """Whether dotted words are an address and not a sentence, an abbreviation or a file.

    Args:
        host, path: as written; the path with its query or fragment.
        told: something that only addresses have: a port, slashes before it, a dot in brackets.
        introduced: a word before it says so: `web`, `vào`.
    """
    labels = host.lower().split(".")
    if public_suffix(".".join(labels)) is None:
        return False
    if told or labels[0] == "www" or platform_of_host(host.lower()):
        return True
    if len(path) > 1 and path[0] == "/":
        return len(labels[0]) > 1 or host.islower()
    if path == "/" or _QUERY.match(path):
        return True
    if introduced and host.isascii() and labels[-1] not in _words()["archives"]:
        return not _like_a_sentence(host, labels)
    return not _like_a_sentence(host, labels) and not _like_a_word(labels)


def is_introduced(text: str, start: int) -> bool:
    """Whether the word before says that an address follows."""
    before = text[max(0, start - 16) : start].lower().rstrip(" :=")
    return len(before) < min(16, start) and _follows(before, "introductions")


def is_mailbox(text: str, colon: int) -> bool:
    """Whether the word before a colon tells an e-mail address rather than a name with its password."""
    before = text[max(0, colon - 16) : colon].lower()
    word = _WORD_END.search(before)
    return _follows(before, "mailboxes") or (word is not None and word[0] in platform_names())


def _follows(before: str, words: str) -> bool:
    return any(
        before.endswith(word) and not before[: -len(word)][-1:].isalnum()
        for word in _words()[words]
    )


def _like_a_sentence(host: str, labels: list[str]) -> bool:
    """`sợ lắm.My bảo`, `TP.HN`: a full stop without its space, or an abbreviation."""
    *_, before, last = host.split(".")
    short = labels[0] in _words()["abbreviations"] or len(labels[0]) == 1
    doubtful = len(last) < 3 or last.lower() in _words()["endings"] or not host.islower()
    return (len(labels) == 2 and short and doubtful) or (
        last.istitle() and not before[:1].isupper()
    )


def _like_a_word(labels: list[str]) -> bool:
    """`hoc.co`, `anh.zip`: the ending is also a word or a file's."""
    ending, before = labels[-1], labels[-2]
    if ending in _words()["files"]:
        return True
    if len(labels) > 2 or ending in _words()["own"]:
        return False
    if ending in _words()["endings"]:
        return not any(letter.isdigit() or letter == "-" for letter in before)
    return not before.isascii() and "-" not in before


def stands_alone(word: str, after: str) -> bool:
    """Whether a word of plain letters after a label is a handle: not the first word of a name or of a sentence."""
    if word.lower() in _words()["denials"]:
        return False
    follows = after.lower()
    return not follows or follows in _words()["particles"] or follows in platform_names()


def is_version(text: str, start: int) -> bool:
    """Whether the word before a number with dots says that it is a version's."""
    return _follows(text[max(0, start - 16) : start].lower().rstrip(" .:"), "versions")
