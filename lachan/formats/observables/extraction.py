"""Finds addresses, numbers and accounts in people's own words, by the words of the country.

Nothing found here acts by itself: an analyst ticks what is meant. So a doubtful find is dropped when it
would be noise in most messages ("hoc.co gi do" is no address) and kept where something speaks for it.

One message must not stop the desk, so the work grows with its length alone: patterns look at a bounded
piece from where they begin, and never give back what they took without bound.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from lachan.formats.observables.kinds.account.kind import telephone
from lachan.formats.observables.kinds.ipv4.kind import is_network
from lachan.formats.observables.kinds.ipv6.kind import is_network as is_network6
from lachan.formats.observables.names import MAX_NAME
from lachan.formats.observables.numbers import numbers
from lachan.formats.observables.parsing import MAX_RAW, parse
from lachan.formats.observables.platforms import platform_names, platforms
from lachan.formats.observables.prose import (
    is_address,
    is_introduced,
    is_mailbox,
    is_version,
    path_end,
    sentence_cut,
    sentence_start,
    stands_alone,
    trimmed_end,
)
from lachan.formats.observables.record import InvalidObservable, Observable
from lachan.formats.observables.written import Written
from lachan.kernel.country import Country, here

MAX_TEXT = 200_000
Find = tuple[int, int, Observable]
_END = r"\s<>\"'“”‘’«»|\\^`{}，、！？；：（）【】《》「」\x00-\x1f\x7f-\x9f\u202e\ud800-\udfff"
_LABELS = r"(?:[A-Za-z0-9][\w-]{0,62}+\.){1,8}+"
_ENDINGS = (
    *("com", "net", "org", "info", "xyz", "top", "vip", "club", "online", "site", "shop", "store"),
    *("test", "example"),
)
_PORT = r":\d{1,5}(?!\w)"
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?P<host>(?:[\w-]{1,63}+\.){1,126}\w[\w-]{1,62})")
_IPV4 = re.compile(rf"(?<![\w.,-])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?:{_PORT})?(?![\w-]|[.,]\d)")
_IPV6 = re.compile(
    r"(?<![\w:.-])(?:[0-9a-fA-F]{0,4}:){2,7}[0-9a-fA-F]{0,4}(?![\w:%]|/\d|-[0-9a-fA-F])"
)
_DIGEST = re.compile(
    r"(?<![\w/])(?:pdq:)?(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{40}|[0-9a-fA-F]{32})(?!\w)"
)
_DEEP_LINK = re.compile(r"(?<!\w)tg:(?://)?resolve/?\?[\w=&-]{8,200}", re.IGNORECASE)
_ADDRESS, _NUMBER = 1, 2


class _Patterns(NamedTuple):
    """Addresses with a path: where one ends depends on the endings that the country's next one may have."""

    url: re.Pattern[str]
    user: re.Pattern[str]
    bare: re.Pattern[str]
    ipv4_url: re.Pattern[str]
    ipv6_url: re.Pattern[str]


@lru_cache(maxsize=4)
def _patterns_of(country: Country) -> _Patterns:
    endings = "|".join(map(re.escape, (*_ENDINGS, *country.endings)))
    # The next address of several in a row: with its scheme, its path, or an ending that no file has.
    following = (
        r"h(?<=\wh)ttps?://|[,;](?:https?://|www\.|(?:\d{1,3}\.){3}\d{1,3}(?:[:/]|(?![\w.]))"
        rf"|{_LABELS}(?:[A-Za-z]{{2,24}}(?::\d{{1,5}})?/"
        rf"|(?:{endings})(?![\w.-])))"
    )
    # What Markdown and BBCode put around an address ends it too.
    path = rf"[/?#](?:(?!{following}|\]\(|\[/)[^{_END}]){{0,{MAX_RAW}}}+"
    return _Patterns(
        url=re.compile(
            rf"https?://(?:[^{_END}/?#]{{0,256}}@)?"
            rf"(?P<host>\[[0-9a-f:.]{{2,45}}\]|[^{_END}/?#:@,;!&*+=()\[\]~…–—]{{1,{MAX_NAME}}}+)"
            rf"(?P<port>{_PORT})?(?P<path>{path})?",
            re.IGNORECASE,
        ),
        user=re.compile(
            rf"(?<![\w@/.:+-])[\w.+-]{{1,64}}:[\w.+-]{{1,64}}@(?P<host>(?:[\w-]{{1,63}}+\.){{1,126}}[\w-]{{2,63}})"
            rf"(?P<port>{_PORT})?(?P<path>{path})"
        ),
        bare=re.compile(
            r"(?:(?<![\w@/])(?<!\w[.-])|(?=//))(?://)?(?P<host>(?:\w[\w-]{0,62}+\.){1,126}[^\W\d_](?:[\w-]{0,61}\w)?)"
            rf"(?P<port>{_PORT})?(?:(?P<path>{path})|(?![\w@]))"
        ),
        ipv4_url=re.compile(
            rf"(?<![\w.-])(?<!\d,)(?P<host>(?:\d{{1,3}}\.){{3}}\d{{1,3}})(?P<port>{_PORT})?(?P<path>{path})"
        ),
        ipv6_url=re.compile(
            rf"(?<!\w)(?P<host>\[[0-9a-fA-F:.]{{2,45}}\])(?:(?P<port>{_PORT})(?:{path})?|{path})"
        ),
    )


