"""Numbers that people in need can call, as the country's data has them. No sentence of ours holds one."""

import dataclasses
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Literal

from lachan.kernel.country import Country, here
from lachan.kernel.dated import Row, rows_checked, rows_on

Purpose = Literal["talk", "danger"]


@dataclasses.dataclass(frozen=True, kw_only=True)
class HelpLine:
    """One number.

    Attributes:
        number: as it is dialled.
        purpose: for whoever wants to talk, or for whoever is in danger.
        name, note: short, by language; the note says when one may call and what it costs.
        full: the official name with the number, by language; empty where the short one is all.
    """

    number: str
    purpose: Purpose
    name: Mapping[str, str]
    note: Mapping[str, str]
    full: Mapping[str, str]


def help_line_list(*, on: date | None = None) -> list[HelpLine]:
    """The numbers of the country that this instance serves, in order, that hold on a day, today unless one is named."""
    return [_line(row) for row in rows_on(help_rows_of(here()), on)]


def help_number(purpose: Purpose) -> str:
    """The first number of a purpose that holds today; empty where the country has none."""
    return next((line.number for line in help_line_list() if line.purpose == purpose), "")


def said(text: Mapping[str, str], language: str) -> str:
    """A text of the country's data in a language, else in the country's own; empty where there is none at all."""
    for code in (language, *here().languages, "en"):
        if code in text:
            return text[code]
    return ""


@lru_cache(maxsize=4)
def help_rows_of(country: Country) -> tuple[Row, ...]:
    """The rows of a country, checked.

    Raises:
        KeyError, TypeError, ValueError: the data is none.
    """
    rows = rows_checked(country.read("help_lines"))
    for row in rows:
        line = _line(row)
        if line.purpose not in {"talk", "danger"} or not line.number or not row["source"]:
            raise ValueError(
                f"{line.number or 'a help line'}: a number, a purpose and a source are wanted"
            )
    return rows


def _line(row: Row) -> HelpLine:
    return HelpLine(
        number=row["number"],
        purpose=row["purpose"],
        name=row["name"],
        note=row["note"],
        full=row.get("full", {}),
    )
