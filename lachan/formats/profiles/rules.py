"""What a parent sets for a child, and what holds of it at a moment: docs/howto/rules.md in code.

`encoding` writes it for the database and reads it. Groups of services are replaced there before anything is reckoned.

InvalidRules   (InvalidInput, ValueError)  rules or an override that cannot be; the message says what
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from lachan.formats.profiles.moments import DAY_S, wall
from lachan.formats.profiles.records import (
    DAY_KINDS,
    QUARTERS,
    Day,
    DayKind,
    RuleSet,
    Week,
)
from lachan.kernel.errors import InvalidInput

SlotWhy = Literal["schedule", "bedtime", "homework"]
OverrideKind = Literal["pause", "block", "open", "open-all", "only", "skip"]
OVERRIDES_LIMIT = 32
"""At once."""
OVERRIDE_DAYS_LIMIT = 31

_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9.-]{0,62}\Z")]
Codes = Annotated[frozenset[_Code], msgspec.Meta(max_length=512)]
_Days = Annotated[frozenset[DayKind], msgspec.Meta(min_length=1)]
_Minutes = Annotated[int, msgspec.Meta(ge=0, le=1440)]
_Second = Annotated[int, msgspec.Meta(ge=0, lt=2**40)]


class InvalidRules(InvalidInput, ValueError):
    """Rules or an override that cannot be."""

    code = "invalid-rules"


class Slot(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A time of day that comes again. It belongs to the day it starts on.

    Attributes:
        effect: it blocks, or opens what is always blocked.
        why: what it is to the family. Bedtime blocks everything; homework blocks.
        everything: every name; then nothing is named.
        services, categories: what it blocks or opens.
        days: kinds of day (`records.DayKind`).
        start: quarters of an hour since midnight by the clock on the wall.
        end: likewise, not itself part of it; where it is not after the start, of the next day. 96 is midnight.
    """

    effect: Literal["block", "open"] = "block"
    why: SlotWhy = "schedule"
    everything: bool = False
    services: Codes = frozenset()
    categories: Codes = frozenset()
    days: _Days
    start: Annotated[int, msgspec.Meta(ge=0, lt=QUARTERS)]
    end: Annotated[int, msgspec.Meta(gt=0, le=QUARTERS)]

    def __post_init__(self) -> None:
        named = bool(self.services or self.categories)
        if self.everything == named:
            raise InvalidRules("a slot is for everything, or names services or categories")
        if self.effect == "open" and (self.everything or self.why != "schedule"):
            raise InvalidRules(
                "a slot that opens names what it opens, and is no bedtime or homework"
            )
        if self.why == "bedtime" and not self.everything:
            raise InvalidRules("bedtime is for everything")
        if self.start == self.end:
            raise InvalidRules("a slot ends when it starts: for the whole day it is 0 to 96")

    @property
    def is_over_midnight(self) -> bool:
        return self.end < self.start

    def holds(self, before: int, kind: int, quarter: int) -> bool:
        """Whether it does in a quarter of an hour of a day of a kind, after a day of a kind."""
        if not self.is_over_midnight:
            return kind in self.days and self.start <= quarter < self.end
        return (kind in self.days and self.start <= quarter) or (
            before in self.days and quarter < self.end
        )


class Budget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A day's time for games, in minutes; None where it is not limited.

    Attributes:
        each: for one of them.
        together: for all of them.
        services: which those are: codes, or a group's.
    """

    each: _Minutes | None = None
    together: _Minutes | None = None
    services: Codes = frozenset({"game"})


class Rules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for a child until a parent says otherwise.

    Attributes:
        version: of this form.
        categories, services: what is always blocked, but where a slot opens it.
        safe_search: search engines and video sites are asked in their restricted mode.
        ways_round: ways by which the rules would be passed by are closed, or only shown to the parent.
    """

    version: Literal[1] = 1
    categories: Codes = frozenset()
    services: Codes = frozenset()
    safe_search: bool = False
    ways_round: Literal["closed", "shown"] = "shown"
    slots: Annotated[tuple[Slot, ...], msgspec.Meta(max_length=64)] = ()
    budget: Budget | None = None


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said for a while. Of several, kept in the order in which they were said, the last wins.

    Attributes:
        services, categories: what `block` and `open` name. `only` closes everything but services, or but the own names.
        skips: which slots `skip` takes away.
        why: what `block` tells the child.
        start: Unix seconds.
        until: likewise, not itself part of it.
    """

    kind: OverrideKind
    services: Codes = frozenset()
    categories: Codes = frozenset()
    skips: frozenset[SlotWhy] = frozenset()
    why: Literal["pause", "budget"] = "pause"
    start: _Second
    until: _Second

    def __post_init__(self) -> None:
        named = bool(self.services or self.categories)
        if self.kind == "only" and self.categories:
            raise InvalidRules("only names services, and no categories")
        if named != (self.kind in {"block", "open"}) and self.kind != "only":
            raise InvalidRules("block and open name services or categories, the others name none")
        if bool(self.skips) != (self.kind == "skip"):
            raise InvalidRules("skip says which slots, the others do not")
        if not 0 < self.until - self.start <= OVERRIDE_DAYS_LIMIT * DAY_S:
            days = OVERRIDE_DAYS_LIMIT
            raise InvalidRules(
                f"it ends after it starts, and within {days} days: else make it a rule"
            )


Calendar = Mapping[date, int]
"""What kind a day is (`records.DayKind`) where it is not its weekday's."""


