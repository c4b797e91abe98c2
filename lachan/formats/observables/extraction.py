"""Finds addresses, numbers and accounts in people's own words, Vietnamese first.

Nothing found here acts by itself: an analyst ticks what is meant. So a doubtful find is dropped when it
would be noise in most messages ("hoc.co gi do" is no address) and kept where something speaks for it.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib import resources

import phonenumbers

from lachan.formats.observables.defang import refang_mapped
from lachan.formats.observables.names import public_suffix
from lachan.formats.observables.parsing import kinds, parse
from lachan.formats.observables.platforms import platform_names, platform_of_host, platforms
from lachan.formats.observables.record import InvalidObservable, Observable

MAX_TEXT = 200_000
_END = r"\s<>\"'“”‘’«»|\\^`{}"
_URL = re.compile(rf"https?://[^{_END}]+", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+\w[\w-]{1,62}")
_BARE = re.compile(
    rf"(?<![\w@.\-/])(?P<host>(?:\w(?:[\w-]{{0,61}}\w)?\.)+[^\W\d_](?:[\w-]*\w)?)(?::\d{{2,5}})?(?P<path>[/?][^{_END}]*)?(?![\w@])"
)
_IPV4 = re.compile(r"(?<![\w.,-])(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|[.,]\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:])")
_PHONE = re.compile(
    r"(?<![\w.,+/-])(?:\+\d{1,3}|84|0)(?:[ .\-–]{0,2}\(?\d\)?){8,12}(?![\d\w]|[.,/-]\d)"
)
_DATE = re.compile(r"(?<!\d)\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})(?!\d)")
_DIGEST = re.compile(
    r"(?<![\w/])(?:pdq:)?(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?!\w)"
)
_TRAILING = ".,;:!?…*_~'\"”’»"
_CLOSERS = {")": "(", "]": "["}


def extract(text: str) -> list[Observable]:
    """What `text` points at, in order, each once, with its `span` in the text's NFC form.

    At most the first 200,000 characters are read. Names need a public suffix that exists (or an ending of
    RFC 6761); numbers must be valid ones of Viet Nam, or international with a plus sign. A profile's
    address becomes the account.
    """
    text = unicodedata.normalize("NFC", text[:MAX_TEXT])
    whole, offsets = refang_mapped(text)
    found = sorted(_found(whole), key=lambda item: (item[0], -item[1]))
    seen: set[tuple[str, str]] = set()
    kept: list[Observable] = []
    for start, end, observable in found:
        key = observable.kind, observable.value
        if key not in seen:
            seen.add(key)
            first, last = offsets.original(start), offsets.original(end)
            kept.append(Observable(*key, text[first:last], (first, last)))
    return kept


def _found(text: str) -> Iterator[tuple[int, int, Observable]]:
    taken: list[tuple[int, int]] = []

    def fresh(start: int, end: int) -> bool:
        return not any(start < last and first < end for first, last in taken)

    for pattern, kind, sure in _SEARCHES:
        for match in pattern.finditer(text):
            start, end = match.start(), _trimmed_end(text, match.start(), match.end())
            if not fresh(start, end) or not sure(match):
                continue
            if (observable := _parsed(text[start:end], kind)) is not None:
                taken.append((start, end))
                yield start, end, observable
    for match in _accounts().finditer(text):
        end = _trimmed_end(text, match.start(), match.end("handle"))
        inside = any(first <= match.start() < last for first, last in taken)
        code = platform_names().get(match["platform"].lower())
        handle = text[match.start("handle") : end]
        if not inside and code and _likely_handle(match, handle):
            observable = _parsed(f"{code}:{handle}", "account")
            if observable is not None:
                yield match.start(), end, observable


def _parsed(text: str, kind: str | None) -> Observable | None:
    try:
        if kind in ("url", None) and kinds()["account"].recognise(text):
            return parse(text, "account")
        return parse(text, kind)
    except InvalidObservable:
        return None


def _trimmed_end(text: str, start: int, end: int) -> int:
    """Without the sentence's own marks; a closing bracket stays where its opening one is inside."""
    while end > start:
        last = text[end - 1]
        opener = _CLOSERS.get(last)
        unopened = opener and text.count(last, start, end) > text.count(opener, start, end)
        if last not in _TRAILING and not unopened:
            break
        end -= 1
    return end


