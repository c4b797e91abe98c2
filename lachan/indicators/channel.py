"""The base of every channel: how one audience's list is written for one sort of client.

A channel is a folder in `channels/` with a `channel.py`; `channels()` finds it, the API serves it, and one
contract test holds it to what every list promises: it can be read back, a withdrawal reaches it, no byte
goes to whom it is not for, and one bad record spoils itself alone.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import cache
from typing import ClassVar, NamedTuple

from django.utils.functional import Promise

from lachan.kernel.discovery import discover

from .records import Effect, LedgerEntry

log = logging.getLogger(__name__)


class BadRecord(ValueError):
    """A record cannot be written in this form without harming the rest of the list."""


class Notes(NamedTuple):
    """What opens a list: nothing that changes while the sequence stays the same."""

    audience: str
    sequence: int


class Example(NamedTuple):
    """A kind and value, and the line that it becomes."""

    kind: str
    value: str
    line: str


class Channel:
    """How a list is written.

    Attributes:
        name: as in /v1/lists/<name>.
        label: for people.
        kinds: which it can carry; empty for all.
        usual_kinds: which it carries when nobody asks for others; empty for all that it can.
        version: part of the validator that caches compare; raise it when the same entries give other bytes.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    content_type: ClassVar[str] = "text/plain; charset=utf-8"
    file_name: ClassVar[str] = ""
    kinds: ClassVar[frozenset[str]] = frozenset()
    usual_kinds: ClassVar[frozenset[str]] = frozenset()
    version: ClassVar[int] = 1

    def head(self, notes: Notes) -> str:
        """What stands before a whole list."""
        return ""

    def line(self, entry: LedgerEntry) -> str:
        """One record of a whole list, with its newline.

        Raises:
            BadRecord: it would spoil the list.
        """
        raise NotImplementedError

    def change(self, entry: LedgerEntry) -> str:
        """One record of a delta, with its newline: `+ ` and the line for an addition, `- ` for a removal.

        Raises:
            BadRecord: it would spoil the list.
        """
        return f"{'+' if entry.effect is Effect.ADD else '-'} {self.line(entry)}"

    def examples(self) -> list[Example]:
        raise NotImplementedError

    def whole(self, entries: Iterable[LedgerEntry], notes: Notes) -> Iterator[bytes]:
        """A list, in pieces of some kilobytes."""
        yield self.head(notes).encode()
        yield from self._pieces(entries, delta=False)

    def delta(self, entries: Iterable[LedgerEntry]) -> Iterator[bytes]:
        """What changed, in the order in which it did."""
        yield from self._pieces(entries, delta=True)

    def _pieces(self, entries: Iterable[LedgerEntry], *, delta: bool) -> Iterator[bytes]:
        write = self.change if delta else self.line
        held: list[str] = []
        for entry in entries:
            try:
                held.append(write(entry))
            except BadRecord:
                log.warning("ledger row %s is left out of %s", entry.seq, self.name)
            if len(held) >= 1000:
                yield "".join(held).encode()
                held.clear()
        yield "".join(held).encode()


def one_word(value: str) -> str:
    """`value`, if it can stand alone on a line.

    Raises:
        BadRecord: it holds blanks, line ends or other control characters.
    """
    if not value.isprintable() or not value or " " in value:
        raise BadRecord
    return value


@cache
def channels() -> dict[str, Channel]:
    """Every channel by name."""
    return discover("lachan.indicators.channels", Channel, module="channel")
