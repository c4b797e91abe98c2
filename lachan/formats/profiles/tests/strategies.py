"""Random households for the table of profiles, and the plain dict that must agree with it."""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from lachan.formats.profiles.keys import own_key, way_key
from lachan.formats.profiles.layout import ALLOW, BLOCK, PASS
from lachan.formats.profiles.records import (
    DAY_KINDS,
    OwnName,
    Profile,
    RuleSet,
    Segment,
    Week,
)

KEY = bytes(range(16))
NOW = 1_796_000_000
"""In late November 2026."""
NAMES = [b"\1a\4test", b"\3www\1a\4test", b"\4test", b"\1b\7example", b"\x09long-name\1b\7example"]
NETWORKS = ["192.0.2.0/24", "192.0.2.64/26", "192.0.2.77/32", "2001:db8::/32", "2001:db8:1::/48"]
LABELS = ["kim", "lan", "minh", "nam"]
ZONES = ["Asia/Ho_Chi_Minh", "Europe/Paris", "Australia/Lord_Howe", "America/St_Johns"]
CALENDARS = ["", "school", "other"]
RULE_SETS = [
    RuleSet(),
    RuleSet(categories=frozenset({"gambling"})),
    RuleSet(services=frozenset({"zalo", "video"}), why="schedule"),
    RuleSet(everything=True, why="bedtime"),
    RuleSet(everything=True, why="pause"),
    RuleSet(safe_search=True, ways_round=True),
]
WAYS = [way_key(KEY, "device", label) for label in LABELS] + [
    way_key(KEY, "network", network) for network in NETWORKS
]

rule_sets = st.sampled_from(RULE_SETS)
moments = st.integers(NOW - 20 * 86_400, NOW + 4 * 365 * 86_400)
near = st.integers(NOW - 20 * 86_400, NOW + 20 * 86_400)
days = st.lists(st.tuples(st.integers(0, 95), rule_sets), max_size=4).map(
    lambda cuts: tuple(
        next(
            (rules for start, rules in sorted(cuts, key=lambda cut: -cut[0]) if start <= at),
            RULE_SETS[0],
        )
        for at in range(96)
    )
)


@st.composite
def weeks(draw: st.DrawFn) -> Week:
    few = draw(st.lists(days, min_size=1, max_size=3))
    which = draw(st.randoms(use_true_random=False))
    return Week({(i, j): which.choice(few) for i in range(DAY_KINDS) for j in range(DAY_KINDS)})


@st.composite
def segments(draw: st.DrawFn) -> tuple[Segment, ...]:
    cuts = sorted(set(draw(st.lists(near, max_size=4))))
    return tuple(
        Segment(start, until, draw(rule_sets))
        for start, until in zip(cuts[::2], cuts[1::2], strict=False)
    )


@st.composite
def own_names(draw: st.DrawFn, key: int) -> OwnName:
    allow, until = draw(st.booleans()), draw(st.just(0) | near)
    return OwnName(key, allow, until, draw(st.sampled_from([None, not allow])) if until else None)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    number = draw(st.integers(1, 6))
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
    return Profile(
        number=number,
        ways=tuple(draw(st.lists(st.sampled_from(WAYS), unique=True, max_size=3))),
        zone=draw(st.sampled_from(ZONES)),
        calendar=draw(st.sampled_from(CALENDARS)),
        week=draw(weeks()),
        segments=draw(segments()),
        own=tuple(draw(own_names(own_key(KEY, number, name))) for name in names),
    )


calendars = st.dictionaries(
    st.integers(-20, 380).map(lambda at: dt.date(2026, 11, 30) + dt.timedelta(days=at)),
    st.integers(0, DAY_KINDS - 1),
    max_size=5,
)


class Oracle:
    """The table as a plain dict."""

    def __init__(self) -> None:
        self.profiles: dict[int, Profile] = {}
        self.owners: dict[int, int] = {}
        self.calendars: dict[str, Mapping[dt.date, int]] = {}

    def put(self, profile: Profile) -> None:
        self.remove(profile.number)
        self.profiles[profile.number] = profile
        self.owners.update(dict.fromkeys(profile.ways, profile.number))

    def remove(self, number: int) -> bool:
        self.owners = {way: owner for way, owner in self.owners.items() if owner != number}
        return self.profiles.pop(number, None) is not None

    def rules_at(self, number: int, instant: int) -> RuleSet:
        profile = self.profiles[number]
        for segment in profile.segments:
            if segment.start <= instant < segment.until:
                return segment.rules
        local = dt.datetime.fromtimestamp(instant, ZoneInfo(profile.zone))
        special = self.calendars.get(profile.calendar, {})
        day = local.date()
        kinds = [special.get(one, one.weekday()) for one in (day - dt.timedelta(days=1), day)]
        return profile.week.days[kinds[0], kinds[1]][local.hour * 4 + local.minute // 15]

    def own(self, number: int, wire: bytes, instant: int) -> tuple[int, int]:
        own = {name.key: name for name in self.profiles[number].own}
        at = 0
        while at < len(wire):
            name = own.get(own_key(KEY, number, wire[at:]))
            if name and (name.until == 0 or instant < name.until):
                return (ALLOW if name.allow else BLOCK), name.until
            if name and name.then is not None:
                return (ALLOW if name.then else BLOCK), 0
            at += 1 + wire[at]
        return PASS, 0
