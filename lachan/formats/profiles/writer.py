"""Writing the table of profiles: one process at a time, and harmless to kill at any point."""

import datetime as dt
import fcntl
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import numpy as np

from lachan.formats.profiles import layout as ly
from lachan.formats.profiles.build import table_build
from lachan.formats.profiles.encode import TableFull
from lachan.formats.profiles.keys import table_key
from lachan.formats.profiles.layout import ProfilesCorrupt, ProfilesLocked
from lachan.formats.profiles.live import LiveTable, calendars_of
from lachan.formats.profiles.mapped import Table
from lachan.formats.profiles.records import Profile, Week
from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput
from lachan.kernel.home import secrets_known
from lachan.kernel.process import boot_word


class ProfileWriter:
    """The one writer of a folder (made where there is none).

    Every change is seen by all readers at once, a profile whole as it was or whole as it is; `commit` then says up to
    which sequence of the database they are complete. After a crash, read `sequence` and put again what came after it.
    Where `needs_rebuild` is true the table was damaged, or belongs to another instance: readers stay on what they have,
    and `rebuild` is all that this writer will do.
    """

    def __init__(self, folder: Path | str, key: bytes | None = None) -> None:
        """`key`: the table's, 16 bytes (`keys.table_key`); otherwise the one that is made of the secret of the
        instance in whose home the folder stands, and of a former secret where the table has it; of a folder on its own,
        the table's, or a random one.

        Raises:
            ProfilesLocked: another process writes here.
        """
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = _lock(self.folder)
        self.fault = ""
        self._live: LiveTable | None = None
        self._generation = 0
        self._renew_at = 0
        self.key = b""
        try:
            self._keys = (
                [key] if key else [table_key(one) for one in secrets_known(self.folder.parent)]
            )
            self._open()
        except (ProfilesCorrupt, OSError) as error:
            self.fault = str(error)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        found = ly.generations(self.folder)
        ly.sweep(self.folder, set(found[:2]))
        self.key = self._keys[0] if self._keys else os.urandom(16)
        if not found:
            self.rebuild((), {}, 0)
            return
        self._generation = found[0]
        table = Table(ly.table_path(self.folder, found[0]), writable=True)
        if self._keys and table.layout.key not in self._keys:
            raise ProfilesCorrupt("the table of profiles was made under another secret")
        self.key = table.layout.key
        if table.in_doubt:
            raise ProfilesCorrupt(
                "the machine stopped while the table of profiles was being written"
            )
        table.words[ly.W_BOOT] = np.uint64(boot_word())
        table.words[ly.W_CLEAN] = np.uint64(0)
        # A kill between a word and its count leaves the count behind.
        table.words[ly.W_DIRECTORY] = np.uint64(np.count_nonzero(table.directory))
        table.words[ly.W_WAYS] = np.uint64(np.count_nonzero(table.ways))
        self._take(table)
        ly.supersede(self.folder, found[0])

    def _take(self, table: Table) -> None:
        self._live = LiveTable(table, int(clock.now().timestamp()))
        self._generation, self._renew_at = table.layout.generation, self._live.renew_at

    @property
    def needs_rebuild(self) -> bool:
        return bool(self.fault)

    @property
    def sequence(self) -> int:
        """The last committed sequence; 0 for a new folder and for one that needs a rebuild."""
        return 0 if self.fault or self._live is None else self._live.table.word(ly.W_SEQUENCE)

    def put(self, profile: Profile) -> None:
        """Set a profile, in place of what it was; a way in that another had is from now on this one's.

        Raises:
            InvalidInput: it cannot be taken; nothing was changed.
            ProfilesCorrupt: `needs_rebuild`.
        """
        self._renew()
        self._change(lambda live: live.put(profile))

    def remove(self, number: int) -> bool:
        """Forget a profile; whether there was one.

        Raises:
            ProfilesCorrupt: `needs_rebuild`.
        """
        return self._open_table().remove(number)

    def calendar_put(self, name: str, kinds: Mapping[dt.date, int]) -> None:
        """Set what a calendar makes of days (at most some 1,500 in a row); other days are what their weekday is.

        Raises:
            CalendarUnusable: nothing was changed.
            ProfilesCorrupt: `needs_rebuild`.
        """
        self._renew()
        self._change(lambda live: live.calendar_put(name, kinds))

    def commit(self, sequence: int) -> None:
        """Say that everything up to `sequence` of the database is in.

        Raises:
            InvalidInput: below the sequence already committed.
            ProfilesCorrupt: `needs_rebuild`.
        """
        self._renew()
        table = self._open_table().table
        if sequence < self.sequence:
            raise InvalidInput(f"sequence {sequence} comes before {self.sequence}")
        table.words[ly.W_SEQUENCE] = np.uint64(sequence)

    def rebuild(
        self,
        profiles: Iterable[Profile],
        calendars: Mapping[str, Mapping[dt.date, int]],
        sequence: int,
    ) -> None:
        """Replace everything by these profiles (of one number the last stands) and calendars, complete to `sequence`.

        A new file beside the old, durable; then its name; then the word that sends readers over. A crash between any
        two steps leaves one whole generation in force.

        Raises:
            InvalidInput: one cannot be taken; nothing was changed.
            OSError: no room on the disk; nothing was changed.
        """
        before = self._generation
        generation = max([before, *ly.generations(self.folder)]) + 1
        path = ly.table_path(self.folder, generation)
        table_build(
            path,
            generation=generation,
            key=self.key,
            sequence=sequence,
            profiles=profiles,
            calendars=calendars,
            now=int(clock.now().timestamp()),
        )
        self._take(Table(path, writable=True))
        self.fault = ""
        ly.supersede(self.folder, generation)
        ly.sweep(self.folder, {generation, before})

    def compact(self) -> None:
        """Make a new generation of what is in force. Readers go on meanwhile."""
        table = self._open_table().table
        weeks: dict[int, Week] = {}
        owned = (self._as_owned(table, table.profile(record, weeks)) for record in table.records())
        self.rebuild(owned, calendars_of(table), self.sequence)

    def close(self) -> None:
        """Make the table durable and give the lock back."""
        if self._lock < 0:
            return
        if self._live is not None and not self.fault:
            table = self._live.table
            table.map.flush()
            table.words[ly.W_CLEAN] = np.uint64(1)
            table.map.flush()
        os.close(self._lock)
        self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_table(self) -> LiveTable:
        if self.fault or self._live is None:
            raise ProfilesCorrupt(f"{self.fault}; make it anew from the database")
        return self._live

    def _change(self, change: Callable[[LiveTable], None]) -> None:
        """Make a change where there is room; else make room first."""
        try:
            change(self._open_table())
        except TableFull:
            self.compact()
            try:
                change(self._open_table())
            except TableFull:
                raise InvalidInput("too large for the table of profiles") from None

    def _as_owned(self, table: Table, profile: Profile) -> Profile:
        """A profile with the ways alone that lead to it: another may have taken one."""
        ways = []
        for way in profile.ways:
            found = table.way_record(way)
            if found is not None and found.number == profile.number:
                ways.append(way)
        return msgspec.structs.replace(profile, ways=tuple(ways))

    def _renew(self) -> None:
        now = int(clock.now().timestamp())
        if now >= self._renew_at and not self.fault:
            self._change(lambda live: live.zones_renew(now))
            self._renew_at = self._open_table().renew_at


def _lock(folder: Path) -> int:
    """Hold the writer's lock until the returned descriptor is closed, or the process ends."""
    descriptor = os.open(folder / "writer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise ProfilesLocked("another process writes this folder of profiles") from None
    return descriptor
