"""Writing a snapshot: one process at a time, and harmless to kill at any point."""

import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from lachan.formats.observables.record import InvalidKey
from lachan.formats.snapshot import build
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.build import Block, BuildReport
from lachan.formats.snapshot.delta import (
    ARENA_SIZE,
    CAPACITY,
    DeltaFull,
    DeltaWriter,
    delta_bytes,
    key_hash,
)
from lachan.formats.snapshot.entry import TOMBSTONE, entry_encode, tombstone_encode
from lachan.formats.snapshot.folder import SnapshotFolder
from lachan.formats.snapshot.keys import key_encode
from lachan.formats.snapshot.records import SnapshotCorrupt, Verdict
from lachan.formats.snapshot.table import Table
from lachan.kernel.errors import InvalidInput
from lachan.kernel.process import boot_word


class SnapshotWriter:
    """The one writer of a folder (made where there is none).

    Every `put` and `remove` is seen by all readers at once; `commit` then says up to which sequence of
    the ledger they are complete. After a crash, read `sequence` and put again what came after it. Where
    `needs_rebuild` is true the files were damaged: readers stay on what they have, and `rebuild` is all
    that this writer will do.
    """

    def __init__(self, folder: Path | str) -> None:
        """Raises: SnapshotLocked, where another process writes here."""
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        self._folder = SnapshotFolder(path)
        self._lock = self._folder.lock()
        self.fault = ""
        self._base: Table | None = None
        self._delta: DeltaWriter | None = None
        self._generation = 0
        try:
            self._open()
        except (SnapshotCorrupt, OSError) as error:
            self.fault = str(error)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        self._folder.sweep(set(self._folder.generations()))
        generation = self._folder.manifest_read()
        if generation is None:
            if self._folder.generations():
                raise SnapshotCorrupt("there are tables, but no manifest")
            self._merge([], 0)
            return
        self._load(generation)
        table = self._tables()[1].table
        if table.word(ly.W_BOOT) != boot_word() and not table.word(ly.W_CLEAN):
            raise SnapshotCorrupt("the machine stopped while the delta was being written")
        if any(entry is None for _, entry in table.live()):
            raise SnapshotCorrupt("the delta holds entries that are not whole")
        table.words[ly.W_ENTRIES] = np.uint64(np.count_nonzero(table.slots))
        table.words[ly.W_BOOT] = np.uint64(boot_word())
        table.words[ly.W_CLEAN] = np.uint64(0)
        self._folder.supersede(generation)

    def _load(self, generation: int) -> None:
        base = Table(self._folder.base(generation), role=ly.BASE)
        delta = Table(self._folder.delta(generation), role=ly.DELTA, writable=True)
        if base.layout.key != delta.layout.key or delta.sequence < base.sequence:
            raise SnapshotCorrupt("base and delta are not of one generation")
        self._base, self._delta, self._generation = base, DeltaWriter(delta), generation

    @property
    def needs_rebuild(self) -> bool:
        return bool(self.fault)

    @property
    def sequence(self) -> int:
        """The last committed sequence; 0 for a new folder and for one that needs a rebuild."""
        return 0 if self.fault or self._delta is None else self._delta.table.sequence

    @property
    def fill(self) -> float:
        """How full the delta is, 0 to 1; at 1 the next put compacts first (a second a few million names)."""
        table = self._tables()[1].table
        arena = (table.word(ly.W_ARENA_USED) - table.layout.arena_at) / ARENA_SIZE
        return max(table.entries / CAPACITY, arena)

    def put(self, kind: str, value: str, verdict: Verdict) -> None:
        """Set the verdict on a value (the verdict's own kind and value are not looked at).

        Raises:
            InvalidKey: the value is not one of its kind.
            SnapshotCorrupt: `needs_rebuild`.
        """
        code, key = key_encode(kind, value)
        self._tables()
        for _ in range(2):
            delta = self._tables()[1]
            try:
                number = delta.profile_number(build.profile_of(verdict))
                delta.insert(code, key, entry_encode(code, key, number, verdict))
            except DeltaFull:
                self.compact()
            else:
                return
        raise InvalidKey("too large for a snapshot")

    def put_all(self, verdicts: Iterable[Verdict]) -> BuildReport:
        """Set many verdicts, each under its own kind and value; many at once become a new base."""
        wanted = list(verdicts)
        if len(wanted) > CAPACITY // 4:
            block, refused = build.block_of_verdicts(wanted)
            self._merge([block, *self._blocks()], self.sequence)
            return BuildReport(len(wanted) - len(refused), tuple(refused))
        refused = []
        for verdict in wanted:
            try:
                self.put(verdict.kind, verdict.value, verdict)
            except InvalidKey as error:
                refused.append(build.Refusal(verdict.kind, verdict.value, str(error)))
        return BuildReport(len(wanted) - len(refused), tuple(refused))

    def remove(self, kind: str, value: str) -> bool:
        """Forget a value; whether there was anything to forget.

        Raises:
            InvalidKey: the value is not one of its kind.
            SnapshotCorrupt: `needs_rebuild`.
        """
        code, key = key_encode(kind, value)
        base, delta = self._tables()
        hashed = key_hash(base.layout.key, code, key)
        _, entry = delta.table.find(code, key, hashed)
        if entry is None:
            _, entry = base.find(code, key, hashed)
        if entry is None or entry.flags & TOMBSTONE:
            return False
        try:
            delta.insert(code, key, tombstone_encode(code, key))
        except DeltaFull:
            self.compact()
            self._tables()[1].insert(code, key, tombstone_encode(code, key))
        return True

    def commit(self, sequence: int) -> None:
        """Say that everything up to `sequence` of the ledger is in.

        Raises:
            InvalidInput: below the sequence already committed.
            SnapshotCorrupt: `needs_rebuild`.
        """
        table = self._tables()[1].table
        if sequence < table.sequence:
            raise InvalidInput(f"sequence {sequence} comes before {table.sequence}")
        table.words[ly.W_SEQUENCE] = np.uint64(sequence)

    def compact(self) -> None:
        """Fold the delta into a new base. Readers go on meanwhile."""
        self._merge(self._blocks(), self.sequence)

    def rebuild(self, verdicts: Iterable[Verdict], sequence: int) -> BuildReport:
        """Replace everything by these verdicts (of equal keys the last stands), complete to `sequence`."""
        block, refused = build.block_of_verdicts(verdicts)
        return BuildReport(self._merge([block], sequence), tuple(refused))

    def rebuild_domains(self, names: bytes, like: Verdict, sequence: int) -> BuildReport:
        """Replace everything by ASCII names, one a line, all with the verdict `like`: the bulk door."""
        block, refused = build.block_of_domains(names, like)
        return BuildReport(self._merge([block], sequence), refused_lines=refused)

    def close(self) -> None:
        """Make the delta durable and give the lock back."""
        if self._lock < 0:
            return
        if self._delta is not None and not self.fault:
            table = self._delta.table
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

    def _tables(self) -> tuple[Table, DeltaWriter]:
        if self.fault or self._base is None or self._delta is None:
            raise SnapshotCorrupt(f"{self.fault}; rebuild it from the ledger")
        return self._base, self._delta

    def _blocks(self) -> list[Block]:
        base, delta = self._tables()
        return [build.block_of_table(delta.table), build.block_of_table(base)]

    def _merge(self, blocks: list[Block], sequence: int) -> int:
        """A new generation from blocks of which the first wins, put in force step by step.

        New files beside the old, durable; the manifest swapped in one rename; then the word that sends
        readers over. A crash between any two steps leaves one whole generation in force.
        """
        folder = self._folder
        generation = max([self._generation, *folder.generations()]) + 1
        key = ly.new_key()
        entries = build.base_write(
            folder.base(generation),
            generation=generation,
            key=key,
            sequence=sequence,
            blocks=blocks,
        )
        head, size = delta_bytes(generation, key, sequence)
        folder.place(folder.delta(generation).name, head, size=size)
        folder.manifest_write(generation)
        before = self._generation
        self._load(generation)
        self.fault = ""
        folder.supersede(generation)
        folder.sweep({generation, before})
        return entries
