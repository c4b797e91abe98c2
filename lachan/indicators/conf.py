"""This room's rules that are data: read once, chosen by the day."""

import json
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

DEFAULT_CONFIDENCE = 80
MAX_EVIDENCE = 10_000
MIN_REASON_LETTERS, MIN_REASON_WORDS = 10, 3


@cache
def _deadlines() -> list[dict[str, Any]]:
    text = resources.files("lachan.indicators").joinpath("data/deadlines.json").read_text("utf-8")
    rows: list[dict[str, Any]] = json.loads(text)
    return rows


def deadline(rule: str, on: date) -> timedelta:
    """How long `rule` gives on a day.

    Raises:
        LookupError: no such rule holds then.
    """
    day = on.isoformat()
    for row in _deadlines():
        ends = row["valid_until"]
        if row["rule"] == rule and row["valid_from"] <= day and (ends is None or day < ends):
            return timedelta(hours=row["hours"])
    raise LookupError(rule)
