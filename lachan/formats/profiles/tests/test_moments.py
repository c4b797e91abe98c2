"""The clock on the wall, where it is put forward or back."""

from datetime import UTC, datetime

import pytest

from lachan.formats.profiles.departures import next_change
from lachan.formats.profiles.moments import UnknownZone, next_wall, quarters, wall
from lachan.formats.profiles.rules import Rules, Slot, rule_set_at

PARIS, BACK, FORWARD = "Europe/Paris", "2026-10-25T01:00", "2026-03-29T01:00"
EVERY = frozenset(range(10))


def utc(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def slot(start, end):
    return Rules(slots=(Slot(everything=True, days=EVERY, start=start, end=end),))


def walls_blocked(rules, zone, start, hours):
    """The quarters of an hour at which everything is blocked, as the clock shows them one after the other."""
    moments = range(utc(start), utc(start) + hours * 3600, 900)
    return [f"{wall(zone, at):%H:%M}" for at in moments if rule_set_at(rules, (), zone, {}, at).everything]  # fmt: skip


def test_it_leaves_out_what_lies_in_the_hour_that_is_left_out():
    assert walls_blocked(slot(9, 11), PARIS, "2026-03-28T22:00", 12) == []
    assert walls_blocked(slot(7, 10), PARIS, "2026-03-28T22:00", 12) == ["01:45"]
    assert walls_blocked(slot(10, 13), PARIS, "2026-03-28T22:00", 12) == ["03:00"]


def test_it_holds_twice_in_the_hour_that_comes_twice():
    twice = ["02:15", "02:30", "02:15", "02:30"]
    assert walls_blocked(slot(9, 11), PARIS, "2026-10-24T22:00", 12) == twice
    assert walls_blocked(slot(7, 10), PARIS, "2026-10-24T22:00", 12) == [
        "01:45", "02:00", "02:15", "02:00", "02:15",
    ]  # fmt: skip
    assert next_change(slot(7, 10), (), PARIS, {}, utc("2026-10-25T00:30")) == utc(BACK)


def test_it_finds_a_change_of_clocks_that_is_on_no_quarter():
    """Newfoundland changed at one minute past midnight until 2011: the day before came back for an hour."""
    zone, back = "America/St_Johns", utc("2006-10-29T02:31")
    assert [f"{wall(zone, one):%d %H:%M}" for one in (back - 1, back)] == ["29 00:00", "28 23:01"]
    assert back in quarters(zone, back - 120, back + 120)
    late = slot(92, 96)
    assert not rule_set_at(late, (), zone, {}, back - 30).everything
    assert next_change(late, (), zone, {}, back - 30) == back


@pytest.mark.parametrize(
    ("zone", "now", "quarter", "then"),
    [
        ("Asia/Ho_Chi_Minh", "2026-11-30T14:00", 28, "2026-12-01T00:00"),
        ("Asia/Ho_Chi_Minh", "2026-11-30T23:00", 28, "2026-12-01T00:00"),
        ("Asia/Ho_Chi_Minh", "2026-12-01T00:00", 28, "2026-12-02T00:00"),
        ("Asia/Ho_Chi_Minh", "2026-11-30T14:00", 96, "2026-11-30T17:00"),
        (PARIS, "2026-03-29T00:30", 10, FORWARD),
        (PARIS, "2026-10-25T00:10", 10, "2026-10-25T00:30"),
        (PARIS, "2026-10-25T00:30", 10, "2026-10-26T01:30"),
        ("Pacific/Apia", "2011-12-30T09:00", 96, "2011-12-30T10:00"),
        ("Africa/Cairo", "2026-04-23T20:00", 96, "2026-04-23T22:00"),
    ],
)
def test_it_finds_the_moment_of_an_hour(zone, now, quarter, then):
    assert next_wall(zone, utc(now), quarter) == utc(then)


@pytest.mark.parametrize("zone", ["", "Nowhere", "../etc/passwd", "Asia", "x\0y", "/usr/share"])
def test_it_refuses_a_zone_that_is_none(zone):
    with pytest.raises(UnknownZone):
        wall(zone, 0)
