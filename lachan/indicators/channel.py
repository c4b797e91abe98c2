"""The base of every channel: one audience's list in one form, for one sort of client.

The form writes and reads the bytes (`formats/lists`); a channel says what goes into it. It is a folder in
`channels/` with a `channel.py`; `channels()` finds it, the API serves it, and one contract test holds it to
what every list promises: it can be read back, a withdrawal reaches it, no byte goes to whom it is not for,
and one bad record spoils itself alone.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple

from django.utils.functional import Promise

from lachan.formats.lists.form import Form
from lachan.formats.lists.reading import forms
from lachan.kernel.discovery import discover

from .records import Effect, LedgerEntry

log = logging.getLogger(__name__)

TITLE = "Lá Chắn"
_NO_FACTS: Mapping[str, Any] = {}


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
        name: as in /v1/lists/<name>, and that of its form.
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

    @cached_property
    def form(self) -> Form:
        """What writes it: the form of the same name."""
        return forms()[self.name]

    def notes(self, notes: Notes) -> Mapping[str, str]:
        """What opens a whole list, in forms that have comments."""
        return {"title": TITLE, "audience": notes.audience, "sequence": str(notes.sequence)}

    def facts(self, entry: LedgerEntry) -> Mapping[str, Any]:
        """What a record says beside kind and value, in forms that can."""
        return _NO_FACTS

    def examples(self) -> list[Example]:
        raise NotImplementedError

    def whole(self, entries: Iterable[LedgerEntry], notes: Notes) -> Iterator[bytes]:
        """A list, in pieces of some kilobytes."""
        yield self.form.head(self.notes(notes)).encode()
        yield from self._pieces(entries, delta=False)

    def delta(self, entries: Iterable[LedgerEntry]) -> Iterator[bytes]:
        """What changed, in the order in which it did."""
        yield from self._pieces(entries, delta=True)

    def _pieces(self, entries: Iterable[LedgerEntry], *, delta: bool) -> Iterator[bytes]:
        line, change, facts = self.form.line, self.form.change, self.facts
        held: list[str] = []
        for entry in entries:
            kind, value = entry.kind, entry.value
            written: str | None = None
            # What cannot stand alone on a line would bring a line of its own into the list.
            if value.isprintable() and value and " " not in value:
                if delta:
                    removed = entry.effect is Effect.REMOVE
                    written = change(kind, value, facts(entry), removed=removed)
                else:
                    written = line(kind, value, facts(entry))
            if written is None:
                log.warning("ledger row %s is left out of %s", entry.seq, self.name)
                continue
            held.append(written)
            if len(held) >= 1000:
                yield "".join(held).encode()
                held.clear()
        yield "".join(held).encode()


@cache
def channels() -> dict[str, Channel]:
    """Every channel by name."""
    return discover("lachan.indicators.channels", Channel, module="channel")
