"""Moments of the clock on the wall: Unix seconds ↔ what it shows in a time zone, through every change of clocks."""

from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lachan.kernel.errors import InvalidInput

QUARTER_S, DAY_S = 900, 86_400
_DAY = timedelta(days=1)


class UnknownZone(InvalidInput):
    """There is no time zone of that name."""

    code = "unknown-zone"


def wall(zone: str, instant: int) -> datetime:
    """What the clock on the wall shows, without a zone.

    Raises:
        UnknownZone: there is none of that name.
    """
    return datetime.fromtimestamp(instant, zone_named(zone)).replace(tzinfo=None, fold=0)


def quarters(zone: str, start: int, until: int, only: Container[int] = range(96)) -> Iterator[int]:
    """Moments after `start` and before `until` at which a quarter of an hour begins on the wall, or the clock is put
    forward or back.

    Args:
        only: which quarters of a day.

    Raises:
        UnknownZone: there is none of that name.
    """
    found = zone_named(zone)
    at, offset = start, _offset(found, start)
    while True:
        ahead = at + QUARTER_S - (at + offset) % QUARTER_S
        after = _offset(found, ahead)
        if is_changed := after != offset:
            ahead = _changed(found, at, ahead)
            after = _offset(found, ahead)
        if ahead >= until:
            return
        if is_changed or (ahead + after) % DAY_S // QUARTER_S in only:
            yield ahead
        at, offset = ahead, after


def next_wall(zone: str, instant: int, quarter: int) -> int:
    """The first moment after `instant` at which the clock on the wall has come to a quarter of an hour of the day.

    Where that hour is left out, it is the moment at which the clock is put past it. 96 is midnight.

    Raises:
        UnknownZone: there is no zone of that name.
    """
    now = wall(zone, instant)
    aim = datetime(now.year, now.month, now.day) + timedelta(minutes=15 * quarter)  # noqa: DTZ001  the wall's
    if aim <= now:
        aim += _DAY
    return next(at for at in quarters(zone, instant, instant + 4 * DAY_S) if wall(zone, at) >= aim)


@lru_cache(maxsize=1024)
def zone_named(zone: str) -> ZoneInfo:
    """Find a time zone.

    Raises:
        UnknownZone: there is none of that name.
    """
    try:
        return ZoneInfo(zone)
    except (LookupError, OSError, ValueError):
        raise UnknownZone("there is no such time zone; one is written Asia/Ho_Chi_Minh") from None


def _offset(zone: ZoneInfo, instant: int) -> int:
    east = datetime.fromtimestamp(instant, zone).utcoffset() or timedelta()
    return east.days * DAY_S + east.seconds


def _changed(zone: ZoneInfo, start: int, end: int) -> int:
    """The first second at which the offset is no longer that of `start`; by `end` it is another."""
    before = _offset(zone, start)
    while end - start > 1:
        middle = (start + end) // 2
        if _offset(zone, middle) == before:
            start = middle
        else:
            end = middle
    return end
