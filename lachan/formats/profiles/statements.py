"""A child's rules as parts of sentences, each rule one: pages put them into words."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from lachan.formats.profiles.records import BREAK, EXAM, HOLIDAY
from lachan.formats.profiles.rules import Budget, Rules, Slot

StatementKind = Literal[
    "bedtime", "homework", "at-times", "only-at", "always", "budget", "safe-search", "ways-round"
]
DaysName = Literal[
    "every-day", "school-nights", "free-nights", "school-days", "free-days", "weekdays", "weekend", "these"
]  # fmt: skip
_NAMES: dict[frozenset[int], DaysName] = {
    frozenset(range(10)): "every-day",
    frozenset({6, 0, 1, 2, 3, EXAM}): "school-nights",
    frozenset({4, 5, HOLIDAY, BREAK}): "free-nights",
    frozenset({0, 1, 2, 3, 4, EXAM}): "school-days",
    frozenset({5, 6, HOLIDAY, BREAK}): "free-days",
    frozenset(range(5)): "weekdays",
    frozenset({5, 6}): "weekend",
}


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """When: "on school nights from 21:00 until 06:00 the next day".

    Attributes:
        days: their name, or `these` where only their list tells them.
        kinds: that list (`records.DayKind`), in the order of a week that begins on Monday.
        start, end: quarters of an hour; 96 is 24:00.
        next_day: the end is on the next day.
    """

    days: DaysName
    kinds: tuple[int, ...]
    start: int
    end: int
    next_day: bool


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence's parts.

    Attributes:
        kind: `only-at`: blocked but at `times`. `at-times`: blocked then. `always`: blocked at any time.
        everything: every name; then nothing is named.
        services, categories: codes, sorted; a group's stands for its services.
        closed: of `ways-round`: closed, not only shown.
        budget: of `budget`.
    """

    kind: StatementKind
    everything: bool = False
    services: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    times: tuple[Times, ...] = ()
    closed: bool = False
    budget: Budget | None = None


def statements(rules: Rules) -> tuple[Statement, ...]:
    """Each rule in the order in which a parent reads them: the night first, what is always so last.

    Slots that differ in their times alone are one sentence. Whoever passes rules with groups gets groups back.
    """
    blocking = [slot for slot in rules.slots if slot.effect == "block"]
    opening = [slot for slot in rules.slots if slot.effect == "open"]
    found = [
        _slots_said(kind, slots)
        for kind in ("bedtime", "homework", "schedule")
        for slots in _alike(slot for slot in blocking if slot.why == kind)
    ]
    found += [_slots_said("open", slots) for slots in _alike(opening)]
    services = rules.services.difference(*(slot.services for slot in opening))
    categories = rules.categories.difference(*(slot.categories for slot in opening))
    if services:
        found.append(Statement(kind="always", services=tuple(sorted(services))))
    if categories:
        found.append(Statement(kind="always", categories=tuple(sorted(categories))))
    if rules.budget and (rules.budget.each, rules.budget.together) != (None, None):
        games = tuple(sorted(rules.budget.services))
        found.append(Statement(kind="budget", services=games, budget=rules.budget))
    if rules.safe_search:
        found.append(Statement(kind="safe-search"))
    return (*found, Statement(kind="ways-round", closed=rules.ways_round == "closed"))


def times_of(slot: Slot) -> Times:
    return Times(
        days=_NAMES.get(slot.days, "these"),
        kinds=tuple(sorted(slot.days)),
        start=slot.start,
        end=slot.end,
        next_day=slot.is_over_midnight,
    )


_SAID: dict[str, StatementKind] = {
    "bedtime": "bedtime", "homework": "homework", "schedule": "at-times", "open": "only-at",
}  # fmt: skip


def _slots_said(kind: str, slots: list[Slot]) -> Statement:
    times = sorted((times_of(slot) for slot in slots), key=lambda one: (one.kinds, one.start))
    return Statement(
        kind=_SAID[kind],
        everything=slots[0].everything,
        services=tuple(sorted(slots[0].services)),
        categories=tuple(sorted(slots[0].categories)),
        times=tuple(times),
    )


def _alike(slots: Iterable[Slot]) -> list[list[Slot]]:
    """Slots that do the same, together, in the order of their first."""
    found: dict[tuple[object, ...], list[Slot]] = {}
    for slot in slots:
        found.setdefault((slot.everything, slot.services, slot.categories), []).append(slot)
    return list(found.values())