@cache
def _endings() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    source = resources.files("lachan.formats.observables").joinpath("data/endings.json")
    data = json.loads(source.read_text(encoding="utf-8"))
    return frozenset(data["words"]), frozenset(data["files"]), frozenset(data["abbreviations"])


def _sure_name(match: re.Match[str]) -> bool:
    """Whether dotted words are an address and not a sentence, an abbreviation or a file."""
    host: str = match["host"]
    labels = host.lower().split(".")
    if public_suffix(".".join(labels)) is None:
        return False
    if labels[0] == "www" or platform_of_host(host.lower()):
        return True
    if len(match["path"] or "") > 1 and match["path"][0] == "/":
        return len(labels[0]) > 1
    return not _like_a_sentence(host, labels) and not _like_a_word(labels)


def _like_a_sentence(host: str, labels: list[str]) -> bool:
    """`sợ lắm.My bảo`, `TP.HN`: a full stop without its space, or an abbreviation."""
    *_, before, last = host.split(".")
    abbreviation = len(labels) == 2 and (labels[0] in _endings()[2] or len(labels[0]) == 1)
    return abbreviation or (last.istitle() and not before[:1].isupper())


def _like_a_word(labels: list[str]) -> bool:
    """`hoc.co`, `anh.zip`: the ending is also a word or a file's."""
    words, files, _ = _endings()
    ending, before = labels[-1], labels[-2]
    if ending in files:
        return True
    if len(labels) > 2 or ending == "vn":
        return False
    if ending in words:
        return not any(letter.isdigit() or letter == "-" for letter in before)
    return not before.isascii() and "-" not in before


def _sure_phone(match: re.Match[str]) -> bool:
    text = match[0]
    if _DATE.search(text):
        return False
    try:
        observable = parse(text, "phone")
        number = phonenumbers.parse(observable.value, None)
    except (InvalidObservable, phonenumbers.NumberParseException):
        return False
    if number.country_code != 84 and not text.startswith("+"):
        return False
    return phonenumbers.is_valid_number(number)


def _always(match: re.Match[str]) -> bool:
    return bool(match)


_SEARCHES = (
    (_URL, "url", _always),
    (_EMAIL, "email", _always),
    (_DIGEST, None, _always),
    (_PHONE, "phone", _sure_phone),
    (_IPV4, "ipv4", _always),
    (_IPV6, "ipv6", lambda match: "::" in match[0] or match[0].count(":") == 7),
    (_BARE, None, _sure_name),
)


@cache
def _accounts() -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, platform_names()), key=len, reverse=True))
    link = r"(?:\s*(?:tên|nick|id|user|username|acc|tài khoản|kênh|là|của (?:nó|họ|hắn|cô ấy|anh ta|người (?:đó|ta|lạ))))*"
    return re.compile(
        rf"(?<![\w@./])(?P<platform>{names}){link}\s*(?P<mark>[:=]?)\s*(?P<handle>@?[\w+][\w.+·-]{{1,75}}(?:#\d{{4}})?)",
        re.IGNORECASE,
    )


def _likely_handle(match: re.Match[str], handle: str) -> bool:
    """`tiktok @ten` and `fb: ten.ai` are accounts; `facebook hay lắm` is talk."""
    platform = platforms()[platform_names()[match["platform"].lower()]]
    if handle.startswith("@"):
        return True
    digits = handle.lstrip("+").isdigit()
    if digits:
        return len(handle) >= 6
    return (
        bool(match["mark"]) and handle.isascii() and bool(platform.handle.fullmatch(handle.lower()))
    )
