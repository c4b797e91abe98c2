"""The clocks of profiles: what time it is on the wall in a zone, and what kind of day a calendar makes of it."""

import datetime as dt
import struct
from bisect import bisect_right
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lachan.formats.profiles.layout import NO_KIND, ZONE
from lachan.formats.profiles.records import DAY_KINDS
from lachan.kernel.errors import InvalidInput

DAY_SECONDS, QUARTER_SECONDS = 86_400, 900
BEFORE_DAYS, AHEAD_DAYS = 40, 5 * 366
"""How far back and ahead of now a zone's changes of clock are reckoned."""
RENEW_DAYS = 366
"""A zone is reckoned anew when fewer days than these are left."""
CALENDAR_DAYS = 1_500
_EPOCH = dt.date(1970, 1, 1)


class ZoneUnknown(InvalidInput):
    """There is no such time zone."""

    code = "zone-unknown"


class CalendarUnusable(InvalidInput):
    """A calendar cannot be taken."""

    code = "calendar-unusable"


class Clock:
    """A zone or calendar as a reader has it."""

    def __init__(self, kind: int, body: bytes) -> None:
        self._first: int
        self._starts: tuple[int, ...] = ()
        self._offsets: tuple[int, ...] = ()
        self._kinds = b""
        _, self._first, count = struct.unpack_from("<qqq", body)
        if kind == ZONE:
            self._starts = struct.unpack_from(f"<{count}q", body, 24)
            self._offsets = struct.unpack_from(f"<{count}q", body, 24 + 8 * count)
        else:
            self._kinds = body[24 : 24 + count]

    def offset(self, moment: int) -> int:
        """Seconds east of UTC."""
        return self._offsets[max(0, bisect_right(self._starts, moment) - 1)]

    def next_change(self, moment: int) -> int | None:
        """When the offset changes next, as far as it is reckoned."""
        at = bisect_right(self._starts, moment)
        return self._starts[at] if at < len(self._starts) else None

    def day_kind(self, day: int) -> int | None:
        """What the calendar makes of a day since 1970; None where it says nothing."""
        at = day - self._first
        kind = self._kinds[at] if 0 <= at < len(self._kinds) else NO_KIND
        return None if kind == NO_KIND else kind


def weekday(day: int) -> int:
    """Monday 0; 1970 began on a Thursday."""
    return (day + 3) % 7


def zone_body(number: int, name: str, now: int) -> bytes:
    """A zone's item, with its changes of clock around `now`.

    Raises:
        ZoneUnknown: there is no such zone.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneUnknown(f"{name[:60]!r} is no time zone") from None
    first, last = now - BEFORE_DAYS * DAY_SECONDS, now + AHEAD_DAYS * DAY_SECONDS
    starts, offsets = [first], [_offset(zone, first)]
    for day in range(first, last, DAY_SECONDS):
        if _offset(zone, day + DAY_SECONDS) != offsets[-1]:
            low, high = day, day + DAY_SECONDS
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (middle, high) if _offset(zone, middle) == offsets[-1] else (low, middle)
                )
            starts.append(high)
            offsets.append(_offset(zone, high))
    count = len(starts)
    return struct.pack(f"<qqq{2 * count}q", number, last, count, *starts, *offsets) + name.encode()


def _offset(zone: ZoneInfo, moment: int) -> int:
    offset = dt.datetime.fromtimestamp(moment, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0


def zone_end(body: bytes) -> int:
    """Up to when a zone's item is reckoned."""
    return int(struct.unpack_from("<q", body, 8)[0])


def calendar_body(number: int, name: str, kinds: Mapping[dt.date, int]) -> bytes:
    """A calendar's item.

    Raises:
        CalendarUnusable: it spans too many days, or a kind is none.
    """
    days = {(day - _EPOCH).days: kind for day, kind in kinds.items()}
    first = min(days, default=0)
    count = max(days, default=-1) - first + 1
    if count > CALENDAR_DAYS:
        raise CalendarUnusable(f"a calendar spans at most {CALENDAR_DAYS} days, not {count}")
    if not all(0 <= kind < DAY_KINDS for kind in days.values()):
        raise CalendarUnusable("a kind of day is a number from 0 to 9")
    body = bytes(days.get(first + at, NO_KIND) for at in range(count))
    return struct.pack("<qqq", number, first, count) + body + name.encode()


def calendar_days(body: bytes) -> dict[dt.date, int]:
    """What `calendar_body` was made of."""
    _, first, count = struct.unpack_from("<qqq", body)
    return {
        _EPOCH + dt.timedelta(days=first + at): kind
        for at, kind in enumerate(body[24 : 24 + count])
        if kind != NO_KIND
    }
