"""When something must be done by: the deadlines of a country's laws, with how each was reckoned.

A deadline of hours runs at once and through every night. One of working days begins the day after, counts days that
are neither weekend nor holiday, and ends with the last of them, at midnight there.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from lachan.kernel.country import Country, here
from lachan.kernel.dated import Row, row_holds, rows_checked

_DAY = timedelta(days=1)
_UNITS = {"hours", "working_days"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Due:
    """A moment by which something must be done, and why.

    Attributes:
        at: in UTC or wherever the start was told.
        text, source: what it is for and which law says so, by language.
        skipped: days that did not count, each with its name by language; empty for a weekend's.
        is_known: whether the holidays up to then are known; where they are not, it may be later in truth.
    """

    at: datetime
    text: Mapping[str, str]
    source: Mapping[str, str]
    skipped: tuple[tuple[date, Mapping[str, str]], ...] = ()
    is_known: bool = True


class Calendar:
    """Which days count as working days.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        """`data`: what a country's `holidays.json` holds."""
        self._weekend = frozenset(data["weekend"]["days"])
        if not self._weekend <= set(range(1, 8)) or len(self._weekend) > 6:
            raise ValueError(
                "the weekend's days are numbers from 1, Monday, to 7, and not all of them"
            )
        self._yearly = rows_checked(data["yearly"])
        for row in self._yearly:
            date.fromisoformat(f"2000-{row['day']}")
        self._once = dict(_days(data["once"]))
        self.known_until = date.fromisoformat(data["once_known_until"])

    def holiday(self, day: date) -> Mapping[str, str] | None:
        """A holiday's name by language; None where it is none."""
        if (name := self._once.get(day)) is not None:
            return name
        for row in self._yearly:
            if row["day"] == day.strftime("%m-%d") and row_holds(row, day):
                found: Mapping[str, str] = row["name"]
                return found
        return None

    def is_working(self, day: date) -> bool:
        return day.isoweekday() not in self._weekend and self.holiday(day) is None

    def after(
        self, day: date, count: int
    ) -> tuple[date, tuple[tuple[date, Mapping[str, str]], ...]]:
        """The last of `count` working days after a day, and the days between that were none."""
        skipped = []
        while count:
            day += _DAY
            if self.is_working(day):
                count -= 1
            else:
                skipped.append((day, self.holiday(day) or {}))
        return day, tuple(skipped)


def _days(rows: Iterable[Row]) -> Iterable[tuple[date, Mapping[str, str]]]:
    for row in rows:
        day, last = date.fromisoformat(row["first"]), date.fromisoformat(row["last"])
        if last < day:
            raise ValueError(f"{row['first']}: it ends before it begins")
        while day <= last:
            yield day, row["name"]
            day += _DAY


@lru_cache(maxsize=4)
def calendar_of(country: Country) -> Calendar:
    return Calendar(country.read("holidays"))


@lru_cache(maxsize=4)
def deadlines_of(country: Country) -> tuple[Row, ...]:
    """The deadlines of a country's laws, checked.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """
    rows = rows_checked(country.read("deadlines"))
    for row in rows:
        units = [row[unit] for unit in _UNITS & row.keys()]
        if len(units) != 1 or not isinstance(units[0], int) or units[0] < 1:
            raise ValueError(f"{row['rule']}: so many hours or so many working_days are wanted")
        if not row["text"] or not row["source"]:
            raise ValueError(f"{row['rule']}: a text and a source are wanted")
    return rows


def deadline_due(rule: str, start: datetime) -> Due | None:
    """By when the law wants something done that began at a moment; None where no such law held then.

    Args:
        rule: how the country's data names it.
        start: timezone-aware.
    """
    country = here()
    day = country.day_of(start)
    for row in deadlines_of(country):
        if row["rule"] == rule and row_holds(row, day):
            return _due(country, row, start, day)
    return None


def _due(country: Country, row: Row, start: datetime, day: date) -> Due:
    words = {"text": row["text"], "source": row["source"]}
    if "hours" in row:
        return Due(at=start + timedelta(hours=row["hours"]), **words)
    calendar = calendar_of(country)
    last, skipped = calendar.after(day, row["working_days"])
    ends = datetime.combine(last + _DAY, time(), country.zone).astimezone(start.tzinfo)
    return Due(at=ends, skipped=skipped, is_known=last <= calendar.known_until, **words)
