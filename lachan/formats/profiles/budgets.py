"""A day's time for games: what the law says of it, and what is blocked when it is spent.

Minutes are counted elsewhere, and how far they can be is said there.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import msgspec

from lachan.formats.profiles.moments import next_wall
from lachan.formats.profiles.records import QUARTERS
from lachan.formats.profiles.rules import Budget, Override
from lachan.kernel.country import Country, here, today
from lachan.kernel.dated import Row, row_holds, rows_checked


class GameTime(msgspec.Struct, frozen=True, kw_only=True):
    """What a country's law says of the time that children spend on games.

    Attributes:
        under: the age from which it holds no longer.
        text, source: what it says, and which law, by language.
    """

    under: int
    budget: Budget
    text: Mapping[str, str]
    source: Mapping[str, str]


def game_time_law(age: int, *, on: date | None = None) -> GameTime | None:
    """What holds for an age where this instance is, on a day, today unless one is named; None where no law says it."""
    day = on or today()
    for row in game_time_rows_of(here()):
        if row_holds(row, day) and age < row["under"]:
            return _law(row)
    return None


@lru_cache(maxsize=4)
def game_time_rows_of(country: Country) -> tuple[Row, ...]:
    """The rows of a country, checked; none where it has no such law.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """
    rows = rows_checked(country.read("game_time")) if country.has("game_time") else ()
    for row in rows:
        if not isinstance(row["under"], int) or not _law(row).text or not row["source"]:
            raise ValueError("an age, a text and a source are wanted")
    return rows


def spent(budget: Budget, minutes: Mapping[str, int]) -> frozenset[str]:
    """The services whose time is spent for the day.

    Args:
        budget: without groups (`encoding.rules_grouped`).
        minutes: counted today, by service; others than games do not matter.
    """
    return frozenset(code for code in budget.services if left(budget, minutes, code) == 0)


def left(budget: Budget, minutes: Mapping[str, int], service: str) -> int | None:
    """Minutes that are left today for one of the budget's services; None where they are not limited."""
    lefts = []
    if budget.each is not None:
        lefts.append(budget.each - minutes.get(service, 0))
    if budget.together is not None:
        lefts.append(budget.together - sum(minutes.get(code, 0) for code in budget.services))
    return max(0, min(lefts)) if lefts else None


def spent_override(
    budget: Budget, minutes: Mapping[str, int], zone: str, instant: int
) -> Override | None:
    """What blocks the spent services from a moment until midnight there; None where none is spent.

    What a parent gives afterwards is said later, and wins.

    Raises:
        UnknownZone: there is no zone of that name.
    """
    services = spent(budget, minutes)
    if not services:
        return None
    until = next_wall(zone, instant, QUARTERS)
    return Override(kind="block", services=services, why="budget", start=instant, until=until)


def _law(row: Row) -> GameTime:
    budget = msgspec.convert({"each": row["each"], "together": row["together"]}, Budget)
    return GameTime(under=row["under"], budget=budget, text=row["text"], source=row["source"])
