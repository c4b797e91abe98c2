"""Screening of an imported list, item by item: fresh, guarded, known already, unusable."""

import dataclasses
from collections import Counter
from collections.abc import Iterable

from lachan.formats.guard.rules import Guard
from lachan.formats.lists.record import Entry, Rejected
from lachan.formats.observables.record import Observable
from lachan.formats.sharing import Reach, Tlp, sees

from .bulk_sql import states_of
from .models import Indicator
from .queries import AGAIN, SHARED, sight_of
from .records import GuardWarning, Status

_OWN = "own"
_PART = "the list lets a part of it through, which would be blocked with it"
Key = tuple[str, str]


@dataclasses.dataclass(slots=True)
class Screened:
    """What became of the items of one chunk.

    Attributes:
        fresh: to be published.
        narrow: those of them of which there are entries for fewer eyes.
        guarded: to be proposed, each with why.
        waiting: how many of those that the guard warns of were decided on, or wait, already.
        overtaken: state → how many of the fresh were merely proposed, or rejected, before.
        duplicate: how many are published, or stand twice in the list.
        rejected: what cannot be used.
    """

    fresh: list[Observable] = dataclasses.field(default_factory=list)
    narrow: list[Observable] = dataclasses.field(default_factory=list)
    guarded: list[tuple[Observable, tuple[GuardWarning, ...]]] = dataclasses.field(
        default_factory=list
    )
    waiting: int = 0
    overtaken: Counter[str] = dataclasses.field(default_factory=Counter)
    duplicate: int = 0
    rejected: list[Rejected] = dataclasses.field(default_factory=list)


class Screener:
    """Screens the chunks of one list.

    Attributes:
        owner: whose list it is: what that organisation does not see does not count.
        remember: keep what was seen: a dry run leaves nothing in the database that would.
    """

    def __init__(self, guard: Guard, *, owner: int | None, remember: bool) -> None:
        self._guard = guard
        self._sight = sight_of(owner)
        self._remember = remember
        self._seen: set[Key] = set()

    def screen(self, chunk: list[Entry | Rejected]) -> Screened:
        """Ask the database once for each kind in the chunk; hold the ledger's lock while that must stay true."""
        found = Screened()
        asked: dict[Key, Entry] = {}
        for item in chunk:
            if isinstance(item, Rejected):
                found.rejected.append(item)
                continue
            key = (item.observable.kind, item.observable.value)
            if key in self._seen or key in asked:
                found.duplicate += 1
            else:
                asked[key] = item
        if self._remember:
            self._seen.update(asked)
        known = self._known(asked)
        for key, entry in asked.items():
            self._place(found, entry, known.get(key, frozenset()))
        return found

    def _place(self, found: Screened, entry: Entry, states: frozenset[str]) -> None:
        observable = entry.observable
        if Status.PUBLISHED in states:
            found.duplicate += 1
            return
        # A proposal, or one person's no, holds nothing off a list that somebody vouches for as a whole.
        before = states & {Status.PROPOSED, Status.REJECTED}
        if warnings := self._warnings(entry, states):
            if before:
                found.waiting += 1
            else:
                found.guarded.append((observable, warnings))
        else:
            found.fresh.append(observable)
            found.overtaken.update(before)
            if _OWN in states:
                found.narrow.append(observable)

    def _warnings(self, entry: Entry, states: frozenset[str]) -> tuple[GuardWarning, ...]:
        again = (AGAIN,) if Status.WITHDRAWN in states else ()
        if entry.lets:
            again = (GuardWarning("lets-part-through", entry.lets, _PART), *again)
        return self._guard.check(entry.observable) + again

    def _known(self, asked: Iterable[Key]) -> dict[Key, frozenset[str]]:
        """In which states each of these values already is: on the shared list, and `own` below it."""
        known: dict[Key, set[str]] = {}
        by_kind: dict[str, list[str]] = {}
        for kind, value in asked:
            by_kind.setdefault(kind, []).append(value)
        for kind, values in by_kind.items():
            for value, status, tlp, owner in states_of(Indicator, kind, values):
                reach = Reach(Tlp(tlp).level, owner or 0)
                seen = tlp in SHARED and sees(self._sight, reach)
                known.setdefault((kind, value), set()).add(status if seen else _OWN)
        return {key: frozenset(states) for key, states in known.items()}