def extract(text: str) -> list[Observable]:
    """What `text` points at, in order, each once, with its `span` in the text's NFC form.

    At most the first 200,000 characters are read. Names need a public suffix that exists (or an ending of
    RFC 6761); numbers must be valid ones of the country, or international with a plus sign. A profile's
    address becomes the account.
    """
    written = Written(text[:MAX_TEXT])
    found = sorted(_Search(written).finds(), key=lambda item: (item[0], -item[1]))
    seen: set[tuple[str, str]] = set()
    kept: list[Observable] = []
    for start, end, observable in (each for one in found for each in _with_number(one)):
        key = observable.kind, observable.value
        if key not in seen:
            seen.add(key)
            first, last = written.original(start, end)
            kept.append(Observable(*key, written.text[first:last], (first, last)))
    return kept


def _with_number(find: Find) -> Iterator[Find]:
    """A find, and the telephone number that it holds: `zalo.me/0912345678`."""
    yield find
    start, end, observable = find
    if observable.kind == "account" and (number := telephone(observable.value)):
        yield start, end, Observable("phone", number)


class _Search:
    """One text's search: the surest first, and what one has found no other takes again."""

    def __init__(self, written: Written) -> None:
        self.written, self.text = written, written.read
        self.taken = bytearray(len(self.text))
        self.doubtful: list[Find] = []

    def finds(self) -> Iterator[Find]:
        patterns = _patterns_of(here())
        for pattern, find in (
            (patterns.url, self._url),
            (_DEEP_LINK, self._whole("account")),
            (patterns.user, self._user),
            (_EMAIL, self._email),
            (patterns.bare, self._bare),
            (patterns.ipv4_url, self._ipv4_url),
            (patterns.ipv6_url, self._ipv6_url),
            (_DIGEST, self._whole(None)),
        ):
            yield from self._fresh(pattern, find)
        for start, end, observable in numbers(self.text):
            if not any(self.taken[start:end]):
                self._take(start, end, _NUMBER)
                yield start, end, observable
        yield from self._fresh(_IPV4, self._ipv4)
        yield from self._fresh(_IPV6, self._ipv6)
        yield from self._accounts()
        yield from self.doubtful

    def _fresh(
        self, pattern: re.Pattern[str], find: Callable[[re.Match[str]], Find | None]
    ) -> Iterator[Find]:
        for each in pattern.finditer(self.text):
            if (match := self._free(each)) and (found := find(match)):
                self._take(found[0], found[1], _ADDRESS)
                yield found

    def _free(self, match: re.Match[str]) -> re.Match[str] | None:
        """The match, where nothing of it is taken; an address up to what is taken of its path."""
        taken = self.taken[match.start() : match.end()]
        free = match.start() + len(taken) - len(taken.lstrip(b"\0"))
        if free == match.end():
            return match
        in_path = match.groupdict().get("path") and match.start("path") <= free
        return match.re.match(self.text, match.start(), free) if in_path else None

    def _take(self, start: int, end: int, mark: int) -> None:
        self.taken[start:end] = bytes([mark]) * (end - start)

    def _url(self, match: re.Match[str]) -> Find | None:
        return self._longest(match, match.start(), sure=True)

    def _user(self, match: re.Match[str]) -> Find | None:
        bare = match["port"] is None and len(match["path"]) == 1
        if bare or is_mailbox(self.text, self.text.index(":", match.start())):
            return None  # the e-mail address after it
        return self._url(match)

    def _email(self, match: re.Match[str]) -> Find | None:
        end = match.start("host") + sentence_cut(match["host"], sure=True)
        return self._parsed(match.start(), end, "email")

    def _bare(self, match: re.Match[str]) -> Find | None:
        start, host = match.start(), match["host"]
        if (begin := sentence_start(host)) > 0:
            start, host = match.start("host") + begin, host[begin:]
        sure = host[:4].lower() == "www."
        if not (match["port"] or match["path"]):
            host = host[: sentence_cut(host, sure=sure)]
        path = match["path"] or ""
        told = match["port"] is not None or match[0].startswith("//")
        told = told or self.written.is_defanged(start, match.end("host"))
        introduced = is_introduced(self.text, start)
        if not is_address(host, path, told=told, introduced=introduced):
            return None
        return self._longest(match, start, sure=sure)

    def _ipv4_url(self, match: re.Match[str]) -> Find | None:
        end = trimmed_end(self.text, match.start(), match.end())
        path = self.text[match.start("path") : end]
        if match["port"] is None and is_network(match["host"] + path):
            self._take(match.start(), end, _ADDRESS)
            return None
        if match["port"] is None and _IPV4.fullmatch(path[1:]):
            return None  # two addresses
        return self._longest(match, match.start(), sure=True)

    def _ipv6_url(self, match: re.Match[str]) -> Find | None:
        if is_network6(match[0]):
            self._take(match.start(), match.end(), _ADDRESS)
            return None
        return self._to_its_end(match.start(), match.end())

    def _ipv4(self, match: re.Match[str]) -> Find | None:
        return None if is_version(self.text, match.start()) else self._parsed(*match.span(), None)

    def _ipv6(self, match: re.Match[str]) -> Find | None:
        whole = "::" in match[0] or match[0].count(":") == 7
        return self._parsed(*match.span(), "ipv6") if whole else None

    def _whole(self, kind: str | None) -> Callable[[re.Match[str]], Find | None]:
        return lambda match: self._parsed(*match.span(), kind)

    def _longest(self, match: re.Match[str], start: int, *, sure: bool) -> Find | None:
        """The whole address; where it cannot be read, without its query, then its host alone."""
        host, after = match.start("host"), match.end("host")
        if not (match["port"] or match["path"]):
            at = max(start, host)
            after = at + sentence_cut(self.text[at:after], sure=sure)
            return self._parsed(start, after, None)
        query = self.text.find("?", match.end("host"), match.end())
        for end in (match.end(), query, match.end("port"), after):
            if end > start and (found := self._to_its_end(start, end)):
                return found
        return None

    def _to_its_end(self, start: int, end: int) -> Find | None:
        """The address without the next sentence; where that may be its own end, both, the longer first."""
        whole, cut, certain = path_end(self.text, start, end)
        longer = self._parsed(start, whole, None)
        shorter = self._parsed(start, cut, None) if cut else None
        if shorter is None or (longer is None or (certain and longer[2].kind != "account")):
            return shorter or longer
        self.doubtful.append(shorter)
        return longer

    def _parsed(self, start: int, end: int, kind: str | None) -> Find | None:
        for text in self.written.readings(start, end):
            try:
                return start, end, parse(text, kind)
            except InvalidObservable:
                continue
        return None

    def _accounts(self) -> Iterator[Find]:
        for match in _accounts_of(here()).finditer(self.text):
            first = match.start("handle")
            end = trimmed_end(self.text, first, match.end("handle"))
            if self.taken[match.start()] or _ADDRESS in self.taken[first:end]:
                continue
            code = platform_names().get(match["platform"].lower())
            handle = self.text[first:end]
            if code and _likely_handle(match, handle):
                try:
                    yield match.start(), end, parse(f"{code}:{handle}", "account")
                except InvalidObservable:
                    continue


