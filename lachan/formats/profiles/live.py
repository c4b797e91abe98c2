"""A table in use: changes that readers see at once, each whole, and a kill never half of one."""

import datetime as dt
from collections.abc import Iterable, Mapping

import numpy as np

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.build import Words
from lachan.formats.profiles.clocks import DAY_SECONDS, RENEW_DAYS, calendar_days, zone_end
from lachan.formats.profiles.encode import Encoder, TableFull
from lachan.formats.profiles.mapped import Table, clock_name
from lachan.formats.profiles.records import Profile


class _LiveGround:
    """The arena of a table that others read meanwhile."""

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def last_item(self) -> int:
        return self._table.word(ly.W_ITEMS)

    def append(self, raw: bytes) -> int:
        table = self._table
        place = table.word(ly.W_ARENA_USED)
        end = place + len(raw) // 8
        if end > table.layout.arena_end:
            raise TableFull
        table.words[ly.W_ARENA_USED] = np.uint64(end)
        table.map[8 * place : 8 * end] = raw
        return place

    def item_publish(self, place: int) -> None:
        self._table.words[ly.W_ITEMS] = np.uint64(place)

    def rule_set_publish(self, number: int, place: int) -> None:
        table = self._table
        if number >= table.layout.rule_sets:
            raise TableFull
        table.rule_sets[number] = np.uint64(place)
        table.words[ly.W_RULE_SETS] = np.uint64(number + 1)

    def clock_publish(self, number: int, place: int) -> None:
        table = self._table
        if number >= table.layout.clocks:
            raise TableFull
        table.clocks[number] = np.uint64(place)
        table.words[ly.W_CLOCKS] = np.uint64(max(number, table.word(ly.W_CLOCKS)))


class LiveTable:
    """The single writer's hand on a table."""

    def __init__(self, table: Table, now: int) -> None:
        """Raises: ProfilesCorrupt, where it does not hang together."""
        self.table = table
        self._ground = _LiveGround(table)
        self._encoder = Encoder(self._ground, now)
        self._encoder.learn(table)

    def put(self, profile: Profile) -> None:
        """Set a profile.

        Order is everything: what cannot be seen yet is written first, one store of one word makes the profile what it is
        now, and what leads to it no longer goes last.

        Raises:
            InvalidInput, TableFull: nothing was changed.
        """
        table = self.table
        record = self._ground.append(self._encoder.profile(profile))
        slot, place = table.directory_find(profile.number)
        crowded = table.word(ly.W_DIRECTORY) >= table.layout.directory * 3 // 4
        if slot < 0 or (crowded and not place):
            raise TableFull
        if table.word(ly.W_WAYS) + len(profile.ways) >= table.layout.ways * 3 // 4:
            raise TableFull
        before = table.slot_record(slot + 1)
        others = [self._way_lead(way, slot) for way in profile.ways]
        if not int(table.directory[slot]):
            table.words[ly.W_DIRECTORY] += np.uint64(1)
        self._store(table.directory, slot, profile.number << 32 | record)
        for way, taken in zip(profile.ways, others, strict=True):
            self._ways_take(way, slot, taken)
        if before is not None:
            self._ways_drop(slot, before.ways, profile.ways)

    def remove(self, number: int) -> bool:
        """Forget a profile; whether there was one."""
        slot, _ = self.table.directory_find(number)
        record = self.table.slot_record(slot + 1)
        if record is None or record.number != number:
            return False
        self._store(self.table.directory, slot, number << 32)
        self._ways_drop(slot, record.ways, ())
        return True

    def calendar_put(self, name: str, kinds: Mapping[dt.date, int]) -> None:
        """Raises: InvalidInput, TableFull; nothing was changed."""
        self._encoder.calendar_put(name, kinds)

    def zones_renew(self, now: int) -> None:
        """Reckon the zones anew that run out.

        Raises:
            TableFull: some are as they were.
        """
        for name, end in _zones(self.table):
            if end - RENEW_DAYS * DAY_SECONDS <= now:
                self._encoder.zone_renew(name, now)

    @property
    def renew_at(self) -> int:
        """When `zones_renew` has something to do."""
        ends = [end for _, end in _zones(self.table)]
        return min(ends, default=1 << 62) - RENEW_DAYS * DAY_SECONDS

    def _way_lead(self, way: int, slot: int) -> list[int]:
        """Let a way lead to a slot of the directory, unless it leads to another profile: then, where it does."""
        table, code = self.table, way & 0xFF
        table.words[ly.W_WAY_KINDS + code // 64] |= np.uint64(1 << code % 64)
        free, others, leads = -1, [], False
        for at, word in table.way_slots(way):
            if word == 0 or word & ly.GONE == ly.GONE:
                free = at if free < 0 else free
            elif word & ly.GONE == slot + 1:
                leads = True
            else:
                record = table.slot_record(word)
                if record is not None and way in record.ways:
                    others.append(at)
        if not leads and not others:
            if not int(table.ways[free]):
                table.words[ly.W_WAYS] += np.uint64(1)
            self._store(table.ways, free, ly.way_word(way, slot))
        return others

    def _ways_take(self, way: int, slot: int, others: list[int]) -> None:
        """Let a way lead to a slot where it led `others`."""
        word = ly.way_word(way, slot)
        leads = any(one == word for _, one in self.table.way_slots(way))
        for at in others:
            self._store(self.table.ways, at, ly.way_word(way, None) if leads else word)
            leads = True

    def _ways_drop(self, slot: int, ways: Iterable[int], kept: Iterable[int]) -> None:
        """Let ways lead nowhere that led to a slot. Two of one tag are one word: where one is kept, so is that."""
        words = {ly.way_word(way, slot) for way in kept}
        for way in ways:
            word = ly.way_word(way, slot)
            if word in words:
                continue
            for at, one in list(self.table.way_slots(way)):
                if one == word:
                    self._store(self.table.ways, at, ly.way_word(way, None))

    def _store(self, words: Words, slot: int, word: int) -> None:
        words[slot] = np.uint64(word)
        self.table.words[ly.W_CHANGES] += np.uint64(1)


def _clocks(table: Table, kind: int) -> list[tuple[str, bytes]]:
    """(name, body) of each zone or calendar."""
    places = [int(table.clocks[number]) for number in range(1, table.word(ly.W_CLOCKS) + 1)]
    bodies = [table.body(place) for place in places if place and table.kind(place) == kind]
    return [(clock_name(kind, body), body) for body in bodies]


def _zones(table: Table) -> list[tuple[str, int]]:
    """(name, moment up to which it is reckoned) of each."""
    return [(name, zone_end(body)) for name, body in _clocks(table, ly.ZONE)]


def calendars_of(table: Table) -> dict[str, dict[dt.date, int]]:
    return {name: calendar_days(body) for name, body in _clocks(table, ly.CALENDAR)}
