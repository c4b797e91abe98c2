"""One clock, in UTC, so that a test can hold it still."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

_held: datetime | None = None
# Linux counts suspended time too with BOOTTIME.
_UPTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _held or datetime.now(UTC)


def hour(moment: datetime | None = None) -> datetime:
    """The hour that a moment lies in (the present one, unless told otherwise): when it began.

    It is what may be kept of acts of which the exact time would say who did them.
    """
    return (moment or now()).replace(minute=0, second=0, microsecond=0)


def machine_began() -> datetime:
    """When this machine was started, reckoned from its clock as it stands now: time that passes leaves that
    moment where it is, a clock that is set or runs wrong moves it. `held_at` does neither.
    """
    return datetime.now(UTC) - timedelta(seconds=time.clock_gettime(_UPTIME))


@contextmanager
def held_at(moment: datetime) -> Iterator[datetime]:
    """Hold `now()` at `moment` (must be timezone-aware); for tests and for rebuilding the past."""
    global _held  # noqa: PLW0603  one clock a process is the purpose
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is not a moment")
    before, _held = _held, moment.astimezone(UTC)
    try:
        yield _held
    finally:
        _held = before
