"""What kind of day it is for a family: public holidays by the country's law, school breaks and exam weeks by its data.

A day has one kind: a holiday before an exam, an exam before a break; what an instance or a school says itself comes
before all of it. Days that no calendar names are their weekday's.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from lachan.country.deadlines import calendar_of
from lachan.formats.profiles.records import BREAK, EXAM, HOLIDAY
from lachan.kernel.country import Country
from lachan.kernel.dated import Row, row_holds, rows_checked

_DAY = timedelta(days=1)
_KINDS: dict[str, int] = {"holiday": HOLIDAY, "exam": EXAM, "break": BREAK}


class SchoolDays(msgspec.Struct, frozen=True, kw_only=True):
    """Some days on which school is not as usual.

    Attributes:
        kind: of day (`records.DayKind`).
        first, last: both are among them.
        name: by language.
        source: which office says so.
        is_example: no office does; to be edited by whoever runs the instance.
    """

    kind: int
    first: date
    last: date
    name: Mapping[str, str]
    source: str
    is_example: bool


def day_kinds(
    country: Country, first: date, last: date, own: Iterable[SchoolDays] = ()
) -> dict[date, int]:
    """The days between two that are more than their weekday, both included.

    Args:
        own: what the instance, a school or a household says; the later wins.
    """
    found: dict[date, int] = {}
    by_rank = sorted(school_days_of(country, first, last), key=lambda one: -one.kind)
    for one in by_rank:
        found |= dict.fromkeys(_days(one.first, one.last), one.kind)
    calendar = calendar_of(country)
    found |= {day: HOLIDAY for day in _days(first, last) if calendar.holiday(day)}
    for one in own:
        found |= dict.fromkeys(_days(one.first, one.last), one.kind)
    return {day: found[day] for day in sorted(found) if first <= day <= last}


def school_days_of(country: Country, first: date, last: date) -> list[SchoolDays]:
    """What a country's `school.json` says of the days between two; empty where it has none.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """
    rows = _read(country, first.year - 1, last.year)
    return [one for one in rows if first <= one.last and one.first <= last]


@lru_cache(maxsize=64)
def _read(country: Country, first: int, last: int) -> tuple[SchoolDays, ...]:
    if not country.has("school"):
        return ()
    data = country.read("school")
    yearly = [
        _in_year(row, year)
        for row in rows_checked(data["yearly"])
        for year in range(first, last + 1)
        if row_holds(row, date.fromisoformat(f"{year}-{row['first']}"))
    ]
    return (*yearly, *(_school_days(row, row["first"], row["last"]) for row in data["once"]))


def _in_year(row: Row, year: int) -> SchoolDays:
    """A row of every year as days of the one in which they begin."""
    ends = year + (row["last"] < row["first"])
    return _school_days(row, f"{year}-{row['first']}", f"{ends}-{row['last']}")


def _school_days(row: Row, first: str, last: str) -> SchoolDays:
    found = SchoolDays(
        kind=_KINDS[row["kind"]],
        first=date.fromisoformat(first),
        last=date.fromisoformat(last),
        name=row["name"],
        source=row["source"],
        is_example=row["example"],
    )
    if found.last < found.first or not found.name or not found.source:
        raise ValueError(f"{first}: days in their order, a name and a source are wanted")
    return found


def _days(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += _DAY
