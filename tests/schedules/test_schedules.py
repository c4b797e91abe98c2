"""Schedules against a brute-force oracle: a hundredth of benchmarks/schedules.py, by the same code."""

import json
from datetime import UTC, date, datetime, timedelta

from lachan.formats.profiles.age_bands import age_band_get
from lachan.formats.profiles.encoding import rules_bytes
from lachan.formats.profiles.records import DAY_KINDS, QUARTERS
from lachan.formats.profiles.rules import week_of
from tests.schedules.oracle import oracle
from tests.schedules.trial import TALLIES, distinct_days, run, told


def test_it_holds_at_every_moment_what_the_oracle_says():
    found = run(2000)
    assert found["instants"] == 2000
    assert found.get("first") is None
    assert found["differences"] == 0
    assert all(found[sort] >= 20 for sort in TALLIES)


def test_its_week_is_what_each_pair_of_days_has():
    """Every quarter of an hour of all 100 pairs, each pair made by a calendar; equal ones are few and one object."""
    rules = age_band_get("9-11").rules()
    written, week = json.loads(rules_bytes(rules)), week_of(rules)
    first = date(2026, 11, 2)
    midnight = int(datetime(2026, 11, 3, tzinfo=UTC).timestamp())
    rows = set()
    for before in range(DAY_KINDS):
        for kind in range(DAY_KINDS):
            calendar = {first: before, first + timedelta(days=1): kind}
            right = [
                oracle(written, [], "UTC", calendar, midnight + 900 * quarter)
                for quarter in range(QUARTERS)
            ]
            assert [told(one) for one in week.days[before, kind]] == right
            rows.add(str([(one["everything"], one["why"]) for one in right]))
    assert len(rows) == len({id(day) for day in week.days.values()}) == distinct_days()["9-11"]


def test_the_defaults_of_every_age_need_few_days():
    assert max(distinct_days().values()) <= 4
