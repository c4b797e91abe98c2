"""What a profile's rules are once they are reckoned: what the table holds and the edge answers by (docs/adr/0026)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

QUARTERS = 96
"""Of an hour, in a day by the clock on the wall."""
Why = Literal["rules", "schedule", "bedtime", "pause", "budget"]
DayKind = Literal[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
HOLIDAY, EXAM, BREAK = 7, 8, 9
"""What a calendar may make of a day; 0 to 6 are Monday to Sunday."""
DAY_KINDS = 10


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for a profile at one moment. Equal ones stand once in the table.

    Attributes:
        everything: every name is blocked but those that nobody may block, and the household's own allowed ones
            where it is no pause.
        categories: codes of the exchange's categories that are blocked, each with those below it.
        services: codes of services that are blocked (`formats/known_names`).
        open_services: codes of services that are open though everything is blocked ("30 more minutes" at bedtime, a lesson).
        safe_search: search engines and video sites are asked in their restricted mode.
        ways_round: names by which the rules would be passed by are blocked.
        why: what the child is told of it.
    """

    everything: bool = False
    categories: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    open_services: frozenset[str] = frozenset()
    safe_search: bool = False
    ways_round: bool = False
    why: Why = "rules"


Day = tuple[RuleSet, ...]
"""96 of them, a quarter of an hour each from midnight by the clock on the wall."""


class Week(msgspec.Struct, frozen=True, weakref=True):
    """What holds in ordinary time.

    Attributes:
        days: for (kind of the day before, kind of the day): a slot that began the evening before lasts into the day.
            All `DAY_KINDS` squared.
    """

    days: Mapping[tuple[int, int], Day]


class Segment(msgspec.Struct, frozen=True):
    """What holds instead of the week from `start` until before `until` (Unix seconds)."""

    start: int
    until: int
    rules: RuleSet


class OwnName(msgspec.Struct, frozen=True):
    """A household's own word on a name and those below it.

    Attributes:
        key: keyed hash of the name in lower-case wire form (`own_key`).
        allow: or block.
        until: Unix seconds; 0 for no end.
    """

    key: int
    allow: bool
    until: int = 0


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """One profile as the table takes it.

    Attributes:
        number: its own for ever, 1 to 2³¹.
        ways: keyed hashes of the ways in by which it is known (`way_key`): devices' addresses, networks.
        zone: IANA time zone.
        calendar: which calendar says what kind of day it is; empty for weekdays alone.
        week: what holds in ordinary time.
        segments: what departs from it, in order, none overlapping another.
        own: the household's own names.
    """

    number: int
    ways: tuple[int, ...] = ()
    zone: str = "Asia/Ho_Chi_Minh"
    calendar: str = ""
    week: Week
    segments: tuple[Segment, ...] = ()
    own: tuple[OwnName, ...] = ()
