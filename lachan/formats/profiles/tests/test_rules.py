"""What a parent sets and what holds: whole examples that can be read by the clock, and what cannot be set."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.formats.profiles.departures import HORIZON_S, next_change, segments_of, skip_next
from lachan.formats.profiles.records import HOLIDAY, RuleSet
from lachan.formats.profiles.rules import (
    InvalidRules,
    Override,
    Rules,
    Slot,
    rule_set_at,
    slots_at,
    week_of,
)

VN = "Asia/Ho_Chi_Minh"
ALL = frozenset(range(10))
WORKDAYS = frozenset(range(5))
BEDTIME = Slot(why="bedtime", everything=True, days=ALL, start=84, end=24)
GAMES = frozenset({"roblox"})
PLAY = Slot(effect="open", services=GAMES, days=ALL, start=68, end=76)
RULES = Rules(services=GAMES, slots=(BEDTIME, PLAY))


def at(text, zone=VN):
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def holds(rules, text, *overrides, zone=VN, calendar=None):
    return rule_set_at(rules, overrides, zone, calendar or {}, at(text, zone))


def for_a_while(kind, start, until, **named):
    return Override(kind=kind, start=at(start), until=at(until), **named)


def test_it_opens_games_for_two_hours_and_closes_everything_at_night():
    assert holds(RULES, "2026-11-30T16:59:59").services == GAMES
    assert holds(RULES, "2026-11-30T17:00:00").services == frozenset()
    assert holds(RULES, "2026-11-30T19:00:00") == RuleSet(services=GAMES)
    night = RuleSet(everything=True, services=GAMES, why="bedtime")
    assert holds(RULES, "2026-11-30T20:59:59").everything is False
    for moment in ("2026-11-30T21:00:00", "2026-12-01T00:00:00", "2026-12-01T05:59:59"):
        assert holds(RULES, moment) == night
    assert holds(RULES, "2026-12-01T06:00:00") == RuleSet(services=GAMES)


def test_it_lets_a_slot_last_into_a_day_of_another_kind():
    late = Rules(slots=(Slot(everything=True, days=frozenset({HOLIDAY}), start=92, end=8),))
    calendar = {date(2026, 9, 2): HOLIDAY}
    assert not holds(late, "2026-09-02T01:00", calendar=calendar).everything
    assert holds(late, "2026-09-02T23:30", calendar=calendar).everything
    assert holds(late, "2026-09-03T01:59:59", calendar=calendar).everything
    assert not holds(late, "2026-09-03T02:00", calendar=calendar).everything
    assert not holds(late, "2026-09-02T23:30").everything


def test_what_blocks_wins_over_what_opens_whatever_their_order():
    homework = Slot(why="homework", services=GAMES, days=WORKDAYS, start=72, end=80)
    for slots in ((homework, PLAY), (PLAY, homework)):
        rules = Rules(services=GAMES, slots=slots)
        assert holds(rules, "2026-11-30T17:30").services == frozenset()
        assert holds(rules, "2026-11-30T18:30") == RuleSet(services=GAMES, why="schedule")
        assert holds(rules, "2026-12-05T18:30").services == frozenset()
        assert slots_at(rules, VN, {}, at("2026-11-30T18:30")) == list(slots)


def test_it_opens_categories_with_those_below():
    slot = Slot(effect="open", categories=frozenset({"content.values"}), days=ALL, start=0, end=96)
    codes = frozenset({"content.values", "content.values.news", "content.valuesx", "contract"})
    rules = Rules(categories=codes, slots=(slot,))
    assert holds(rules, "2026-11-30T12:00").categories == {"content.valuesx", "contract"}


def test_thirty_more_minutes_open_games_alone_at_bedtime_and_end_by_themselves():
    more = for_a_while("open", "2026-11-30T20:50", "2026-11-30T21:20:07", services=GAMES)
    for moment in ("2026-11-30T20:59:59", "2026-11-30T21:00"):
        assert holds(RULES, moment, more).services == frozenset()
    then = holds(RULES, "2026-11-30T21:20:06", more)
    assert (then.everything, then.open_services, then.why) == (True, GAMES, "bedtime")
    assert holds(RULES, "2026-11-30T21:20:07", more) == holds(RULES, "2026-11-30T21:20:07")


def test_the_last_said_wins_for_what_it_names():
    more = for_a_while("open", "2026-11-30T12:00", "2026-11-30T13:00", services=GAMES)
    pause = for_a_while("pause", "2026-11-30T12:00", "2026-12-01T07:00")
    stop = for_a_while("block", "2026-11-30T12:00", "2026-11-30T13:00", services=GAMES)
    free = for_a_while("open-all", "2026-11-30T12:00", "2026-11-30T13:00")
    noon = "2026-11-30T12:30"
    assert holds(RULES, noon, more, pause).open_services == frozenset()
    assert holds(RULES, noon, pause, more).open_services == GAMES
    assert holds(RULES, noon, pause, more, stop).open_services == frozenset()
    assert holds(RULES, noon, pause, more, stop).why == "pause"
    assert holds(RULES, noon, pause, free) == RuleSet()
    assert holds(RULES, noon, free, pause) == RuleSet(everything=True, why="pause")


def test_a_lesson_closes_everything_but_what_it_names():
    span = ("2026-11-30T09:00", "2026-11-30T09:45")
    only, bare = for_a_while("only", *span, services=GAMES), for_a_while("only", *span)
    then = holds(RULES, "2026-11-30T09:44:59", only)
    assert (then.everything, then.open_services, then.why) == (True, GAMES, "schedule")
    assert then.services == RULES.services - GAMES
    assert holds(RULES, "2026-11-30T09:30", only, bare).open_services == frozenset()
    assert holds(RULES, "2026-11-30T09:45", only) == holds(RULES, "2026-11-30T09:45")


def test_open_everything_leaves_what_is_harmful():
    rules = Rules(
        categories=frozenset({"contract"}),
        services=GAMES,
        safe_search=True,
        ways_round="closed",
        slots=(
            Slot(categories=frozenset({"content"}), days=ALL, start=0, end=96),
            BEDTIME,
        ),
    )
    free = for_a_while("open-all", "2026-11-30T20:00", "2026-11-30T23:00")
    assert holds(rules, "2026-11-30T22:00", free) == RuleSet(
        categories=frozenset({"contract"}), safe_search=True, ways_round=True
    )


def test_it_skips_bedtime_tonight_and_only_tonight():
    for said in ("2026-11-30T19:12:34", "2026-11-30T23:00:00", "2026-12-01T03:00:00"):
        skip = skip_next(RULES, "bedtime", VN, {}, at(said))
        assert (skip.start, skip.until) == (at(said), at("2026-12-01T06:00"))
        assert holds(RULES, "2026-12-01T05:59:59", skip) == RuleSet(services=GAMES)
        assert holds(RULES, "2026-12-01T21:00", skip).everything
    assert skip_next(RULES, "homework", VN, {}, at("2026-11-30T19:00")) is None
    tuesdays = Rules(
        slots=(Slot(why="bedtime", everything=True, days=frozenset({1}), start=80, end=96),)
    )
    assert skip_next(tuesdays, "bedtime", VN, {}, at("2026-11-30T19:59")) is None
    assert skip_next(tuesdays, "bedtime", VN, {}, at("2026-11-30T20:01")) is not None
    sundays = Rules(
        slots=(Slot(why="bedtime", everything=True, days=frozenset({6}), start=80, end=96),)
    )
    assert skip_next(sundays, "bedtime", VN, {}, at("2026-11-30T19:00")) is None
    assert skip_next(sundays, "bedtime", VN, {}, at("2026-12-05T22:00")).until == at("2026-12-07T00:00")  # fmt: skip


def test_it_writes_only_what_departs_from_the_week():
    more = for_a_while("open", "2026-11-30T20:50", "2026-11-30T21:20", services=GAMES)
    day = for_a_while("open", "2026-11-30T16:00", "2026-11-30T20:00", services=GAMES)
    now = at("2026-11-30T12:00")
    found = segments_of(RULES, (more, day), VN, {}, now, now + HORIZON_S)
    assert [(one.start, one.until) for one in found] == [
        (at(f"2026-11-30T{a}"), at(f"2026-11-30T{b}"))
        for a, b in (("16:00", "17:00"), ("19:00", "20:00"), ("20:50", "21:00"), ("21:00", "21:20"))
    ]
    pause = for_a_while("pause", "2026-11-30T11:00", "2026-12-20T07:00")
    assert segments_of(RULES, (pause,), VN, {}, now, now + 86_400)[0].start == now
    for rules in (Rules(), Rules(slots=(BEDTIME,))):
        (whole,) = segments_of(rules, (pause,), VN, {}, now, now + HORIZON_S)
        assert (whole.start, whole.until) == (now, now + HORIZON_S)
    assert segments_of(RULES, (), VN, {}, now, now + HORIZON_S) == ()
    for horizon in (now + HORIZON_S + 1, now - 1):
        with pytest.raises(InvalidRules, match="8 days"):
            segments_of(RULES, (), VN, {}, now, horizon)


def test_it_says_when_something_else_holds_next():
    assert next_change(RULES, (), VN, {}, at("2026-11-30T12:00")) == at("2026-11-30T17:00")
    assert next_change(RULES, (), VN, {}, at("2026-11-30T21:00")) == at("2026-12-01T06:00")
    assert next_change(Rules(services=GAMES), (), VN, {}, at("2026-11-30T12:00")) is None
    more = for_a_while("open", "2026-11-30T12:00", "2026-11-30T12:30:07", services=GAMES)
    assert next_change(RULES, (more,), VN, {}, at("2026-11-30T12:10")) == more.until


def test_it_shares_what_is_equal():
    again = Rules(services=frozenset({"roblox"}), slots=(PLAY, BEDTIME))
    assert week_of(RULES) is week_of(Rules(services=GAMES, slots=(BEDTIME, PLAY)))
    assert week_of(again) == week_of(RULES)
    week = week_of(RULES)
    assert len(week.days) == 100
    assert len({id(day) for day in week.days.values()}) == 1
    assert len({id(one) for day in week.days.values() for one in day}) == 3


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"start": 10, "end": 10}, "0 to 96"),
        ({"why": "bedtime"}, "bedtime is for everything"),
        ({"effect": "open", "why": "homework"}, "a slot that opens"),
        ({"effect": "open", "everything": True, "services": frozenset()}, "a slot that opens"),
        ({"services": frozenset()}, "for everything, or names"),
        ({"everything": True}, "for everything, or names"),
    ],
)
def test_it_refuses_a_slot_that_cannot_be(wrong, says):
    with pytest.raises(InvalidRules, match=says):
        Slot(**{"services": GAMES, "days": ALL, "start": 10, "end": 20, **wrong})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"until": 100}, "ends after it starts"),
        ({"until": 99}, "ends after it starts"),
        ({"until": 101 + 31 * 86_400}, "within 31 days"),
        ({"services": frozenset()}, "name services"),
        ({"kind": "pause"}, "name services"),
        ({"kind": "skip", "services": frozenset()}, "which slots"),
        ({"skips": frozenset({"bedtime"})}, "which slots"),
        ({"kind": "only", "categories": frozenset({"content"})}, "no categories"),
    ],
)
def test_it_refuses_an_override_that_cannot_be(wrong, says):
    with pytest.raises(InvalidRules, match=says):
        Override(**{"kind": "open", "services": GAMES, "start": 100, "until": 200, **wrong})


@given(st.integers(0, 95), st.integers(1, 96), st.integers(0, 95))
def test_a_slot_holds_as_long_as_it_is(start, end, quarter):
    if start == end:
        return
    slot = Slot(everything=True, days=ALL, start=start, end=end)
    length = (end - start) % 96 or 96
    assert slot.holds(0, 0, quarter) == ((quarter - start) % 96 < length)