@lru_cache(maxsize=4)
def _accounts_of(country: Country) -> re.Pattern[str]:
    names = "|".join(sorted(map(re.escape, platform_names()), key=len, reverse=True))
    words = "|".join(map(re.escape, country.read("words")["handles"])) or "(?!)"
    return re.compile(
        rf"(?<![\w@./])(?P<platform>{names})(?:\s{{0,8}}+(?:{words})){{0,4}}\s{{0,8}}+(?P<mark>[:=]?)"
        r"\s{0,8}+(?P<handle>@?[\w+][\w.+·-]{1,75}(?:#\d{4})?)"
        r"(?=(?:[ \t]{1,4}+(?P<next>[^\W\d_]{1,20}))?)",
        re.IGNORECASE,
    )


def _likely_handle(match: re.Match[str], handle: str) -> bool:
    """`tiktok @ten` and `fb: ten.ai` are accounts; `facebook hay lắm` is talk, `fb: Mai Lan` a person's name."""
    platform = platforms()[platform_names()[match["platform"].lower()]]
    if handle.startswith("@"):
        return True
    digits = handle.lstrip("+").isdigit()
    if digits:
        return len(handle) >= 6
    if handle.isalpha() and not stands_alone(handle, match["next"] or ""):
        return False
    return (
        bool(match["mark"]) and handle.isascii() and bool(platform.handle.fullmatch(handle.lower()))
    )
