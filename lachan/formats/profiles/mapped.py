"""A mapped table of profiles: opening, checking, finding, reading. Used by readers and by the writer."""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.layout import ProfilesCorrupt
from lachan.formats.profiles.records import (
    DAY_KINDS,
    QUARTERS,
    OwnName,
    Profile,
    RuleSet,
    Segment,
    Week,
)
from lachan.kernel.process import boot_word

_rule_sets = msgspec.msgpack.Decoder(RuleSet)


class Record:
    """One profile as it lies in the table; it never changes, a changed one is another."""

    __slots__ = (
        "_map",
        "clock",
        "number",
        "own_count",
        "place",
        "segment_count",
        "way_count",
        "week",
    )

    def __init__(self, mapped: mmap.mmap, place: int) -> None:
        """Raises: ProfilesCorrupt, where it does not lie within the file."""
        try:
            self.number: int
            self.week: int
            self.way_count: int
            self.segment_count: int
            self.own_count: int
            (
                self.number,
                _,
                self.week,
                zone,
                calendar,
                self.way_count,
                self.segment_count,
                self.own_count,
            ) = struct.unpack_from("<IIIHHHHI", mapped, 8 * place)
        except struct.error:
            raise ProfilesCorrupt("a profile lies outside its table") from None
        self.clock: tuple[int, int] = zone, calendar
        self._map, self.place = mapped, place
        if 8 * place + self.size > len(mapped):
            raise ProfilesCorrupt("a profile lies outside its table")

    @property
    def size(self) -> int:
        bare = 8 * (ly.RECORD_WORDS + self.way_count) + 12 * (self.own_count + self.segment_count)
        return (bare + 7) // 8 * 8

    @property
    def raw(self) -> bytes:
        return self._map[8 * self.place : 8 * self.place + self.size]

    @property
    def sound(self) -> bool:
        raw = self.raw
        return bool(record_check(raw) == struct.unpack_from("<I", raw, 4)[0])

    @property
    def ways(self) -> tuple[int, ...]:
        return struct.unpack_from(
            f"<{self.way_count}Q", self._map, 8 * (self.place + ly.RECORD_WORDS)
        )

    @property
    def own(self) -> dict[int, int]:
        """Keys of own names, and what they mean (`layout.own_unpack`)."""
        at = 8 * (self.place + ly.RECORD_WORDS + self.way_count)
        keys = struct.unpack_from(f"<{self.own_count}Q", self._map, at)
        words = struct.unpack_from(f"<{self.own_count}I", self._map, at + 8 * self.own_count)
        return dict(zip(keys, words, strict=True))

    @property
    def segments(self) -> list[tuple[int, int, int]]:
        """(start, until, number of the rule set) of each."""
        at = 8 * (self.place + ly.RECORD_WORDS + self.way_count) + 12 * self.own_count
        return [
            struct.unpack_from("<III", self._map, at + 12 * i) for i in range(self.segment_count)
        ]


def record_check(raw: bytes) -> int:
    return zlib.crc32(raw[8:], zlib.crc32(raw[:4]))


