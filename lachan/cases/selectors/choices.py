"""Codes that people choose from, as data."""

import json
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any

from django.utils.translation import get_language

from lachan.cases.records import Outcome
from lachan.formats.classification.categories import categories, categories_on
from lachan.kernel.clock import now
from lachan.members import selectors as members


@cache
def _data(name: str) -> list[dict[str, Any]]:
    return json.loads(files("lachan.cases").joinpath(f"data/{name}.json").read_text("utf-8"))


def outcome_list(*, on: date | None = None, all_days: bool = False) -> list[Outcome]:
    """How a case can end, in order: what holds on a day, or on any."""
    day = (on or now().date()).isoformat()
    return [
        Outcome(row["code"], row["text"])
        for row in _data("outcomes")
        if all_days
        or (row["valid_from"] <= day and (row["valid_until"] is None or day < row["valid_until"]))
    ]


def words_of(text: dict[str, str]) -> str:
    """A text of the data in the reader's language."""
    return text.get(get_language() or "vi", text["vi"])


def category_list() -> list[tuple[str, str]]:
    """Today's categories: (code, name in the reader's language), in order."""
    language = get_language() or "vi"
    return [(c.code, c.name(language)) for c in categories_on(now().date())]


def category_name(code: str) -> str:
    """A category in the reader's language; the code itself where it is unknown."""
    known = categories().get(code)
    return known.name(get_language() or "vi") if known else code


def province_list() -> list[tuple[str, str]]:
    """Today's provinces: (code, name), in order of name."""
    return [(place.code, place.name) for place in members.province_list()]


def province_name(code: str) -> str:
    """A province's name; the code itself where it is unknown."""
    place = members.place_get(code) if code else None
    return place.name if place else code


def outcome_name(code: str) -> str:
    return next((words_of(o.text) for o in outcome_list(all_days=True) if o.code == code), code)
