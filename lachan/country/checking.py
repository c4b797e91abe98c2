"""Whether a country's folder can be used whole: each file read as its room reads it."""

import re
from collections.abc import Callable
from datetime import date

from lachan.country.calendars import school_days_of
from lachan.country.deadlines import calendar_of, deadlines_of
from lachan.country.help_lines import help_rows_of
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.phone_plan import plan_of
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.places.gazetteer import gazetteer_of
from lachan.formats.profiles.budgets import game_time_rows_of
from lachan.kernel.country import Country, held_in

WORDS = (
    *("abbreviations", "denials", "endings", "handles", "introductions", "mailboxes", "particles"),
    *("starters", "versions"),
)
"""The lists of a country's `words.json`; each may be empty."""


def country_faults(country: Country) -> list[str]:
    """What cannot be used, one line a file; empty where all can."""
    looks: dict[str, Callable[[Country], object]] = {
        "places": gazetteer_of,
        "phones": plan_of,
        "help_lines": help_rows_of,
        "deadlines": deadlines_of,
        "holidays": calendar_of,
        "words": _words_look,
        "guard": _guard_look,
        "school": _school_look,
        "game_time": game_time_rows_of,
    }
    faults = []
    for name, look in looks.items():
        try:
            look(country)
        except (AttributeError, LookupError, OSError, TypeError, ValueError, re.error) as error:
            faults.append(f"{name}.json: {type(error).__name__}: {error}")
    return faults or _numbers_look(country)


def _words_look(country: Country) -> None:
    words = country.read("words")
    for name in WORDS:
        if not all(isinstance(word, str) and word for word in words[name]):
            raise ValueError(f"{name} are words")


def _guard_look(country: Country) -> None:
    for group in country.read("guard")["groups"] if country.has("guard") else ():
        if not (group["rule"] and group["reason"]):
            raise ValueError("each group has a rule and a reason")


def _school_look(country: Country) -> None:
    school_days_of(country, date(2024, 1, 1), date(2024, 12, 31))


def _numbers_look(country: Country) -> list[str]:
    """Numbers to call that are none by the country's own plan: the guard could not know them again."""
    numbers = [row["number"] for row in help_rows_of(country)]
    faults = []
    with held_in(country):
        for number in (*numbers, *country.read("phones")["emergency"]):
            try:
                parse(number, "phone")
            except InvalidObservable as error:
                faults.append(f"{number} is no number of the country: {error.reason}")
    return faults
