"""Data that holds from one day until another: laws, lists and numbers change, and what was decided under the old
ones must stay understood.

A row is an object of a JSON file with `valid_from`, the first day on which it holds, and `valid_until`, the first on
which it no longer does, or null. The days are the country's (`kernel/country`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import resources
from typing import Any

from lachan.kernel.country import today

Row = dict[str, Any]
_BOUNDS = ("valid_from", "valid_until")


def data_read(package: str, name: str) -> Any:
    """What stands in `data/NAME.json` of a package; read anew each time, so that callers keep it."""
    text = resources.files(package).joinpath(f"data/{name}.json").read_text(encoding="utf-8")
    return json.loads(text)


def rows_checked(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows whose days are days, in their order.

    Raises:
        ValueError: naming the row by its number, where a day is missing or none, or the end is not after the start.
    """
    found = tuple(rows)
    for number, row in enumerate(found, 1):
        try:
            bounds = list(row_bounds(row))
        except (KeyError, TypeError, ValueError):
            raise ValueError(
                f"row {number}: valid_from and valid_until are days, or null"
            ) from None
        written = [row[name] for name in _BOUNDS if row[name] is not None]
        if row["valid_from"] is None or written != [day.isoformat() for day in bounds]:
            raise ValueError(f"row {number}: valid_from is a day, and days are written 2026-11-30")
        if bounds != sorted(set(bounds)):
            raise ValueError(f"row {number}: it ends before it begins")
    return found


def rows_on(rows: Iterable[Row], on: date | None = None) -> list[Row]:
    """The rows that hold on a day, today unless one is named, in their order."""
    day = on or today()
    return [row for row in rows if row_holds(row, day)]


def row_holds(row: Mapping[str, Any], on: date) -> bool:
    day, ends = on.isoformat(), row["valid_until"]
    return bool(row["valid_from"] <= day and (ends is None or day < ends))


def row_bounds(row: Mapping[str, Any]) -> Iterator[date]:
    """The days on which the row begins to hold and ceases to, as far as it does."""
    for name in _BOUNDS:
        if row[name] is not None:
            yield date.fromisoformat(row[name])
