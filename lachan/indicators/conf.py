"""This room's rules that are data: read once, chosen by the day."""

from datetime import date, timedelta
from functools import cache

from lachan.kernel.dated import Row, data_read, rows_checked, rows_on

from .records import Confidence

DEFAULT_CONFIDENCE = Confidence.SURE.value
MAX_EVIDENCE = 10_000
MIN_REASON_LETTERS, MIN_REASON_WORDS = 10, 3


@cache
def _deadlines() -> tuple[Row, ...]:
    return rows_checked(data_read("lachan.indicators", "deadlines"))


def deadline(rule: str, on: date) -> timedelta:
    """How long `rule` gives on a day.

    Raises:
        LookupError: no such rule holds then.
    """
    for row in rows_on(_deadlines(), on):
        if row["rule"] == rule:
            return timedelta(hours=row["hours"])
    raise LookupError(rule)
