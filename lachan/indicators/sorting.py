"""What becomes of each item of an imported list: fresh, guarded, known already, unusable."""

import dataclasses
from collections import Counter

from lachan.formats.lists.record import Entry, Rejected
from lachan.formats.observables.record import Observable

from .bulk import states_of
from .guard_rules import Guard
from .models import Indicator
from .reading import AGAIN, SHARED
from .records import GuardWarning, Status

_OWN = "own"
Key = tuple[str, str]


@dataclasses.dataclass(slots=True)
class Sorted:
    """One chunk, sorted.

    Attributes:
        fresh: to be published.
        narrow: those of them that single organisations keep to themselves until now.
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


class Sorter:
    """Sorts the chunks of one list.

    Attributes:
        remember: keep what was seen: a dry run leaves nothing in the database that would.
    """

    def __init__(self, guard: Guard, *, remember: bool) -> None:
        self._guard = guard
        self._remember = remember
        self._seen: set[Key] = set()

    def sort(self, chunk: list[Entry | Rejected]) -> Sorted:
        """Ask the database once for each kind in the chunk; hold the ledger's lock while that must stay true."""
        found = Sorted()
        asked: dict[Key, Observable] = {}
        for item in chunk:
            if isinstance(item, Rejected):
                found.rejected.append(item)
                continue
            key = (item.observable.kind, item.observable.value)
            if key in self._seen or key in asked:
                found.duplicate += 1
            else:
                asked[key] = item.observable
        if self._remember:
            self._seen.update(asked)
        known = _known(asked)
        for key, observable in asked.items():
            self._place(found, observable, known.get(key, frozenset()))
        return found

    def _place(self, found: Sorted, observable: Observable, states: frozenset[str]) -> None:
        if Status.PUBLISHED in states:
            found.duplicate += 1
            return
        # A proposal, or one person's no, holds nothing off a list that somebody vouches for as a whole.
        before = states & {Status.PROPOSED, Status.REJECTED}
        if warnings := self._warnings(observable, states):
            if before:
                found.waiting += 1
            else:
                found.guarded.append((observable, warnings))
        else:
            found.fresh.append(observable)
            found.overtaken.update(before)
            if _OWN in states:
                found.narrow.append(observable)

    def _warnings(self, observable: Observable, states: frozenset[str]) -> tuple[GuardWarning, ...]:
        again = (AGAIN,) if Status.WITHDRAWN in states else ()
        return self._guard.check(observable) + again


def _known(asked: dict[Key, Observable]) -> dict[Key, frozenset[str]]:
    """In which states each of these values already is: on the shared list, and `own` below it."""
    known: dict[Key, set[str]] = {}
    by_kind: dict[str, list[str]] = {}
    for kind, value in asked:
        by_kind.setdefault(kind, []).append(value)
    for kind, values in by_kind.items():
        for value, status, tlp in states_of(Indicator, kind, values):
            known.setdefault((kind, value), set()).add(status if tlp in SHARED else _OWN)
    return {key: frozenset(states) for key, states in known.items()}
