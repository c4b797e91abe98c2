"""The base of every channel: a form, a way, and what may be asked of it.

What is listed is the ledger's to say (the projection); how it is written, the form's (`lachan/formats`: pure,
one writer and reader of its kind); how it reaches whoever asks, the way's (`ways/`). A channel is a folder in
`channels/` that names one of each and says what a record tells. `channels()` finds it, and one contract test
holds it to what every list promises: it can be read back, a withdrawal reaches it, no byte goes to whom it is
not for, one bad record spoils itself alone, and any past comes back.
"""

import dataclasses
import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property
from typing import Any, ClassVar, NamedTuple

from django.utils.functional import Promise

from lachan.formats.classification.categories import category_code
from lachan.formats.lists.form import Form, Record
from lachan.formats.lists.parsing import forms
from lachan.formats.sharing import Viewer
from lachan.kernel.discovery import discover
from lachan.kernel.errors import InvalidInput

from .records import Effect, LedgerEntry

log = logging.getLogger(__name__)

TITLE = "Lá Chắn"
_NO_FACTS: Mapping[str, Any] = {}


class Notes(NamedTuple):
    """What opens a list: nothing that changes while the sequence stays the same."""

    audience: str
    sequence: int


class Example(NamedTuple):
    """A value that the channel carries."""

    kind: str
    value: str


@dataclasses.dataclass(frozen=True, slots=True)
class ListRequest:
    """What a client asks for.

    Attributes:
        since: changes after this sequence instead of the whole list.
        at: as it stood at this sequence; now, where it is None.
        as_of: as it stood at this moment, instead of `at`.
        kinds: only these; the channel's usual ones where it is empty.
        category: only this one and the finer ones below it.
        confidence: only with at least this.
    """

    since: int | None = None
    at: int | None = None
    as_of: datetime | None = None
    kinds: frozenset[str] = frozenset()
    category: str = ""
    confidence: int = 0

    def wants(self, entry: LedgerEntry) -> bool:
        """Whether an entry is of the kinds, category and confidence that were asked for."""
        if self.kinds and entry.kind not in self.kinds:
            return False
        if entry.confidence < self.confidence:
            return False
        return not self.category or f"{entry.category}.".startswith(f"{self.category}.")


@dataclasses.dataclass(frozen=True, slots=True)
class Settings:
    """What may be asked of a channel, and what it takes where nobody says.

    Attributes:
        usual_kinds: which it carries when nobody asks for others; empty for all that it can.
    """

    usual_kinds: frozenset[str] = frozenset()

    def checked(self, wanted: ListRequest, *, carried: frozenset[str]) -> ListRequest:
        """The request with what it leaves open filled in.

        Args:
            carried: the kinds that the channel can carry; empty for all.

        Raises:
            InvalidInput: it asks for what the channel does not have. UnknownCategory.
        """
        if wanted.at is not None and wanted.as_of is not None:
            raise InvalidInput("a list stands at a number or at a moment: give `at` or `as_of`")
        kinds = wanted.kinds or self.usual_kinds or carried
        if carried and not kinds <= carried:
            raise InvalidInput(f"this list carries only: {', '.join(sorted(carried))}")
        category = category_code(wanted.category) if wanted.category else ""
        return dataclasses.replace(wanted, kinds=kinds, category=category)


class Way:
    """How a channel's bytes reach whoever asks: from question to answer, without a transport's own words."""

    def serve(self, channel: "Channel", audience: Viewer, wanted: ListRequest) -> "ListResponse":
        """Prepare an answer; no row of the ledger is read before the first piece is taken.

        Args:
            wanted: as the channel's settings return it.

        Raises:
            SequenceAhead: the ledger does not reach that far yet, as far as the audience can know.
        """
        raise NotImplementedError


@dataclasses.dataclass(frozen=True, slots=True)
class ListResponse:
    """Attributes: sequence: where to go on with `since`; validator: changes when a byte would."""

    channel: "Channel"
    audience: Viewer
    sequence: int
    validator: str
    pieces: Iterator[bytes]


class Channel:
    """One audience's list in one form, by one way, for one sort of client.

    Attributes:
        name: as in /v1/lists/<name>, and that of its form.
        label: for people.
        way: how it is asked for.
        settings: what may be asked of it.
        version: part of the validator that caches compare; raise it when the same entries give other bytes.
        tells_firsts: its facts say when an indicator was first published; costs a question for each 2,000.
    """

    name: ClassVar[str] = ""
    label: ClassVar[str | Promise] = ""
    content_type: ClassVar[str] = "text/plain; charset=utf-8"
    file_name: ClassVar[str] = ""
    way: ClassVar[Way]
    settings: ClassVar[Settings] = Settings()
    version: ClassVar[int] = 1
    tells_firsts: ClassVar[bool] = False

    @cached_property
    def form(self) -> Form:
        """What writes and reads it."""
        return forms()[self.name]

    @property
    def kinds(self) -> frozenset[str]:
        """Which it can carry; empty for all."""
        return self.form.kinds

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
        records = map(self._record, entries)
        yield from self.form.write(records, self.notes(notes), left_out=self._left_out)

    def changes(self, entries: Iterable[LedgerEntry]) -> Iterator[bytes]:
        """What changed, in the order in which it did."""
        yield from self.form.write_changes(map(self._record, entries), left_out=self._left_out)

    def _record(self, entry: LedgerEntry) -> Record:
        removed = entry.effect is Effect.REMOVE
        return Record(entry.kind, entry.value, self.facts(entry), removed, entry.seq)

    def _left_out(self, record: Record) -> None:
        log.warning("ledger row %s is left out of %s", record.place, self.name)


@cache
def channels() -> dict[str, Channel]:
    """Every channel by name."""
    return discover("lachan.indicators.channels", Channel, module="channel")
