"""How urgent a case is, and why: rules as data, read by a tiny evaluator that can do nothing but compare.

A condition is nested JSON lists:

    ["is", FIELD, VALUE…]            the column has one of the values
    ["passed", CLOCK_START, HOURS]   so many hours have gone since that moment
    ["half", CLOCK_START, LAW]       half of the time has gone that a law of the country gives from that moment on
    ["all", CONDITION…]  ["any", CONDITION…]  ["not", CONDITION]

FIELD is a plain column (`FIELDS`), CLOCK_START a moment (`MOMENTS`). A clock runs for its hours, or for what the
country's law gives (`law`, by `country/deadlines`; none where it gives nothing). A file that says anything else is
refused when it is read, not when a case comes by. Nothing here reads what was sealed, and nothing here
acts: a score orders the queue, a person decides.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any

from lachan.country.deadlines import deadline_due, deadlines_of
from lachan.kernel.country import here
from lachan.kernel.dated import data_read, row_bounds, row_holds, rows_checked

from .records import Clock, Facts, Rating, Reason

FIELDS = ("category", "urgency", "province", "language", "status", "reopened")
MOMENTS = ("opened_at", "reporter_waits_since")


class Rules:
    """Rules and clocks, checked.

    Raises:
        ValueError: naming the rule, where the data cannot be used.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.rules: list[dict[str, Any]] = data["rules"]
        self.clocks: list[dict[str, Any]] = data["clocks"]
        canonical = json.dumps([data, deadlines_of(here())], sort_keys=True).encode()
        self.version = hashlib.sha256(canonical).hexdigest()[:16]
        seen = set()
        for entry in [*self.rules, *self.clocks]:
            code = entry.get("code", "?")
            # What the law wants is said by the country's data.
            by_law = entry in self.clocks and isinstance(entry.get("law"), str)
            if code in seen or not (by_law or {"vi", "en", "fr"} <= set(entry.get("text", {}))):
                raise ValueError(f"{code}: the code is taken, or a language is missing")
            seen.add(code)
            try:
                _check(entry["when"])
                rows_checked([entry])
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{code}: {error}") from None


@cache
def rules() -> Rules:
    """The rules of the product's own data."""
    return Rules(data_read("lachan.cases", "priority_rules"))


def rate(facts: Facts, at: datetime, using: Rules | None = None) -> Rating:
    """What the rules that hold at a moment advise about a case."""
    using = using or rules()
    day = here().day_of(at)
    reasons = tuple(
        Reason(rule["code"], rule["weight"], rule["text"])
        for rule in using.rules
        if row_holds(rule, day) and _holds(rule["when"], facts, at)
    )
    changes = [
        moment
        for entry in [*using.rules, *using.clocks]
        for moment in (*_turns(entry["when"], facts), *_bounds(entry))
        if moment > at
    ]
    score = sum(reason.weight for reason in reasons)
    clocks = tuple(_clocks(using, facts, at))
    return Rating(score, reasons, clocks, min(changes, default=None))


def _clocks(using: Rules, facts: Facts, at: datetime) -> Iterator[Clock]:
    for clock in using.clocks:
        start = getattr(facts, clock["from"])
        if start is None or not row_holds(clock, here().day_of(start)):
            continue
        if not _holds(clock["when"], facts, at):
            continue
        code, met = clock["code"], clock["code"] in facts.clocks_met
        if "law" not in clock:
            due_at = start + timedelta(hours=clock["hours"])
            yield Clock(code, clock["text"], clock["source"], legal=False, due_at=due_at, met=met)
        elif due := deadline_due(clock["law"], start):
            yield Clock(code, due.text, due.source, legal=True, due_at=due.at, met=met)


def _check(condition: Any) -> None:
    word, *rest = condition
    if word in {"all", "any"}:
        for inner in rest:
            _check(inner)
    elif word == "not" and len(rest) == 1:
        _check(rest[0])
    elif word == "is" and len(rest) > 1:
        if rest[0] not in FIELDS:
            raise ValueError(f"no field {rest[0]}")
    elif word == "passed" and len(rest) == 2:
        if rest[0] not in MOMENTS or not isinstance(rest[1], int | float):
            raise ValueError(f"no moment {rest[0]}, or no number of hours")
    elif word == "half" and len(rest) == 2:
        if rest[0] not in MOMENTS or not isinstance(rest[1], str):
            raise ValueError(f"no moment {rest[0]}, or no law's name")
    else:
        raise ValueError(f"no condition {word}")


def _holds(condition: list[Any], facts: Facts, at: datetime) -> bool:
    word, *rest = condition
    if word == "all":
        return all(_holds(inner, facts, at) for inner in rest)
    if word == "any":
        return any(_holds(inner, facts, at) for inner in rest)
    if word == "not":
        return not _holds(rest[0], facts, at)
    if word == "is":
        return getattr(facts, rest[0]) in rest[1:]
    turns = _turn(condition, facts)
    return turns is not None and at >= turns


def _turns(condition: list[Any], facts: Facts) -> Iterator[datetime]:
    """The moments at which a condition can turn by itself."""
    word, *rest = condition
    if word in {"passed", "half"}:
        if (turns := _turn(condition, facts)) is not None:
            yield turns
    elif word != "is":
        for inner in rest:
            yield from _turns(inner, facts)


def _turn(condition: list[Any], facts: Facts) -> datetime | None:
    """When what waits for time comes true; None where it never does."""
    word, moment, given = condition
    start = getattr(facts, moment)
    if start is None:
        return None
    if word == "passed":
        return start + timedelta(hours=given)
    due = deadline_due(given, start)
    return start + (due.at - start) / 2 if due else None


def _bounds(entry: dict[str, Any]) -> Iterator[datetime]:
    for day in row_bounds(entry):
        yield datetime.combine(day, time(), here().zone)
