"""What kind of day it is: holidays, exams and breaks of two countries."""

import shutil
from datetime import date, timedelta

import pytest

from lachan.country.calendars import SchoolDays, day_kinds, school_days_of
from lachan.country.checking import country_faults
from lachan.formats.profiles.records import BREAK, EXAM, HOLIDAY
from lachan.kernel.country import country_at

from .countries import VN, XA


def test_it_knows_holidays_exams_and_breaks():
    year = day_kinds(VN, date(2026, 1, 1), date(2026, 12, 31))
    assert [day for day, kind in year.items() if kind == HOLIDAY and day.month == 2] == [
        date(2026, 2, day) for day in range(16, 21)
    ]
    assert year[date(2026, 9, 2)] == HOLIDAY
    assert year[date(2026, 7, 15)] == BREAK
    assert year[date(2026, 12, 22)] == EXAM
    assert date(2026, 11, 30) not in year
    assert list(year) == sorted(year)


def test_it_knows_the_break_of_a_lunar_new_year_that_is_not_chinas():
    days = day_kinds(VN, date(2030, 1, 20), date(2030, 2, 20))
    assert (days[date(2030, 2, 2)], min(days)) == (BREAK, date(2030, 1, 28))


def test_it_knows_another_countrys_days():
    days = day_kinds(XA, date(2026, 11, 1), date(2027, 1, 31))
    harvest, exams = {date(2026, 11, 4), date(2026, 11, 5)}, {date(2026, 11, 3), date(2026, 11, 6)}
    night = {date(2026, 12, 20) + timedelta(days=ahead) for ahead in range(17)}
    assert {day for day, kind in days.items() if kind == HOLIDAY} == harvest
    assert {day for day, kind in days.items() if kind == EXAM} == exams
    assert {day for day, kind in days.items() if kind == BREAK} == night
    assert day_kinds(XA, date(2027, 1, 4), date(2027, 1, 8)) == {
        date(2027, 1, 4): BREAK, date(2027, 1, 5): BREAK,
    }  # fmt: skip


def test_it_takes_what_a_school_says_before_all_else():
    day = date(2026, 9, 2)
    mine = [
        SchoolDays(kind=kind, first=day, last=day, name={}, source="the school", is_example=False)
        for kind in (EXAM, 4)
    ]
    assert day_kinds(VN, day, day, mine[:1]) == {day: EXAM}
    assert day_kinds(VN, day, day, mine) == {day: 4}


def test_it_marks_what_no_office_says():
    rows = school_days_of(VN, date(2026, 1, 1), date(2030, 12, 31))
    assert rows
    assert all(row.is_example and row.source for row in rows)


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("school", '"exam"', '"exams"'), ("school", '"2026-11-06"', '"2026-11-02"'), ("school", '"12-20"', '"02-30"'),
        ("school", '"12-20"', '"02-29"'), ("school", '"example": false, ', ""), ("game_time", '"under": 12', '"under": "12"'),
        ("game_time", '"each": 90', '"each": 1500'), ("game_time", '"together": 45', '"all": 45'),
    ],
)  # fmt: skip
def test_it_says_that_a_countrys_days_cannot_be_used(tmp_path, name, was, now):
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    text = (folder / f"{name}.json").read_text()
    assert was in text
    (folder / f"{name}.json").write_text(text.replace(was, now))
    (fault,) = country_faults(country_at(folder))
    assert name in fault


def test_it_bears_a_country_without_them(tmp_path):
    folder = shutil.copytree(XA.folder, tmp_path / "xb")
    for name in ("school", "game_time"):
        (folder / f"{name}.json").unlink()
    bare = country_at(folder)
    assert country_faults(bare) == []
    assert set(day_kinds(bare, date(2026, 11, 1), date(2027, 1, 31)).values()) == {HOLIDAY}
