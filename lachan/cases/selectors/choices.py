"""Codes that people choose from, as data."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from django.utils.translation import get_language

from lachan.cases.records import Outcome
from lachan.country.help_lines import said
from lachan.formats.classification.categories import categories, categories_on
from lachan.formats.places.gazetteer import place_get
from lachan.formats.places.gazetteer import province_list as provinces_of_today
from lachan.kernel.country import today
from lachan.kernel.dated import Row, data_read, rows_checked, rows_on


@cache
def _outcomes() -> tuple[Row, ...]:
    return rows_checked(data_read("lachan.cases", "outcomes"))


def outcome_list(*, on: date | None = None, all_days: bool = False) -> list[Outcome]:
    """How a case can end, in order: what holds on a day, or on any."""
    rows = _outcomes() if all_days else rows_on(_outcomes(), on)
    return [Outcome(row["code"], row["text"]) for row in rows]


def words_of(text: Mapping[str, str]) -> str:
    """A text of the data in the reader's language."""
    return said(text, get_language() or "")


def category_list() -> list[tuple[str, str]]:
    """Today's categories: (code, name in the reader's language), in order."""
    language = get_language() or "vi"
    return [(c.code, c.name(language)) for c in categories_on(today())]


def category_name(code: str) -> str:
    """A category in the reader's language; the code itself where it is unknown."""
    known = categories().get(code)
    return known.name(get_language() or "vi") if known else code


def province_list() -> list[tuple[str, str]]:
    """Today's provinces: (code, name), in order of name."""
    return [(place.code, place.name) for place in provinces_of_today()]


def province_name(code: str) -> str:
    """A province's name; the code itself where it is unknown."""
    place = place_get(code) if code else None
    return place.name if place else code


def outcome_name(code: str) -> str:
    return next((words_of(o.text) for o in outcome_list(all_days=True) if o.code == code), code)
