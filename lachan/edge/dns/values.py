"""Parsers of single settings, whether they come from a flag, the environment or the policy file."""

import ipaddress
import re
from collections.abc import Iterable
from pathlib import Path

from lachan.edge.dns.local import canaries_known, forward_names
from lachan.edge.dns.policy import EDE_CODES
from lachan.formats.classification.categories import UnknownCategory, category_filter
from lachan.kernel.bounds import number_read


def address_parse(text: str, port: int) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`.

    Raises:
        ValueError: none of these.
    """
    host, _, tail = text.strip().rpartition(":")
    if text.startswith("["):
        bracket, _, rest = text[1:].partition("]")
        host, tail = bracket, rest.removeprefix(":") or str(port)
    elif ":" in host or not host:
        host, tail = text.strip(), str(port)
    number = number_read(tail, high=0xFFFF)
    if number is None:
        raise ValueError("no usable port: a number up to 65535 is wanted")
    try:
        return str(ipaddress.ip_address(host)), number
    except ValueError:
        raise ValueError("not an IP address, with or without a port") from None


def address_shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def addresses_parse(text: str, port: int) -> tuple[tuple[str, int], ...]:
    words = [word for word in text.replace(",", " ").split() if word]
    return tuple(address_parse(word, port) for word in words)


def listened_parse(text: str, port: int) -> tuple[tuple[str, int], ...]:
    """Addresses to listen on; `none` is none.

    Raises:
        ValueError: one is none.
    """
    return () if text.strip().lower() == "none" else addresses_parse(text, port)


def resolvers_of_system(path: Path = Path("/etc/resolv.conf")) -> str:
    """The nameservers that this machine itself uses; empty where it names none."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    words = [line.split() for line in lines]
    found = [word[1].partition("%")[0] for word in words if word[:1] == ["nameserver"] and word[1:]]
    return " ".join(found)


def page_parse(addresses: list[str]) -> dict[str, tuple[str, ...]]:
    """Addresses of the block page by family, four of each at most: the answer must fit any packet.

    Raises:
        ValueError: not an IP address.
    """
    try:
        parsed = [ipaddress.ip_address(word) for word in addresses]
    except ValueError:
        raise ValueError("not an IP address, or one with a port") from None
    return {
        "page_ipv4": tuple(str(one) for one in parsed if one.version == 4)[:4],
        "page_ipv6": tuple(str(one) for one in parsed if one.version == 6)[:4],
    }


def appeal_parse(text: str) -> str:
    """Where to appeal, as it fits beside a category into EXTRA-TEXT (`Policy.extra_text`).

    Raises:
        ValueError: it would be cut, or holds what cannot be shown.
    """
    if len(text.strip().encode()) > 100 or not text.isprintable():
        raise ValueError("one line of at most 100 bytes is wanted, or it would be cut")
    return text.strip()


def forward_parse(words: Iterable[str]) -> frozenset[str]:
    """The names that are asked upstream; `none` is none.

    Raises:
        ValueError: see `forward_names`.
    """
    return forward_names(word for word in words if word.strip().lower() != "none")


def words_of(text: str) -> list[str]:
    """What stands between blanks, commas and semicolons."""
    return [word for word in re.split(r"[\s,;]+", text) if word]


def categories_parse(words: Iterable[str]) -> frozenset[str] | None:
    """The codes that are blocked; none named, or `all`, is all, which is None.

    Raises:
        ValueError: there is no such category.
    """
    named = [one for word in words for one in words_of(word)]
    if any(one.lower() == "all" for one in named):
        return None
    try:
        return category_filter(named) or None
    except UnknownCategory as error:
        raise ValueError(str(error)) from None


def canaries_parse(words: Iterable[str]) -> frozenset[str]:
    """The canaries that are answered; `none` is none.

    Raises:
        ValueError: there is no such canary.
    """
    known = canaries_known()
    named = {word.strip().lower() for word in words} - {"none"}
    for word in sorted(named.difference(known)):
        raise ValueError(f"{word[:40]!r} is no canary; there are: {', '.join(known)}, or none")
    return frozenset(named)


def ede_parse(word: str) -> int:
    """The code of RFC 8914.

    Raises:
        ValueError: none of ours.
    """
    if word not in EDE_CODES:
        raise ValueError(f"ede is one of {', '.join(EDE_CODES)}")
    return EDE_CODES[word]
