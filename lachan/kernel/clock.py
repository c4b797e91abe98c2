"""One clock, in UTC, so that a test can hold it still."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_held: datetime | None = None


def now() -> datetime:
    """The present moment, timezone-aware, in UTC."""
    return _held or datetime.now(UTC)


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
