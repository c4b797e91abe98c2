"""Random rules, overrides, zones, calendars and moments: what the oracle, the plain function and the table's records say.

benchmarks/schedules.py runs the whole number, the suite a hundredth of it.
"""

import json
import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from lachan.formats.profiles.age_bands import age_bands
from lachan.formats.profiles.departures import next_change, segments_of
from lachan.formats.profiles.encoding import override_bytes, override_read, rules_bytes, rules_read
from lachan.formats.profiles.rules import rule_set_at, week_of
from tests.schedules.oracle import oracle

A_WORLD = 100
"""Instants tried in each."""
DAY = 86_400
ZONES = (
    "Asia/Ho_Chi_Minh", "Europe/Paris", "Europe/Dublin", "America/New_York", "America/St_Johns",
    "America/Havana", "America/Asuncion", "America/Sao_Paulo", "America/Santiago", "Asia/Beirut", "Asia/Gaza",
    "Asia/Kathmandu", "Asia/Tehran", "Africa/Cairo", "Africa/Casablanca", "Atlantic/Azores", "Antarctica/Troll",
    "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Norfolk", "UTC",
)  # fmt: skip
SERVICES = ("alpha", "beta", "gamma", "delta")
CATEGORIES = ("content", "content.sexual", "content.values", "contract", "contract.gambling")
TALLIES = ("fold", "gap", "midnight", "edge", "overridden", "holiday")


def run(instants: int, seed: int = 10) -> dict[str, Any]:
    """How many moments were tried, of which sorts, and on how many the three differed; and the first of those."""
    chance = random.Random(seed)
    found: dict[str, Any] = dict.fromkeys(("instants", "worlds", "differences", "segments_most", "days_most", *TALLIES), 0)  # fmt: skip
    while found["instants"] < instants:
        found["worlds"] += 1
        _world(chance, found)
    return found


def _world(chance: random.Random, found: dict[str, Any]) -> None:
    zone = chance.choice(ZONES)
    start = _beginning(chance, zone)
    until = start + chance.randrange(2, 9) * DAY
    rules, overrides = _rules(chance), _overrides(chance, start, until)
    calendar = _calendar(chance, start)
    mine = rules_read(rules_bytes(rules_read(json.dumps(rules))))
    said = [override_read(override_bytes(override_read(json.dumps(one)))) for one in overrides]
    week, segments = week_of(mine), segments_of(mine, said, zone, calendar, start, until)
    _orderly(segments, start, until, len(rules["slots"]), len(overrides))
    found["segments_most"] = max(found["segments_most"], len(segments))
    found["days_most"] = max(found["days_most"], len({id(day) for day in week.days.values()}))
    for instant in _instants(chance, zone, start, until, overrides, rules):
        right = oracle(rules, overrides, zone, calendar, instant)
        plain = told(rule_set_at(mine, said, zone, calendar, instant))
        table = told(_looked_up(week, segments, zone, calendar, instant))
        found["instants"] += 1
        _count(found, zone, calendar, instant, overrides)
        if not right == plain == table:
            found["differences"] += 1
            found.setdefault("first", (zone, instant, rules, overrides, right, plain, table))
    at = chance.randrange(start, until)
    found["differences"] += not _changes_rightly(chance, (rules, overrides), (mine, said), zone, calendar, at)  # fmt: skip


def distinct_days() -> dict[str, int]:
    """By age band: how many of a week's 100 days its defaults need."""
    weeks = {band.code: week_of(band.rules()) for band in age_bands()}
    return {code: len({id(day) for day in week.days.values()}) for code, week in weeks.items()}


def _changes_rightly(chance, written, read, zone, calendar, at) -> bool:
    """Whether nothing changes before the next change, and something does then."""
    after = next_change(*read, zone, calendar, at)
    now = oracle(*written, zone, calendar, at)
    end = at + 8 * DAY if after is None else after
    between = [chance.randrange(at, end) for _ in range(8)] + [end - 1]
    if any(oracle(*written, zone, calendar, one) != now for one in between):
        return False
    return after is None or oracle(*written, zone, calendar, after) != now


