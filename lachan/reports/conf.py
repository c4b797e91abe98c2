"""Settings of this room. Rules and lists are data with validity dates; secrets never stand in the database."""

import hashlib
import hmac
from datetime import date, timedelta
from functools import cache

from django.conf import settings

from lachan.kernel.country import today
from lachan.kernel.dated import Row, data_read, rows_checked, rows_on

# Proof of work: about a tenth of a second on a cheap phone when it is calm, a second or two when it is busy.
WORK_BITS_CALM, WORK_BITS_BUSY = 14, 18
# Above this many in one minute a report without proof of work waits its turn. The 111 helpline hears of 0.6
# cases a minute in the whole country; sixty from one school in five minutes are twelve a minute.
BUSY_PER_MINUTE: int = settings.REPORTS_BUSY_PER_MINUTE
# How many waiting reports are let go a minute, the most urgent first.
RELEASED_PER_MINUTE = 60
# A form sent again within so many whole hours shows its receipt again (times are kept by the hour).
RETRY = timedelta(hours=2)
INBOX_OPEN_FOR = timedelta(minutes=30)
LONGEST = {"words": 50_000, "traces": 10_000, "contact": 500}


def secret(purpose: str) -> bytes:
    """A key for one purpose, from the instance's secret, which is a file outside the database."""
    return secrets(purpose)[0]


def secrets(purpose: str) -> list[bytes]:
    """The same, and after it those from former secrets: what was made under them must still be found."""
    label = f"lachan.reports {purpose}".encode()
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(one.encode(), label, hashlib.sha256) for one in held]


@cache
def _rows(name: str) -> tuple[Row, ...]:
    return rows_checked(data_read("lachan.reports", name))


def _valid(name: str, on: date | None) -> list[Row]:
    # A clock from before there was any list finds the first one: a child must be able to report by it.
    first = date.fromisoformat(min(row["valid_from"] for row in _rows(name)))
    return rows_on(_rows(name), max(on or today(), first))


def categories(on: date | None = None) -> list[Row]:
    """What a child may choose, in order: {code, category, icon, label, hint}; `category` is a code of
    `lachan.formats.classification`; label and hint are by language.
    """
    return _valid("categories", on)


def retention_rules(on: date | None = None) -> list[Row]:
    """How long what is kept: {status, days, reason}; days run from closing, or from arrival if not closed."""
    return _valid("retention", on)
