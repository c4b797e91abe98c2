"""What holds for whom, from any number of processes, while another writes it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.clocks import DAY_SECONDS, QUARTER_SECONDS, Clock, weekday
from lachan.formats.profiles.keys import DEVICE, IPV4, IPV6, network_key, own_keys
from lachan.formats.profiles.layout import PASS, ProfilesCorrupt
from lachan.formats.profiles.mapped import Record, Table, day_runs
from lachan.formats.profiles.records import DAY_KINDS, RuleSet

RETRY_SECONDS = 0.1
LOOK_SECONDS = 1.0
AHEAD_SECONDS = 15 * DAY_SECONDS
"""How far ahead the next change of rules is looked for."""


class ProfilesStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a reader stands.

    Attributes:
        state: `absent` (no table yet), `good`, or `stale` (the newest cannot be used, the last good one answers).
        generation: of the table in use.
        sequence: of the database that the answers include.
        profiles: how many it has had since it was made.
        fault: why the state is not good; empty otherwise.
    """

    state: Literal["absent", "good", "stale"]
    generation: int = 0
    sequence: int = 0
    profiles: int = 0
    fault: str = ""


class ProfileReader:
    """Reads a table; never waits, never writes, and never fails because of its files.

    Without a folder it knows nobody and looks again; with a damaged table it stays on the last good one and says so in
    `status`. A change is seen at once; a new generation is noticed by one word in memory.
    """

    def __init__(self, folder: Path | str, *, watch: Callable[[], None] | None = None) -> None:
        """With `watch`, opening a generation, the first too, is somebody else's work: look-ups call `watch` when there is
        a new one, and go on with what is there until `refresh` was called.
        """
        self._folder = Path(folder)
        self._watch = watch
        self.table: Table | None = None
        self._fault = ""
        self._look_at = 0.0
        if watch is None:
            self.refresh()

    def find(self, way: int) -> int | None:
        """The profile that is known by a way in (`keys.way_key`)."""
        table = self.current()
        record = table.way_record(way) if table else None
        return record.number if record else None

    def find_peer(self, packed: bytes) -> int | None:
        """The profile of the smallest known network that an address (4 or 16 bytes) is of."""
        table = self.current()
        if table is not None and packed:
            for length in network_lengths(table, 8 * len(packed)):
                record = table.way_record(network_key(table.layout.key, packed, length))
                if record is not None:
                    return record.number
        return None

    def rules_at(self, number: int, instant: float) -> RuleSet:
        """What holds for a profile at a moment (Unix seconds).

        Raises:
            KeyError: there is no such profile (any more).
        """
        table, record = self._record(number)
        return table.rule_set(self._rule_set_at(table, record, int(instant)))

    def changes_at(self, number: int, instant: float) -> int:
        """When (Unix seconds) what holds for a profile at a moment ends, up to 15 days ahead; 0 where it goes on.

        Raises:
            KeyError: there is no such profile (any more).
        """
        table, record = self._record(number)
        moment = int(instant)
        end, holds = moment + AHEAD_SECONDS, self._rule_set_at(table, record, moment)
        while (moment := self._border_after(table, record, moment)) <= end:
            if self._rule_set_at(table, record, moment) != holds:
                return moment
        return 0

    def own(self, number: int, wire: bytes, instant: float) -> tuple[int, int]:
        """(effect, until) of a profile's own word on a name (lower-case wire form without root) or on the nearest of its
        parents that has one; PASS where none has, or no such profile is there.
        """
        return self.own_at(number, wire, instant)[:2]

    def own_at(self, number: int, wire: bytes, instant: float) -> tuple[int, int, int]:
        """`own`, and where in the name the one begins that decides."""
        try:
            table, record = self._record(number)
        except KeyError:
            return PASS, 0, 0
        if not record.own_count:
            return PASS, 0, 0
        own = record.own
        for offset, key in reversed(own_keys(table.layout.key, number, wire)):
            effect, until = ly.own_unpack(own.get(key, 0))
            if effect != PASS and (until == 0 or instant < until):
                return effect, until, offset
        return PASS, 0, 0

    @property
    def key(self) -> bytes:
        """The table's; empty where there is none."""
        table = self.current()
        return table.layout.key if table else b""

    @property
    def sequence(self) -> int:
        """The database's sequence that answers include; 0 where there is no table."""
        table = self.current()
        return table.word(ly.W_SEQUENCE) if table else 0

    def current(self) -> Table | None:
        """The table to read from; call it once a batch, it costs one word and the clock."""
        table = self.table
        if self._watch is not None:
            if table is not None and table.word(ly.W_SUPERSEDED):
                self._watch()
            return table
        now = time.monotonic()
        if now >= self._look_at or (table and table.word(ly.W_SUPERSEDED) and not self._fault):
            self.refresh()
        return self.table

    def refresh(self) -> bool:
        """Open the newest generation where it is not open yet; whether anything changed."""
        before, self._fault = self.table, ""
        for generation in ly.generations(self._folder):
            if before is not None and generation <= before.layout.generation:
                break
            try:
                self.table = Table(ly.table_path(self._folder, generation))
                break
            except (ProfilesCorrupt, OSError) as error:
                why = str(error) if isinstance(error, ProfilesCorrupt) else "a file is missing"
                self._fault = self._fault or why
        settled = (
            self.table is not None and not self._fault and not self.table.word(ly.W_SUPERSEDED)
        )
        self._look_at = time.monotonic() + (LOOK_SECONDS if settled else RETRY_SECONDS)
        return self.table is not before

    def status(self) -> ProfilesStatus:
        table = self.current()
        if table is None:
            return ProfilesStatus(state="absent", fault=self._fault)
        return ProfilesStatus(
            state="stale" if self._fault else "good",
            generation=table.layout.generation,
            sequence=table.word(ly.W_SEQUENCE),
            profiles=table.word(ly.W_DIRECTORY),
            fault=self._fault,
        )

    def _record(self, number: int) -> tuple[Table, Record]:
        table = self.current()
        record = table.record(number) if table else None
        if table is None or record is None:
            raise KeyError(number)
        return table, record

    def _clock(self, table: Table, number: int) -> Clock | None:
        place = int(table.clocks[number]) if number else 0
        if not place:
            return None
        body = table.body(place)
        return Clock(table.kind(place), body)

    def _local(self, table: Table, record: Record, moment: int) -> tuple[int, int, int]:
        """(day since 1970, second of it) by the clock on the wall, and that clock's offset."""
        zone = self._clock(table, record.clock[0])
        offset = zone.offset(moment) if zone else 0
        return *divmod(moment + offset, DAY_SECONDS), offset

    def _runs(self, table: Table, record: Record, day: int) -> tuple[int, ...]:
        calendar = self._clock(table, record.clock[1])
        kinds = []
        for one in (day - 1, day):
            kind = calendar.day_kind(one) if calendar else None
            kinds.append(weekday(one) if kind is None else kind)
        pair = kinds[0] * DAY_KINDS + kinds[1]
        place = int.from_bytes(table.body(record.week)[4 * pair : 4 * pair + 4], "little")
        return day_runs(table.body(place))

    def _rule_set_at(self, table: Table, record: Record, moment: int) -> int:
        for start, until, number in record.segments:
            if start <= moment < until:
                return number
        day, second, _ = self._local(table, record, moment)
        quarter = second // QUARTER_SECONDS
        return [run for run in self._runs(table, record, day) if run & 0xFF <= quarter][-1] >> 8

    def _border_after(self, table: Table, record: Record, moment: int) -> int:
        """The next moment at which something may change: a run's, day's or segment's end, or the clock's."""
        day, second, offset = self._local(table, record, moment)
        starts = [(run & 0xFF) * QUARTER_SECONDS for run in self._runs(table, record, day)]
        next_start = next((start for start in starts if start > second), DAY_SECONDS)
        borders = [day * DAY_SECONDS + next_start - offset]
        borders += [one for start, until, _ in record.segments for one in (start, until)]
        zone = self._clock(table, record.clock[0])
        if zone and (change := zone.next_change(moment)) is not None:
            borders.append(change)
        return min(border for border in borders if border > moment)


def network_lengths(table: Table, bits: int) -> list[int]:
    """Prefix lengths of the networks in use, of addresses of so many bits, the longest first."""
    kinds = sum(table.word(ly.W_WAY_KINDS + at) << 64 * at for at in range(4))
    first = IPV4 if bits == 32 else IPV6
    return [length for length in range(bits, -1, -1) if kinds >> (first + length) & 1]


def device_known(table: Table) -> bool:
    """Whether any profile is known by a device's address."""
    return bool(table.word(ly.W_WAY_KINDS) >> DEVICE & 1)
