"""How urgent a case is, and why: rules as data, read by a tiny evaluator that can do nothing but compare.

A condition is nested JSON lists:

    ["is", FIELD, VALUE…]            the column has one of the values
    ["passed", CLOCK_START, HOURS]   so many hours have gone since that moment
    ["all", CONDITION…]  ["any", CONDITION…]  ["not", CONDITION]

FIELD is a plain column (`FIELDS`), CLOCK_START a moment (`MOMENTS`). A file that says anything else is
refused when it is read, not when a case comes by. Nothing here reads what was sealed, and nothing here
acts: a score orders the queue, a person decides.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

from .records import Clock, Facts, Rating, Reason

FIELDS = ("category", "urgency", "province", "language", "status", "reopened")
MOMENTS = ("opened_at", "reporter_waits_since")
# A law's day begins where the law holds.
_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Rules:
    """Rules and clocks, checked.

    Raises:
        ValueError: naming the rule, where the data cannot be used.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.rules: list[dict[str, Any]] = data["rules"]
        self.clocks: list[dict[str, Any]] = data["clocks"]
        canonical = json.dumps(data, sort_keys=True).encode()
        self.version = hashlib.sha256(canonical).hexdigest()[:16]
        seen = set()
        for entry in [*self.rules, *self.clocks]:
            code = entry.get("code", "?")
            if code in seen or {"vi", "en", "fr"} - set(entry.get("text", {})):
                raise ValueError(f"{code}: the code is taken, or a language is missing")
            seen.add(code)
            try:
                _check(entry["when"])
                _valid(entry, datetime.now(_ZONE))
            except (KeyError, TypeError, ValueError) as error:
                raise ValueError(f"{code}: {error}") from None


@cache
def rules() -> Rules:
    """The rules of the product's own data."""
    text = files("lachan.cases").joinpath("data/priority_rules.json").read_text(encoding="utf-8")
    return Rules(json.loads(text))


def rate(facts: Facts, at: datetime, using: Rules | None = None) -> Rating:
    """What the rules that hold at a moment advise about a case."""
    using = using or rules()
    reasons = tuple(
        Reason(rule["code"], rule["weight"], rule["text"])
        for rule in using.rules
        if _valid(rule, at) and _holds(rule["when"], facts, at)
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
        if start is None or not _valid(clock, start) or not _holds(clock["when"], facts, at):
            continue
        yield Clock(
            code=clock["code"],
            text=clock["text"],
            source=clock["source"],
            legal=clock["legal"],
            due_at=start + timedelta(hours=clock["hours"]),
            met=clock["code"] in facts.clocks_met,
        )


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
    start = getattr(facts, rest[0])
    return start is not None and at >= start + timedelta(hours=rest[1])


def _turns(condition: list[Any], facts: Facts) -> Iterator[datetime]:
    """The moments at which a condition can turn by itself."""
    word, *rest = condition
    if word == "passed":
        if (start := getattr(facts, rest[0])) is not None:
            yield start + timedelta(hours=rest[1])
    elif word != "is":
        for inner in rest:
            yield from _turns(inner, facts)


def _bounds(entry: dict[str, Any]) -> Iterator[datetime]:
    for name in ("valid_from", "valid_until"):
        if entry[name]:
            yield datetime.combine(date.fromisoformat(entry[name]), time(), _ZONE)


def _valid(entry: dict[str, Any], at: datetime) -> bool:
    day = at.astimezone(_ZONE).date().isoformat()
    until = entry["valid_until"]
    return bool(entry["valid_from"] <= day and (until is None or day < until))