def rule_set_at(
    rules: Rules, overrides: Sequence[Override], zone: str, calendar: Calendar, instant: int
) -> RuleSet:
    """What holds at a moment.

    Args:
        overrides: in the order in which they were said.
        zone: IANA time zone.
        instant: Unix seconds.

    Raises:
        UnknownZone: there is none of that name.
    """
    said = [one for one in overrides if one.start <= instant < one.until]
    skipped = frozenset[str]().union(*(one.skips for one in said))
    slots = slots_at(rules, zone, calendar, instant)
    found = _slots_met(rules, [slot for slot in slots if slot.why not in skipped])
    for one in said:
        found = _said(found, one, rules)
    return found


def slots_at(rules: Rules, zone: str, calendar: Calendar, instant: int) -> list[Slot]:
    """The slots whose time it is, whatever was said for a while.

    Raises:
        UnknownZone: there is none of that name.
    """
    place = week_place(wall(zone, instant), calendar)
    return [slot for slot in rules.slots if slot.holds(*place)]


def week_place(at: datetime, calendar: Calendar) -> tuple[int, int, int]:
    """Kind of the day before, kind of the day, quarter of an hour, of a time by the clock on the wall."""
    day = at.date()
    return (
        _kind(day - timedelta(days=1), calendar),
        _kind(day, calendar),
        at.hour * 4 + at.minute // 15,
    )


@lru_cache(maxsize=1024)
def week_of(rules: Rules) -> Week:
    """What holds in ordinary time. Equal days and equal rule sets are one object, and equal rules have one week."""
    sets: dict[RuleSet, RuleSet] = {}
    days: dict[Day, Day] = {}
    reckoned: dict[tuple[tuple[Slot, ...], ...], Day] = {}
    over = [slot for slot in rules.slots if slot.is_over_midnight]

    def day_of(before: int, kind: int) -> Day:
        lasting = tuple(slot for slot in over if before in slot.days)
        own = tuple(slot for slot in rules.slots if kind in slot.days)
        if (lasting, own) not in reckoned:
            slots = [*lasting, *own]
            day = tuple(
                _slots_met(rules, [slot for slot in slots if slot.holds(before, kind, quarter)])
                for quarter in range(QUARTERS)
            )
            day = tuple(sets.setdefault(found, found) for found in day)
            reckoned[lasting, own] = days.setdefault(day, day)
        return reckoned[lasting, own]

    pairs = [(before, kind) for before in range(DAY_KINDS) for kind in range(DAY_KINDS)]
    return Week({pair: day_of(*pair) for pair in pairs})


def _slots_met(rules: Rules, slots: Iterable[Slot]) -> RuleSet:
    """What blocks wins over what opens, and what opens wins over what is always blocked."""
    blocking = [slot for slot in slots if slot.effect == "block"]
    opening = [slot for slot in slots if slot.effect == "open"]
    opened = frozenset[str]().union(*(slot.categories for slot in opening))
    whys = {slot.why for slot in blocking}
    return RuleSet(
        everything=any(slot.everything for slot in blocking),
        categories=_shut(rules.categories, opened).union(*(slot.categories for slot in blocking)),
        services=rules.services.difference(*(slot.services for slot in opening)).union(
            *(slot.services for slot in blocking)
        ),
        safe_search=rules.safe_search,
        ways_round=rules.ways_round == "closed",
        why="bedtime" if "bedtime" in whys else "schedule" if whys else "rules",
    )


def _said(found: RuleSet, one: Override, rules: Rules) -> RuleSet:
    """The last said wins, for what it names."""
    change = msgspec.structs.replace
    if one.kind == "pause":
        return change(found, everything=True, open_services=frozenset(), why="pause")
    if one.kind == "block":
        return change(
            found,
            services=found.services | one.services,
            categories=found.categories | one.categories,
            open_services=found.open_services - one.services,
            why=found.why if found.everything else one.why,
        )
    if one.kind == "open":
        return change(
            found,
            services=found.services - one.services,
            categories=_shut(found.categories, one.categories),
            open_services=found.open_services | (one.services if found.everything else frozenset()),
        )
    if one.kind == "only":
        return change(
            found,
            everything=True,
            services=found.services - one.services,
            open_services=one.services,
            why="schedule",
        )
    if one.kind == "open-all":
        left = found.categories & rules.categories
        return RuleSet(categories=left, safe_search=found.safe_search, ways_round=found.ways_round)
    return found


def _shut(categories: frozenset[str], opened: frozenset[str]) -> frozenset[str]:
    """Categories without the opened ones and those below them."""
    return frozenset(
        code for code in categories if code not in opened and not _is_below(code, opened)
    )


def _is_below(code: str, wider: frozenset[str]) -> bool:
    return any(code.startswith(f"{one}.") for one in wider)


def _kind(day: date, calendar: Calendar) -> int:
    return calendar.get(day, day.weekday())
