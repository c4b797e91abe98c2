"""Names that are answered here and never asked upstream: data/local-names.json, each row with its RFC.

Whoever asks upstream for them gets nothing, tells strangers what a household looks for (`.onion`, the
machines at home), or is led past this server (`_dns.resolver.arpa`). Canaries are names by which a network
asks browsers not to carry their questions elsewhere, as blocking needs.
"""

import ipaddress
import struct
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Literal

import msgspec

from lachan.edge.dns import answers
from lachan.edge.dns.question import (
    TYPE_A,
    TYPE_AAAA,
    TYPE_DS,
    TYPE_NS,
    TYPE_PTR,
    TYPE_SOA,
    Question,
    Rcode,
)
from lachan.kernel.dated import data_read

LocalAnswer = Literal["no-name", "no-data", "empty-zone", "loopback"]
TTL = 10_800
"""Of records and of a "no", as RFC 6303, section 3, has it."""
CANARY_TTL = 60
"""A canary that is given up should be noticed soon."""
_TO_NAME = b"\xc0\x0c"
_NOBODY = b"\x06nobody\x07invalid\0"
_LOOPBACK = {TYPE_A: bytes((127, 0, 0, 1)), TYPE_AAAA: bytes(15) + b"\1"}


class _Row(msgspec.Struct, frozen=True):
    names: list[str]
    answer: LocalAnswer
    source: str


class _Networks(msgspec.Struct, frozen=True):
    networks: list[str]
    source: str


class _Canary(msgspec.Struct, frozen=True):
    canary: str
    names: list[str]
    source: str


class _Pointers(msgspec.Struct, frozen=True):
    addresses: list[str]
    name: str
    source: str


class LocalNames(msgspec.Struct, frozen=True):
    """The names of the data file."""

    names: list[_Row]
    networks: list[_Networks]
    pointers: _Pointers
    canaries: list[_Canary]


@cache
def local_names() -> LocalNames:
    return msgspec.convert(data_read("lachan.edge.dns", "local-names"), LocalNames)


@cache
def canaries_known() -> tuple[str, ...]:
    return tuple(row.canary for row in local_names().canaries)


def name_wire(name: str) -> bytes:
    """A name in wire form without root, lower case.

    Raises:
        ValueError: it is no name.
    """
    labels = name.strip().rstrip(".").lower().split(".")
    if not all(0 < len(label) < 64 and label.isascii() for label in labels):
        raise ValueError(f"{name[:80]!r} is no name and no network")
    return b"".join(bytes((len(label),)) + label.encode() for label in labels)


def reverse_names(network: str) -> Iterator[str]:
    """The reverse zones of a network: at the next octet or hexadecimal digit where it ends between two.

    Raises:
        ValueError: it is no network.
    """
    whole = ipaddress.ip_network(network.strip(), strict=False)
    step, digits = (8, 4) if whole.version == 4 else (4, 32)
    for part in whole.subnets(new_prefix=-(-whole.prefixlen // step) * step):
        pointer = part.network_address.reverse_pointer.split(".")
        yield ".".join(pointer[digits - part.prefixlen // step :])


def forward_names(words: Iterable[str]) -> frozenset[str]:
    """The names that upstream shall answer although they are answered here, from names and networks.

    Raises:
        ValueError: one is neither, or is asked upstream anyway.
    """
    found = set()
    for word in words:
        for name in reverse_names(word) if "/" in word else (word,):
            wire = name_wire(name)
            if not any(wire[at:] in _reserved() for at in suffixes(wire)):
                raise ValueError(f"{word[:80]!r} is asked upstream anyway")
            found.add(name.strip().rstrip(".").lower())
    return frozenset(found)


@cache
def _reserved() -> dict[bytes, LocalAnswer]:
    data = local_names()
    rules = {name_wire(name): row.answer for row in data.names for name in row.names}
    for row in data.networks:
        for network in row.networks:
            rules |= dict.fromkeys(map(name_wire, reverse_names(network)), "empty-zone")
    return rules


@cache
def _pointers() -> frozenset[bytes]:
    addresses = local_names().pointers.addresses
    return frozenset(name_wire(ipaddress.ip_address(one).reverse_pointer) for one in addresses)


@cache
def _canaries() -> dict[bytes, str]:
    rows = local_names().canaries
    return {name_wire(name): row.canary for row in rows for name in row.names}


@lru_cache(maxsize=256)
def _forwarded(forward: frozenset[str]) -> frozenset[bytes]:
    return frozenset(map(name_wire, forward))


def suffixes(wire: bytes) -> Iterator[int]:
    """Where a wire name and each of its parents begin."""
    at = 0
    while at < len(wire):
        yield at
        at += 1 + wire[at]


def reserved(wire: bytes) -> bool:
    """Whether a name is one that a policy may have answered here."""
    known, canaries = _reserved(), _canaries()
    return any(wire[at:] in known or wire[at:] in canaries for at in suffixes(wire))


def local_reply(
    question: Question, forward: frozenset[str], canaries: frozenset[str]
) -> bytes | None:
    """The reply to a question that is answered here; None where it is asked upstream.

    The nearest of its parents that has a rule decides, so that part of a zone can be forwarded.
    """
    wire = question.wire
    forwarded, told, known = _forwarded(forward), _canaries(), _reserved()
    for at in suffixes(wire):
        name = wire[at:]
        if name in forwarded:
            return None
        rule = "no-name" if told.get(name) in canaries else known.get(name)
        if rule is not None:
            return _reply(question, rule, at)
    return None


def _reply(question: Question, rule: LocalAnswer, at: int) -> bytes | None:
    """`at`: where in the name the rule's own begins."""
    kind, apex = question.qtype, at == 0
    zone = 0xC000 | (12 + at)
    reserved = question.wire[at:] in _reserved()
    no = (1, _soa(zone, TTL if reserved else CANARY_TTL))
    record: bytes | None = None
    if rule == "no-name":
        return answers.reply(question, Rcode.NXDOMAIN, authority=no)
    if rule == "loopback":
        record = _LOOPBACK.get(kind)
    elif rule == "empty-zone":
        if apex and kind == TYPE_DS:
            return (
                None  # the parent's, where a validator reads that nothing is signed here (RFC 8375)
            )
        if apex and kind == TYPE_SOA:
            return answers.reply(question, Rcode.NOERROR, answers=no)
        if apex and kind == TYPE_NS:
            record = _TO_NAME
        elif question.wire in _pointers():
            record = name_wire(local_names().pointers.name) + b"\0" if kind == TYPE_PTR else None
        elif not apex and not any(name.endswith(question.wire) for name in _pointers()):
            return answers.reply(question, Rcode.NXDOMAIN, authority=no)
    if record is None:
        return answers.reply(question, Rcode.NOERROR, authority=no)
    fixed = struct.pack(">HHIH", kind, 1, TTL, len(record))
    return answers.reply(question, Rcode.NOERROR, answers=(1, _TO_NAME + fixed + record))


def _soa(zone: int, ttl: int) -> bytes:
    """The SOA of RFC 6303, section 3, by which a "no" is kept (RFC 2308)."""
    names = struct.pack(">H", zone) + _NOBODY
    fixed = struct.pack(">HHHIH", zone, TYPE_SOA, 1, ttl, len(names) + 20)
    return fixed + names + struct.pack(">IIIII", 1, 3600, 1200, 604_800, ttl)
