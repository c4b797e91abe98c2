"""What departs from a child's week: when something else holds next, and what was said for a while as segments."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from lachan.formats.profiles.moments import DAY_S, quarters
from lachan.formats.profiles.records import QUARTERS, RuleSet, Segment
from lachan.formats.profiles.rules import (
    Calendar,
    InvalidRules,
    Override,
    Rules,
    SlotWhy,
    rule_set_at,
    slots_at,
)

HORIZON_S = 8 * DAY_S
"""How far ahead anything is reckoned; whoever keeps what is reckoned does it again before."""


def next_change(
    rules: Rules, overrides: Sequence[Override], zone: str, calendar: Calendar, instant: int
) -> int | None:
    """The first moment after `instant` at which something else holds; None where there is none within `HORIZON_S`.

    Raises:
        UnknownZone: there is no zone of that name.
    """
    until = instant + HORIZON_S
    edges = {edge for one in overrides for edge in (one.start, one.until) if instant < edge < until}
    if rules.slots:
        edges.update(quarters(zone, instant, until, _edges(rules)))
    now = rule_set_at(rules, overrides, zone, calendar, instant)
    for edge in sorted(edges):
        if rule_set_at(rules, overrides, zone, calendar, edge) != now:
            return edge
    return None


def segments_of(
    rules: Rules,
    overrides: Sequence[Override],
    zone: str,
    calendar: Calendar,
    now: int,
    horizon: int,
) -> tuple[Segment, ...]:
    """What departs from the week between two moments: in order, none overlapping another, none without need.

    There are at most two for each override, and one for each quarter of an hour at which the rules change meanwhile.

    Args:
        horizon: at most `HORIZON_S` after `now`.

    Raises:
        InvalidRules: it is further, or before.
        UnknownZone: there is no zone of that name.
    """
    if not 0 <= horizon - now <= HORIZON_S:
        raise InvalidRules(f"at most {HORIZON_S // DAY_S} days are reckoned ahead")
    found: list[Segment] = []
    shared: dict[RuleSet, RuleSet] = {}
    for start, until in _stretches(rules, overrides, zone, now, horizon):
        holds = rule_set_at(rules, overrides, zone, calendar, start)
        if holds == rule_set_at(rules, (), zone, calendar, start):
            continue
        if found and found[-1].until == start and found[-1].rules == holds:
            start = found.pop().start  # noqa: PLW2901  one with the stretch before
        found.append(Segment(start, until, shared.setdefault(holds, holds)))
    return tuple(found)


def _stretches(
    rules: Rules, overrides: Sequence[Override], zone: str, now: int, horizon: int
) -> Iterator[tuple[int, int]]:
    """Stretches of time in which some override holds and nothing changes."""
    edges = {edge for one in overrides for edge in (one.start, one.until)}
    inner = sorted({now, horizon, *(edge for edge in edges if now < edge < horizon)})
    for start, until in pairwise(inner):
        if any(one.start <= start < one.until for one in overrides):
            inside = quarters(zone, start, until, _edges(rules)) if rules.slots else ()
            marks = [start, *inside, until]
            yield from pairwise(marks)


def skip_next(
    rules: Rules, why: SlotWhy, zone: str, calendar: Calendar, instant: int
) -> Override | None:
    """Skip the bedtime tonight: from now until the end of the bedtime that holds, or of the next within a day.

    None where there is none.

    Raises:
        UnknownZone: there is no zone of that name.
    """
    begun = False
    for at in (instant, *quarters(zone, instant, instant + 3 * DAY_S, _edges(rules))):
        holds = any(slot.why == why for slot in slots_at(rules, zone, calendar, at))
        if begun and not holds:
            return Override(kind="skip", skips=frozenset({why}), start=instant, until=at)
        if not begun and at >= instant + DAY_S:
            return None
        begun = begun or holds
    return None


def _edges(rules: Rules) -> set[int]:
    """Quarters of a day at which something may change: midnight brings another kind of day."""
    return {0} | {edge % QUARTERS for slot in rules.slots for edge in (slot.start, slot.end)}
