"""Profiles as bytes: what many share is stored once, and found again by what it says."""

import datetime as dt
import struct
import weakref
import zlib
from collections.abc import Mapping
from typing import Protocol

import msgspec

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.clocks import calendar_body, zone_body
from lachan.formats.profiles.mapped import Table, clock_name, record_check
from lachan.formats.profiles.records import DAY_KINDS, QUARTERS, Profile, RuleSet, Week
from lachan.kernel.errors import InvalidInput

_LATEST = (1 << 32) - 1


class ProfileUnusable(InvalidInput):
    """A profile cannot be taken."""

    code = "profile-unusable"


class TableFull(Exception):
    """No room: make a new generation, then put again."""


class Ground(Protocol):
    """Where encoded things come to lie: a table in use, or one that is being made."""

    def append(self, raw: bytes) -> int:
        """Claim room for `raw` (a multiple of 8 bytes) and write it there; its place. Nobody sees it yet."""

    def item_publish(self, place: int) -> None:
        """Hang an item into the row of all."""

    def rule_set_publish(self, number: int, place: int) -> None: ...
    def clock_publish(self, number: int, place: int) -> None: ...

    @property
    def last_item(self) -> int: ...


class Encoder:
    """Puts items on a ground, each once."""

    def __init__(self, ground: Ground, now: int) -> None:
        self._ground, self._now = ground, now
        self._rule_sets: dict[RuleSet, int] = {}
        self._days: dict[bytes, int] = {}
        self._weeks: dict[bytes, int] = {}
        self._clocks: dict[tuple[int, str], int] = {}
        # Hashing a rule set costs a microsecond, and a week names 9,600 of them: the same object is known by itself.
        self._same_sets: dict[int, tuple[RuleSet, int]] = {}
        self._same_weeks: dict[int, tuple[weakref.ref[Week], int]] = {}

    def learn(self, table: Table) -> None:
        """Know what a table holds already.

        Raises:
            ProfilesCorrupt: it does not hang together.
        """
        shelves = {ly.DAY: self._days, ly.WEEK: self._weeks}
        for place in table.items():
            kind, body = table.kind(place), table.body(place)
            if kind in shelves:
                shelves[kind][body] = place
            elif kind in (ly.ZONE, ly.CALENDAR):
                number = struct.unpack_from("<q", body)[0]
                self._clocks[kind, clock_name(kind, body)] = number
        for number in range(table.word(ly.W_RULE_SETS)):
            self._rule_sets[table.rule_set(number)] = number

    def profile(self, profile: Profile) -> bytes:
        """A profile's record; what it shares is on the ground before this returns.

        Raises:
            ProfileUnusable, ZoneUnknown: it cannot be taken; nothing can be seen of it.
            TableFull: the same.
        """
        if not 0 < profile.number < 1 << 31:
            raise ProfileUnusable("a profile's number is 1 to 2³¹")
        if max(len(profile.ways), len(profile.segments)) > 0xFFFF or len(profile.own) > 100_000:
            raise ProfileUnusable("a profile has too many ways in, exceptions or names of its own")
        own = sorted(
            {
                one.key: ly.own_pack(one.until, allow=one.allow, then=one.then)
                for one in profile.own
            }.items()
        )
        ways = tuple(dict.fromkeys(profile.ways))
        segments = [
            word
            for one in profile.segments
            for word in (_moment(one.start), _moment(one.until), self._rule_set(one.rules))
        ]
        head = struct.pack(
            "<IIIHHHHI",
            profile.number,
            0,
            self._week(profile.week),
            self.clock(ly.ZONE, profile.zone),
            self.clock(ly.CALENDAR, profile.calendar) if profile.calendar else 0,
            len(ways),
            len(profile.segments),
            len(own),
        )
        keys, words = [key for key, _ in own], [word for _, word in own]
        raw = head + struct.pack(f"<{len(ways)}Q{len(own)}Q", *ways, *keys)
        raw += struct.pack(f"<{len(own)}I{len(segments)}I", *words, *segments)
        raw += b"\0" * (-len(raw) % 8)
        return raw[:4] + struct.pack("<I", record_check(raw)) + raw[8:]

    def clock(self, kind: int, name: str) -> int:
        """The number of a zone or calendar; a calendar that nobody has put yet says nothing of any day.

        Raises:
            ZoneUnknown, TableFull.
        """
        number = self._clocks.get((kind, name))
        if number is None:
            number = len(self._clocks) + 1
            self._clock_put(kind, name, number, {})
        return number

    def calendar_put(self, name: str, kinds: Mapping[dt.date, int]) -> None:
        """Raises: CalendarUnusable, TableFull."""
        number = self._clocks.get((ly.CALENDAR, name), len(self._clocks) + 1)
        self._clock_put(ly.CALENDAR, name, number, kinds)

    def zone_renew(self, name: str, now: int) -> None:
        """Raises: ZoneUnknown, TableFull."""
        self._now = now
        self._clock_put(ly.ZONE, name, self._clocks[ly.ZONE, name], {})

    def _clock_put(self, kind: int, name: str, number: int, kinds: Mapping[dt.date, int]) -> None:
        if number > 0xFFFF or len(name.encode()) > 200:
            raise ProfileUnusable("too many calendars and zones, or too long a name")
        body = (
            zone_body(number, name, self._now)
            if kind == ly.ZONE
            else calendar_body(number, name, kinds)
        )
        place = self._item(kind, body)
        self._ground.clock_publish(number, place)
        self._clocks[kind, name] = number

    def _rule_set(self, rules: RuleSet) -> int:
        same = self._same_sets.get(id(rules))
        if same is not None:
            return same[1]
        number = self._rule_sets.get(rules)
        if number is None:
            number = len(self._rule_sets)
            if number >= ly.RULE_SETS_LIMIT:
                raise ProfileUnusable("too many different rule sets")
            place = self._item(ly.RULE_SET, msgspec.msgpack.encode(rules))
            self._ground.rule_set_publish(number, place)
            self._rule_sets[rules] = number
        if len(self._same_sets) > 100_000:
            self._same_sets.clear()
        self._same_sets[id(rules)] = rules, number
        return number

    def _week(self, week: Week) -> int:
        same = self._same_weeks.get(id(week))
        if same is not None and same[0]() is week:
            return same[1]
        days: dict[int, int] = {}
        places = []
        for pair in range(DAY_KINDS**2):
            day = week.days.get(divmod(pair, DAY_KINDS), ())
            if len(day) != QUARTERS:
                raise ProfileUnusable("a week has a day of 96 quarters for each pair of kinds")
            if id(day) not in days:
                days[id(day)] = self._day(day)
            places.append(days[id(day)])
        place = self._shelved(self._weeks, ly.WEEK, struct.pack(f"<{DAY_KINDS**2}I", *places))
        if len(self._same_weeks) > 100_000:
            self._same_weeks.clear()
        self._same_weeks[id(week)] = weakref.ref(week), place
        return place

    def _day(self, day: tuple[RuleSet, ...]) -> int:
        runs, before = [], -1
        for quarter, rules in enumerate(day):
            number = self._rule_set(rules)
            if number != before:
                runs.append(number << 8 | quarter)
                before = number
        return self._shelved(
            self._days, ly.DAY, struct.pack(f"<{len(runs) + 1}I", len(runs), *runs)
        )

    def _shelved(self, shelf: dict[bytes, int], kind: int, body: bytes) -> int:
        place = shelf.get(body)
        if place is None:
            place = shelf[body] = self._item(kind, body)
        return place

    def _item(self, kind: int, body: bytes) -> int:
        head = struct.pack("<IIII", kind, len(body), self._ground.last_item, zlib.crc32(body))
        raw = head + body
        place = self._ground.append(raw + b"\0" * (-len(raw) % 8))
        self._ground.item_publish(place)
        return place


def _moment(seconds: int) -> int:
    return min(max(int(seconds), 0), _LATEST)
