"""Bounds of numbers, moments and texts from outside. What no calendar, table or file can bear is refused where it comes
in: once kept, it breaks whatever shows it, and can be neither changed nor taken back.
"""

import re
from datetime import UTC, datetime

from lachan.kernel.errors import InvalidInput

# Room on both sides for every time zone, and seconds that fit 33 bits; whatever ends later has no end.
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_NO_SIGN = re.compile("[\0\ud800-\udfff]")
_MOST_DIGITS = 19  # of 64 bits; Python itself refuses to read more than 4,300


def moment_checked(moment: datetime) -> datetime:
    """The moment, where it can be kept and shown everywhere.

    Raises:
        InvalidInput: without a time zone, or outside the bounds.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidInput("a moment without a time zone is not a moment")
    if not EARLIEST <= moment <= LATEST:
        raise InvalidInput(
            "a moment lies between the years 1900 and 2200; leave out an end that never comes"
        )
    return moment


def moment_shown(moment: datetime | None) -> datetime | None:
    """The moment as pages can show it: one that was kept before there were bounds is drawn to the nearer one."""
    return moment and min(max(moment, EARLIEST), LATEST)


def text_checked(text: str) -> str:
    """The text, where every database keeps it: PostgreSQL takes no U+0000, and no encoding half a surrogate pair.

    Raises:
        InvalidInput: it holds one of them.
    """
    if _NO_SIGN.search(text):
        raise InvalidInput("a text holds a sign that is none: U+0000 or half a surrogate pair")
    return text


def number_read(text: str, *, low: int = 0, high: int = 2**63 - 1) -> int | None:
    """The whole number that a text of digits is; None where it is none, or outside the bounds."""
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > _MOST_DIGITS:
        return None
    # Leading zeros are cut first, for these count as digits too.
    number = int(text.lstrip("0") or "0")
    return number if low <= number <= high else None
