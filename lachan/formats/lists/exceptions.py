"""What a list itself lets through: no such value is blocked by that list, whatever the order of its lines.

A list's exceptions may stand below what they are taken from, so they are collected before anything is read
for good. Only they are held, never the list.
"""

import dataclasses
import re
import sys
from collections.abc import Iterator

from lachan.formats.lists.record import MAX_SHOWN, Entry, Rejected, UnreadableList
from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable, Observable

# A comment, a name, an address with names as in hosts files, a URL: most of what ever comes.
_ODD = re.compile(
    rb"^(?![ \t]*+(?:[#!;][^\n]*|[\w\x80-\xff][\w.\x80-\xff-]*|https?://[^\s*]+|[\da-fA-F.:]+(?:[ \t]+[\w.\x80-\xff-]+)+)?"
    rb"[ \t]*+(?:#[^\n]*)?\r?$)[^\n]+",
    re.MULTILINE,
)
# What nothing but names, addresses and titles consist of: such blocks need no look at their lines.
_USUAL = b"abcdefghijklmnopqrstuvwxyz0123456789.-_:%# \r\n"
_WORDS = (b"cname", b"local-", b"- ", b":\n", b":\r")
_MARKS = (
    *(b"@", b"badfilter", b"cname", b"local-", b"address", b"server", b"local="),
    *(b"domain", b"host", b"ip-cidr", b"ip6-cidr", b"{", b",", b";", b"\t"),
)
_OPENS = (b":", b"[", b"]", b"{", b"(", b"=")
_MOST = 1_000_000


class TooMuchLetThrough(UnreadableList):
    """A list lets more through than can be held; with less of it, what it lets through would be blocked."""


class Exceptions:
    """What one list lets through."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str], int] = {}
        self._below: set[str] = set()
        self._parts: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._exact)

    def add(self, item: Rejected) -> None:
        """Keep what a refused line lets through, if it does.

        Raises:
            TooMuchLetThrough: there is more than can be held.
        """
        if item.lets is None:
            return
        try:
            value = parse(item.lets.text, item.lets.kind)
        except InvalidObservable:
            return
        removed = item.reason == "removal"
        self._exact[value.kind, value.value] = item.line if removed else sys.maxsize
        if not removed:
            if item.lets.below and value.kind == "domain":
                self._below.add(value.value)
            for name in list(_names(value))[value.kind == "domain" :]:
                self._parts.setdefault(name, value.value)
        if len(self._exact) > _MOST or len(self._parts) > 4 * _MOST:
            raise TooMuchLetThrough("the list lets through more than a million values: divide it")

    def judge(self, item: Entry | Rejected) -> Entry | Rejected:
        """An entry as it is, with what of it is let through, or refused because it is itself."""
        if isinstance(item, Rejected):
            return item
        value = item.observable
        if (line := self._exact.get((value.kind, value.value), 0)) > item.line:
            reason = "let-through" if line == sys.maxsize else "removal"
            return Rejected(item.line, reason, value.value[:MAX_SHOWN])
        if self._below and not self._below.isdisjoint(_names(value)):
            return Rejected(item.line, "let-through", value.value[:MAX_SHOWN])
        if value.kind == "domain" and (part := self._parts.get(value.value)):
            return dataclasses.replace(item, lets=part)
        return item


def _names(value: Observable) -> Iterator[str]:
    """The name of a domain or a URL's host, and each above it."""
    if value.kind == "url":
        kind, name = host_of(value.value)
        if kind != "domain":
            return
    elif value.kind == "domain":
        name = value.value
    else:
        return
    while name:
        yield name
        name = name.partition(".")[2]


def may_let_through(block: bytes) -> bool:
    """Whether among whole lines is one that may let something through, or open a part that does.

    Cheap, so that lists without exceptions are read once and not twice.
    """
    low = block.lower()
    if not (low.translate(None, _USUAL) or any(word in low for word in _WORDS)):
        return False
    for odd in _ODD.finditer(block):
        line = odd[0].strip().lower()
        if line.endswith(_OPENS) or line.startswith((b"+ ", b"- ")) or b"|" in line.strip(b"|"):
            return True
        if any(mark in line for mark in _MARKS):
            return True
    return False
