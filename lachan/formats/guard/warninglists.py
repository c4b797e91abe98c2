"""MISP warning lists: what an operator's list says is no sign of harm.

Source: MISP/misp-warninglists, `schema.json`; what each type means, MISP's `app/Model/Warninglist.php`. Whatever
of a list cannot be honoured is named and counted, never taken in silence.
"""

import dataclasses
import ipaddress
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from lachan.formats.guard.records import UnusableList
from lachan.formats.observables.names import canonical_name
from lachan.formats.observables.parsing import kinds, parse
from lachan.formats.observables.record import InvalidObservable, Observable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAMES = frozenset({"domain", "url"})
_ADDRESSES = frozenset({"ipv4", "ipv6"})
_BESIDE = frozenset({"filename", "port"})  # of a joined type: the part that says nothing
_SHORTEST = 3
_DELIMITED = re.compile(r"([/#~!%@])(.*)\1([a-zA-Z]*)", re.DOTALL)
# What people ask for where no kind fits a text at once: "com" as a name, "1022" as a number.
_ASKED = ("phone", "domain", "url", "email")


@dataclasses.dataclass
class WarningList:
    """What a list holds back, by how it is asked for.

    Attributes:
        kinds: those of its matching attributes that are kinds of ours; all where it names none.
        unused: its matching attributes that are not.
        names: host names, each for itself and its site's front page.
        mail: names at which an e-mail address is held back.
        values: observables, each for itself.
        networks: addresses.
        parts: texts that a value must not hold, lower case.
        patterns: the same as regular expressions.
        taken: entries that are in use.
        refused: reason → entries that are not.
    """

    name: str
    reason: str
    kinds: frozenset[str]
    unused: tuple[str, ...] = ()
    names: list[str] = dataclasses.field(default_factory=list)
    mail: list[str] = dataclasses.field(default_factory=list)
    values: list[Observable] = dataclasses.field(default_factory=list)
    networks: list[Network] = dataclasses.field(default_factory=list)
    parts: list[str] = dataclasses.field(default_factory=list)
    patterns: list[re.Pattern[str]] = dataclasses.field(default_factory=list)
    taken: int = 0
    refused: Counter[str] = dataclasses.field(default_factory=Counter)


def warning_list_read(raw: bytes) -> WarningList:
    """Reads one list.

    Raises:
        UnusableList: it is no warning list, of a type that MISP does not have, or says nothing about any kind of
            ours; the message says which.
    """
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        raise UnusableList("it is no JSON") from None
    if not isinstance(data, dict) or not isinstance(entries := data.get("list"), list):
        raise UnusableList('it is no MISP warning list: it has no "list"')
    take = _TAKERS.get(kind := str(data.get("type", "string")))
    if take is None:
        raise UnusableList(f"type {kind[:20]!r} is none of: {', '.join(_TAKERS)}")
    known, unused = _kinds_of(data.get("matching_attributes"), searches=kind in _SEARCHES)
    if not known:
        raise UnusableList(f"it is about none of our kinds, but: {', '.join(unused)}")
    name = str(data.get("name") or "a warning list")[:100]
    found = WarningList(name, str(data.get("description") or name)[:200], known, unused)
    for entry in entries:
        try:
            take(found, _text_of(entry))
        except InvalidObservable as error:
            found.refused[error.reason] += 1
        except _Unfit as error:
            found.refused[str(error)] += 1
        else:
            found.taken += 1
    if not found.taken:
        raise UnusableList(f"no entry can be used: {', '.join(found.refused) or 'it is empty'}")
    return found


class _Unfit(ValueError):
    """An entry that cannot be used; its text is the reason's code."""


def _text_of(entry: Any) -> str:
    if not isinstance(entry, str) or not (text := entry.strip()):
        raise _Unfit("not-text")
    return text


def _kinds_of(attributes: Any, *, searches: bool) -> tuple[frozenset[str], tuple[str, ...]]:
    """The kinds that a list is about, and the attributes that are none of ours; MISP takes none for all.

    A list that searches for texts means what it names singly: disposable mail hosts are looked for in e-mail
    addresses, and in `domain|ip`, which is no kind here; `99.com` in every name would hold back thousands.
    """
    if not isinstance(attributes, list) or not attributes:
        return frozenset(kinds()), ()
    meant = {name: _meant(name) for name in map(str, attributes)}
    single = {name: found for name, found in meant.items() if found and "|" not in name}
    if searches and single:
        meant = dict.fromkeys(meant, frozenset()) | single
    unused = tuple(name[:40] for name, found in meant.items() if not found)
    return frozenset().union(*meant.values()), unused


