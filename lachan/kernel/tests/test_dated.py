import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.kernel import clock
from lachan.kernel.dated import data_read, row_bounds, row_holds, rows_checked, rows_on

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def row(begins, ends=None, **more):
    return {
        "valid_from": begins.isoformat(), "valid_until": ends and ends.isoformat(), **more
    }  # fmt: skip


@given(DAYS, st.integers(1, 400), DAYS)
def test_it_holds_from_its_first_day_to_the_one_before_its_end(begins, length, day):
    ends = begins + timedelta(days=length)
    assert row_holds(row(begins, ends), day) == (begins <= day < ends)
    assert row_holds(row(begins), day) == (begins <= day)
    assert list(row_bounds(row(begins, ends))) == [begins, ends]


@given(st.lists(DAYS, min_size=2, max_size=6, unique=True), DAYS)
def test_it_gives_the_one_of_successive_rows_that_holds(days, day):
    days.sort()
    rows = rows_checked(row(a, b) for a, b in zip(days, [*days[1:], None], strict=True))
    assert len(rows_on(rows, day)) == (day >= days[0])


def test_it_takes_today_where_the_country_is():
    rows = [
        row(date(2026, 11, 3), name="new"),
        row(date(2026, 1, 1), date(2026, 11, 3), name="old"),
    ]
    # Midnight in Viet Nam is 17:00 UTC of the day before.
    for minute, name in ((59, "old"), (60, "new")):
        at = datetime(2026, 11, 2, 16, tzinfo=UTC) + timedelta(minutes=minute)
        with clock.held_at(at):
            assert [one["name"] for one in rows_on(rows)] == [name]


@pytest.mark.parametrize(
    "bad",
    [
        {}, {"valid_from": "2026-01-01"}, {"valid_from": None, "valid_until": None},
        {"valid_from": "2026-13-01", "valid_until": None}, {"valid_from": 2026, "valid_until": None},
        {"valid_from": "2026-01-01", "valid_until": ""}, {"valid_from": "2026-01-02", "valid_until": "2026-01-01"},
        {"valid_from": "2026-01-01", "valid_until": "2026-01-01"}, {"valid_from": "20260101", "valid_until": None},
    ],
)  # fmt: skip
def test_it_refuses_a_row_without_days(bad):
    with pytest.raises(ValueError, match="row 2"):
        rows_checked([row(date(2026, 1, 1)), bad])


def _dated(value):
    if isinstance(value, dict):
        if "valid_until" in value:
            yield value
        for inner in value.values():
            yield from _dated(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _dated(inner)


def test_it_holds_for_every_row_of_the_products_data():
    package = Path(__file__).parents[2]
    files = [*package.glob("**/data/*.json"), *package.glob("country/*/*.json")]
    rows = [one for path in files for one in _dated(json.loads(path.read_text("utf-8")))]
    assert len(rows) > 60
    rows_checked(rows)


def test_it_reads_a_packages_data():
    assert data_read("lachan.reports", "retention")[0]["status"] == "closed"