def _looked_up(week, segments, zone, calendar, instant):
    """As records.py says that whoever holds the records finds what holds."""
    at = bisect_right(segments, instant, key=lambda one: one.start) - 1
    if at >= 0 and instant < segments[at].until:
        return segments[at].rules
    there = datetime.fromtimestamp(instant, ZoneInfo(zone))
    kinds = [calendar.get(day, day.weekday()) for day in (there.date() - timedelta(1), there.date())]  # fmt: skip
    return week.days[kinds[0], kinds[1]][(there.hour * 60 + there.minute) // 15]


def told(rules) -> dict:
    plain = msgspec.structs.asdict(rules)
    return {name: set(one) if isinstance(one, frozenset) else one for name, one in plain.items()}


def _orderly(segments, start, until, slots, overrides) -> None:
    edges = [edge for one in segments for edge in (one.start, one.until)]
    assert edges == sorted(edges)
    assert all(one.start < one.until for one in segments)
    assert all(a.until < b.start or a.rules != b.rules for a, b in pairwise(segments))  # fmt: skip
    assert not edges or start <= edges[0] <= edges[-1] <= until
    assert len(segments) <= 2 * overrides + 2 * slots * 2 * ((until - start) // DAY + 2)


# What is drawn.


def _beginning(chance: random.Random, zone: str) -> int:
    changes = clock_changes(zone)
    if changes and chance.random() < 0.7:
        return chance.choice(changes) - chance.randrange(2 * DAY)
    return chance.randrange(_unix(1995), _unix(2036))


def _rules(chance: random.Random) -> dict:
    return {
        "services": _some(chance, SERVICES, 3),
        "categories": _some(chance, CATEGORIES, 3),
        "safe_search": chance.random() < 0.5,
        "ways_round": chance.choice(("closed", "shown")),
        "slots": [_slot(chance) for _ in range(chance.choice((0, 1, 2, 3, 4, 6, 10)))],
    }


def _slot(chance: random.Random) -> dict:
    effect = chance.choice(("block", "block", "open"))
    everything = effect == "block" and chance.random() < 0.4
    why = "schedule"
    if effect == "block":
        why = chance.choice(("schedule", "homework", "bedtime" if everything else "schedule"))
    start = chance.choice((0, 95, chance.randrange(96), chance.randrange(96), chance.randrange(4, 13)))  # fmt: skip
    end = chance.choice([one for one in (1, 96, chance.randrange(1, 97), start % 96 + 1, chance.randrange(5, 14)) if one != start])  # fmt: skip
    services = [] if everything else _some(chance, SERVICES, 2)
    categories = [] if everything else _some(chance, CATEGORIES, 2)
    if not everything and not services and not categories:
        services = [chance.choice(SERVICES)]
    days = chance.sample(range(10), chance.choice((1, 2, 5, 7, 10)))
    return {
        "effect": effect, "why": why, "everything": everything, "services": services,
        "categories": categories, "days": days, "start": start, "end": end,
    }  # fmt: skip


def _overrides(chance: random.Random, start: int, until: int) -> list[dict]:
    return [_override(chance, start, until) for _ in range(chance.choice((0, 1, 1, 2, 3, 6)))]


def _override(chance: random.Random, start: int, until: int) -> dict:
    kind = chance.choice(("pause", "block", "open", "open", "open-all", "only", "skip"))
    named = kind in {"block", "open"}
    begins = max(0, chance.randrange(start - DAY, until))
    return {
        "kind": kind,
        "services": [chance.choice(SERVICES)] if named else _some(chance, SERVICES, 2) if kind == "only" else [],
        "categories": _some(chance, CATEGORIES, 2) if named else [],
        "skips": chance.sample(("bedtime", "homework", "schedule"), chance.randrange(1, 4)) if kind == "skip" else [],
        "why": chance.choice(("pause", "budget")),
        "start": begins,
        "until": begins + chance.choice((1, 60, 1800, 3600, chance.randrange(1, DAY), chance.randrange(1, 31 * DAY))),
    }  # fmt: skip


def _calendar(chance: random.Random, start: int) -> dict[date, int]:
    first = datetime.fromtimestamp(start, UTC).date()
    if chance.random() < 0.2:
        return {}
    days = [first + timedelta(days=ahead) for ahead in range(-3, 14)]
    return {day: chance.choice((7, 8, 9, 7, chance.randrange(7))) for day in days if chance.random() < 0.4}  # fmt: skip


def _instants(chance, zone, start, until, overrides, rules) -> list[int]:
    """Anywhere; around clock changes, midnights, edges of overrides, edges of slots: to the second."""
    marks = [edge for one in overrides for edge in (one["start"], one["until"])]
    marks += [one for one in clock_changes(zone) if start - 7200 <= one <= until]
    marks += [start + DAY * day - (start + east(zone, start)) % DAY for day in range(1, 9)]
    quarters = {slot[name] for slot in rules["slots"] for name in ("start", "end")}
    marks += [mark + 900 * quarter for mark in marks[-8:] for quarter in quarters]
    near = (0, 0, -1, 1, 450, -450, 3599, -3600, 5400, -1800)
    drawn = [chance.choice(marks) + chance.choice(near) for _ in range(3 * A_WORLD)]
    inside = [one for one in drawn if start <= one < until][: A_WORLD * 3 // 4]
    return inside + [chance.randrange(start, until) for _ in range(A_WORLD - len(inside))]


def _count(found, zone, calendar, instant, overrides) -> None:
    there = datetime.fromtimestamp(instant, ZoneInfo(zone))
    local = instant + east(zone, instant)
    changes = clock_changes(zone)
    near = changes[max(0, bisect_right(changes, instant) - 1) :][:2]
    jumps = [east(zone, one) - east(zone, one - 1) for one in near if abs(one - instant) <= 3600]
    found["fold"] += any(jump < 0 for jump in jumps)
    found["gap"] += any(jump > 0 for jump in jumps)
    found["midnight"] += min(local % DAY, -local % DAY) <= 1
    found["edge"] += min(local % 900, -local % 900) <= 1
    found["overridden"] += any(one["start"] <= instant < one["until"] for one in overrides)
    found["holiday"] += calendar.get(there.date(), 0) > 6


def _some(chance: random.Random, codes: tuple[str, ...], most: int) -> list[str]:
    return chance.sample(codes, chance.randrange(most + 1))


def _unix(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def east(zone: str, instant: int) -> int:
    return int(datetime.fromtimestamp(instant, ZoneInfo(zone)).utcoffset().total_seconds())


@cache
def clock_changes(zone: str) -> tuple[int, ...]:
    """When clocks there were put forward or back, and will be."""
    found = []
    for day in range(_unix(1995), _unix(2036), DAY):
        low, high = day, day + DAY
        if east(zone, low) == east(zone, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if east(zone, middle) == east(zone, low) else (low, middle)
        found.append(high)
    return tuple(found)