def _meant(attribute: str) -> frozenset[str]:
    """The kinds that one of MISP's types means (PyMISP, describeTypes.json); one that joins two by a bar means
    what its parts mean.
    """
    parts = {*attribute.split("|")} - _BESIDE
    return frozenset(name for name, kind in kinds().items() if parts & {*kind.misp.split()})


def _take_host(found: WarningList, text: str) -> None:
    """MISP: the host of a value, or a name above it."""
    if found.kinds & _ADDRESSES and (network := _network(text)) is not None:
        _add_network(found, network)
        return
    host = text.partition("://")[2] or text
    name = canonical_name(_bare(host.partition("/")[0].partition(":")[0]))
    if not found.kinds & (_NAMES | {"email"}):
        raise _Unfit("other-kind")
    if found.kinds & _NAMES:
        found.names.append(name)
    if "email" in found.kinds:
        found.mail.append(name)


def _take_value(found: WarningList, text: str) -> None:
    """MISP: the very value. A joined one, `name|digest`, is each of its parts that is of the list's kinds."""
    refused: Exception | None = None
    some = False
    for part in text.split("|"):
        try:
            _take_part(found, part.strip())
        except (InvalidObservable, _Unfit) as error:
            refused = refused or error
        else:
            some = True
    if refused and not some:
        raise refused


def _take_part(found: WarningList, text: str) -> None:
    if found.kinds & _ADDRESSES and (network := _network(text)) is not None:
        _add_network(found, network)
        return
    observable = _observable(_bare(text), found.kinds)
    if observable.kind == "domain":
        found.names.append(observable.value)
    else:
        found.values.append(observable)


def _observable(text: str, wanted: frozenset[str]) -> Observable:
    """`text` as a kind that is wanted; a name is also what a list about web addresses means."""
    try:
        guessed = parse(text)
    except InvalidObservable:
        guessed = None
    if guessed and (guessed.kind in wanted or (guessed.kind == "domain" and "url" in wanted)):
        return guessed
    refused: InvalidObservable | None = None
    for kind in _ASKED:
        # A name and a password before a host would be read as the host alone.
        if kind in wanted and ("@" not in text or kind == "email"):
            try:
                return parse(text, kind)
            except InvalidObservable as error:
                refused = refused or error
    raise refused or _Unfit("other-kind")


def _take_network(found: WarningList, text: str) -> None:
    if (network := _network(text)) is None:
        raise _Unfit("no-network")
    _add_network(found, network)


def _add_network(found: WarningList, network: Network) -> None:
    if f"ipv{network.version}" not in found.kinds:
        raise _Unfit("other-kind")
    found.networks.append(network)


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _take_substring(found: WarningList, text: str) -> None:
    """MISP: anywhere in the value. Two letters would be in nearly every one."""
    if len(text) < _SHORTEST:
        raise _Unfit("too-short")
    found.parts.append(text.lower())


def _take_pattern(found: WarningList, text: str) -> None:
    """MISP: a pattern as PHP writes it, between two slashes and with flags; or bare."""
    if delimited := _DELIMITED.fullmatch(text):
        text = delimited[2]
    if len(text) < _SHORTEST:
        raise _Unfit("too-short")
    try:
        pattern = re.compile(text, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError):
        raise _Unfit("bad-pattern") from None
    if pattern.search(""):
        raise _Unfit("matches-everything")
    found.patterns.append(pattern)


def _bare(text: str) -> str:
    """`.name`, `*.name` and `name.` are the name."""
    return text.removeprefix("*").strip(".") if text.startswith(("*.", ".")) else text


_TAKERS: dict[str, Callable[[WarningList, str], None]] = {
    "string": _take_value,
    "hostname": _take_host,
    "substring": _take_substring,
    "regex": _take_pattern,
    "cidr": _take_network,
}

_SEARCHES = {"substring", "regex"}


class Parts:
    """Many texts at once: which of them stands in a value? By their first letters, so that thousands cost what one
    does.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        self._by_start: dict[str, list[str]] = {}
        for part in parts:
            self._by_start.setdefault(part[:_SHORTEST], []).append(part)

    def search(self, text: str) -> str | None:
        for at in range(len(text) - _SHORTEST + 1):
            for part in self._by_start.get(text[at : at + _SHORTEST], ()):
                if text.startswith(part, at):
                    return part
        return None