class Table:
    """One mapped file. Words are read from the map each time: another process may be writing them."""

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        """Map `path` and check its head; whatever else it holds too, where the machine stopped while it was written.

        Raises:
            ProfilesCorrupt: it cannot be used.
            FileNotFoundError: no such file.
        """
        descriptor = os.open(path, os.O_RDWR if writable else os.O_RDONLY)
        try:
            size = os.fstat(descriptor).st_size
            self.layout = ly.layout_read(os.pread(descriptor, ly.HEADER_SIZE, 0), size)
            access = mmap.ACCESS_WRITE if writable else mmap.ACCESS_READ
            self.map = mmap.mmap(descriptor, size, access=access)
        finally:
            os.close(descriptor)
        lay = self.layout
        self.words: npt.NDArray[np.uint64] = np.frombuffer(self.map, np.uint64)
        self.directory = self.words[lay.directory_at : lay.directory_at + lay.directory]
        self.ways = self.words[lay.ways_at : lay.ways_at + lay.ways]
        self.rule_sets = self.words[lay.rule_sets_at : lay.rule_sets_at + lay.rule_sets]
        self.clocks = self.words[lay.clocks_at : lay.clocks_at + lay.clocks]
        self._known: dict[int, RuleSet] = {}
        if self.in_doubt:
            self.check()

    def word(self, place: int) -> int:
        return int(self.words[place])

    @property
    def in_doubt(self) -> bool:
        """Whether the machine stopped since it was written to, so that parts may have been lost."""
        return self.word(ly.W_BOOT) != boot_word() and not self.word(ly.W_CLEAN)

    def check(self) -> None:
        """Look at all that it holds.

        Raises:
            ProfilesCorrupt: something is not whole.
        """
        for place in self.items():
            kind, size, _, check = struct.unpack_from("<IIII", self.map, 8 * place)
            if (
                zlib.crc32(self.body(place)) != check
                or not ly.RULE_SET <= kind <= ly.CALENDAR
                or not size
            ):
                raise ProfilesCorrupt("an item of the table of profiles is not whole")
        if not all(record.sound for record in self.records()):
            raise ProfilesCorrupt("a profile's record is not whole")
        for number in range(self.word(ly.W_RULE_SETS)):
            self.rule_set(number)

    def items(self) -> Iterator[int]:
        """Places of the shared items, the newest first."""
        place = self.word(ly.W_ITEMS)
        while place:
            yield place
            try:
                before = struct.unpack_from("<I", self.map, 8 * place + 8)[0]
            except struct.error:
                before = place
            if before >= place:
                raise ProfilesCorrupt("the items of the table of profiles do not hang together")
            place = before

    def kind(self, place: int) -> int:
        return struct.unpack_from("<I", self.map, 8 * place)[0]  # type: ignore[no-any-return]

    def body(self, place: int) -> bytes:
        """Raises: ProfilesCorrupt, where it does not lie within the file."""
        at = 8 * (place + ly.ITEM_WORDS)
        try:
            size = struct.unpack_from("<I", self.map, 8 * place + 4)[0]
        except struct.error:
            size = len(self.map)
        if at + size > len(self.map):
            raise ProfilesCorrupt("an item lies outside the table of profiles")
        return self.map[at : at + size]

    def rule_set(self, number: int) -> RuleSet:
        """Raises: ProfilesCorrupt, where there is none."""
        known = self._known.get(number)
        if known is None:
            if number >= self.layout.rule_sets:
                raise ProfilesCorrupt("there is no such rule set")
            try:
                known = self._known[number] = _rule_sets.decode(
                    self.body(int(self.rule_sets[number]))
                )
            except msgspec.DecodeError:
                raise ProfilesCorrupt("a rule set is not whole") from None
        return known

    def directory_find(self, number: int) -> tuple[int, int]:
        """(slot, place) of a profile; place 0 where it is not there, and slot then where it would stand, -1 for no
        room.
        """
        slot = ly.directory_slot(number, len(self.directory))
        for _ in range(len(self.directory)):
            word = int(self.directory[slot])
            if word == 0:
                return slot, 0
            if word >> 32 == number:
                return slot, word & 0xFFFFFFFF
            slot = slot + 1 if slot + 1 < len(self.directory) else 0
        return -1, 0

    def record(self, number: int) -> Record | None:
        _, place = self.directory_find(number)
        return Record(self.map, place) if place else None

    def records(self) -> Iterator[Record]:
        """Every profile, in no order."""
        for slot in np.flatnonzero(self.directory & np.uint64(0xFFFFFFFF)):
            yield Record(self.map, int(self.directory[slot]) & 0xFFFFFFFF)

    def way_slots(self, key: int) -> Iterator[tuple[int, int]]:
        """(slot, word) of all on the way's path that carry its tag or lead nowhere; the free one at its end."""
        tag, slot = ly.way_tag_and_slot(key, len(self.ways))
        for _ in range(len(self.ways)):
            word = int(self.ways[slot])
            if word == 0 or word >> 32 == tag or word & ly.GONE == ly.GONE:
                yield slot, word
            if word == 0:
                return
            slot = slot + 1 if slot + 1 < len(self.ways) else 0

    def way_record(self, key: int) -> Record | None:
        """The profile that is known by a way in."""
        for _, word in self.way_slots(key):
            record = self.slot_record(word)
            if record is not None and key in record.ways:
                return record
        return None

    def slot_record(self, word: int) -> Record | None:
        """The profile to which a way's word leads."""
        slot = (word & ly.GONE) - 1
        if not 0 <= slot < len(self.directory):
            return None
        place = int(self.directory[slot]) & 0xFFFFFFFF
        return Record(self.map, place) if place else None

    def profile(self, record: Record, weeks: dict[int, Week]) -> Profile:
        """A record as it was put; `weeks` keeps those already read, by place."""
        if record.week not in weeks:
            weeks[record.week] = self._week(record.week)
        names = [self.clock_name(number) if number else "" for number in record.clock]
        return Profile(
            number=record.number,
            ways=record.ways,
            zone=names[0],
            calendar=names[1],
            week=weeks[record.week],
            segments=tuple(
                Segment(start, until, self.rule_set(number))
                for start, until, number in record.segments
            ),
            own=tuple(
                OwnName(
                    key, effect == ly.ALLOW, until, None if then == ly.PASS else then == ly.ALLOW
                )
                for key, word in record.own.items()
                for effect, until, then in (ly.own_unpack(word),)
            ),
        )

    def _week(self, place: int) -> Week:
        days: dict[int, tuple[RuleSet, ...]] = {}
        found = {}
        for pair, day in enumerate(struct.unpack(f"<{DAY_KINDS**2}I", self.body(place))):
            if day not in days:
                runs = day_runs(self.body(day))
                ends = [run & 0xFF for run in runs[1:]] + [QUARTERS]
                sets = [
                    [self.rule_set(run >> 8)] * (end - (run & 0xFF))
                    for run, end in zip(runs, ends, strict=True)
                ]
                days[day] = tuple(one for part in sets for one in part)
            found[divmod(pair, DAY_KINDS)] = days[day]
        return Week(found)

    def clock_name(self, number: int) -> str:
        place = int(self.clocks[number])
        return clock_name(self.kind(place), self.body(place))


def day_runs(body: bytes) -> tuple[int, ...]:
    return struct.unpack_from(f"<{struct.unpack_from('<I', body)[0]}I", body, 4)


def clock_name(kind: int, body: bytes) -> str:
    count = struct.unpack_from("<q", body, 16)[0]
    return body[24 + (16 * count if kind == ly.ZONE else count) :].decode()
