"""One clock, in UTC, so that a test can hold it still."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_held: datetime | None = None


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _held or datetime.now(UTC)


def hour(moment: datetime | None = None) -> datetime:
    """The hour that a moment lies in (the present one, unless told otherwise): when it began.

    It is what may be kept of acts of which the exact time would say who did them.
    """
    return (moment or now()).replace(minute=0, second=0, microsecond=0)


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
