"""Host names: canonical form, the public suffix list, and what stands above a name.

The suffix list is Mozilla's (https://publicsuffix.org), as bundled with `publicsuffixlist`.
"""

import re
from collections.abc import Iterator
from functools import cache, lru_cache

import can_ada
import idna
from publicsuffixlist import PublicSuffixList

from lachan.formats.observables.record import InvalidObservable

MAX_NAME = 253  # RFC 1035, section 2.3.4, as text
# Underscores are no host name (RFC 952) but stand in DNS (RFC 2181, section 11) and on real block lists.
_PLAIN = re.compile(
    r"(?!.{254})(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)+(?!xn--)(?!\d+$)(?!0x[0-9a-f]*$)[a-z][a-z0-9-]{0,62}(?<!-)"
)
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")
_NOT_IN_NAMES = re.compile(r"[\s/\\@:?#\[\]%<>\"'`{}|^,;()!$&*+=~]")
# RFC 3490, section 3.1: the full stops of other scripts divide labels too.
DOTS = ".\u3002\uff0e\uff61"
_FOREIGN_DOT = re.compile("[\u3002\uff0e\uff61]")
# RFC 2606 and 6761, 7686: endings that the list leaves out and that people write all the same.
SPECIAL_USE = frozenset({"example", "test", "invalid", "onion"})


class _Suffixes(PublicSuffixList):
    def is_whole(self, name: str) -> bool:
        """As `is_public`, of a canonical name and at a quarter of the cost: an import asks it of every line."""
        rules, above = self._publicsuffix, name.partition(".")[2]
        if f"!{name}" in rules:
            return False
        if name in rules or f"*.{name}" in rules:
            return True
        return f"*.{above}" in rules and f"!{above}" not in rules


@cache
def _suffixes() -> _Suffixes:
    return _Suffixes(accept_unknown=False)


def is_plain_name(text: str) -> bool:
    """Whether `text` is a name of plain letters with two labels or more, and can be nothing else."""
    lowered = text.lower()
    return _PLAIN.fullmatch(lowered) is not None and "xn--" not in lowered


def dots_folded(text: str) -> str:
    """The full stops of other scripts as U+002E, one for one."""
    return _FOREIGN_DOT.sub(".", text)


def canonical_name(text: str) -> str:
    """The A-label form of a host name: lower case, UTS 46, no trailing dot.

    Sources: WHATWG URL, section 3.3 (domain to ASCII, by can_ada); RFC 1035, section 2.3.4 (lengths).

    Raises:
        InvalidObservable: bad-characters, no-dot, label-too-long, name-too-long, bad-host, empty.
    """
    name = text.lower() if text.isascii() else dots_folded(text)
    name = name.removesuffix(".")
    # The usual case costs one match: plain letters, no IDN to decode, no number to be an address.
    if _PLAIN.fullmatch(name) and "xn--" not in name:
        return name
    return _slow_name(name)


def _slow_name(name: str) -> str:
    if not name:
        raise InvalidObservable("empty")
    if _NOT_IN_NAMES.search(name):
        raise InvalidObservable("bad-characters")
    if len(name) > 1000:
        raise InvalidObservable("name-too-long")
    if name.isascii():
        _check_lengths(name)
    try:
        ascii_name: str = can_ada.parse(f"http://{name}/").hostname
    except ValueError:
        raise InvalidObservable("bad-host") from None
    ascii_name = ascii_name.rstrip(".")
    _check_lengths(ascii_name)
    labels = ascii_name.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidObservable("bad-characters")
    if labels[-1].isdigit():
        raise InvalidObservable("bad-host")  # an IPv4 address, or half of one
    if len(labels) == 1 and not is_public_suffix(ascii_name):
        raise InvalidObservable("no-dot")
    return ascii_name


def _check_lengths(name: str) -> None:
    if len(name) > MAX_NAME:
        raise InvalidObservable("name-too-long")
    for label in name.split("."):
        if len(label) > 63:
            raise InvalidObservable("label-too-long")
        if not label:
            raise InvalidObservable("bad-host")


def to_unicode(name: str) -> str:
    """The U-label form for people; a label that does not decode stays as it is."""
    if "xn--" not in name:
        return name
    return ".".join(_label_to_unicode(label) for label in name.split("."))


def _label_to_unicode(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return idna.ulabel(label)
    except (idna.IDNAError, UnicodeError):
        return label


@lru_cache(maxsize=65536)
def public_suffix(name: str) -> str | None:
    """The suffix under which the public registers names; None where the list knows none."""
    if len(name) > MAX_NAME:
        return None
    if name.rpartition(".")[2] in SPECIAL_USE:
        return name.rpartition(".")[2]
    suffix: str | None = _suffixes().publicsuffix(name)
    return suffix


def is_public_suffix(name: str) -> bool:
    """Whether the public registers names directly below `name` (com, com.vn, pages.dev)."""
    return name in SPECIAL_USE or _suffixes().is_whole(name)


@cache
def _registries() -> _Suffixes:
    return _Suffixes(accept_unknown=False, only_icann=True)


def is_registry(name: str) -> bool:
    """Whether names directly below `name` are everybody's, by a registry (com, com.vn), and not one holder's to give away
    (pages.dev).
    """
    return name in SPECIAL_USE or _registries().is_whole(name)


def registrable_domain(name: str) -> str | None:
    """The public suffix and one label: what somebody registered; None for a suffix itself."""
    suffix = public_suffix(name)
    if (
        suffix is None
    ):  # an ending that is newer than the list: its last label stands for the suffix
        suffix = name.rpartition(".")[2]
    if len(name) <= len(suffix):
        return None
    return f"{name[: -len(suffix) - 1].rpartition('.')[2]}.{suffix}"


def suffixes(name: str) -> Iterator[str]:
    """The name itself, then each name above it down to the last label."""
    while True:
        yield name
        _, dot, name = name.partition(".")
        if not dot:
            return
