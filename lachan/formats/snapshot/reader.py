"""Looking values up in a snapshot, from any number of processes, while another writes it."""

import time
from collections.abc import Callable
from pathlib import Path

from lachan.formats.observables.record import InvalidKey
from lachan.formats.observables.wire import domain_to_wire
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot import siphash
from lachan.formats.snapshot.delta import key_hash
from lachan.formats.snapshot.entry import TOMBSTONE, entry_verdict
from lachan.formats.snapshot.folder import SnapshotFolder
from lachan.formats.snapshot.keys import DOMAIN, key_encode
from lachan.formats.snapshot.records import SnapshotCorrupt, SnapshotStatus, Verdict
from lachan.formats.snapshot.table import Table
from lachan.kernel import clock

RETRY_SECONDS = 0.1
LOOK_SECONDS = 1.0


class Pair:
    """One generation: the base and the delta that lies over it."""

    def __init__(self, folder: SnapshotFolder, generation: int) -> None:
        """Raises: SnapshotCorrupt or FileNotFoundError."""
        self.base = Table(folder.base(generation), role=ly.BASE)
        self.delta = Table(folder.delta(generation), role=ly.DELTA)
        self.generation = generation
        if self.base.layout.key != self.delta.layout.key:
            raise SnapshotCorrupt("base and delta are not of one generation")
        if self.delta.sequence < self.base.sequence:
            raise SnapshotCorrupt("the delta is older than its base")

    @property
    def key(self) -> tuple[int, int]:
        return self.base.layout.key

    @property
    def sequence(self) -> int:
        return self.delta.sequence

    def find(self, code: int, key: bytes, hashed: int) -> Verdict | None:
        """What the delta says, tombstones included; where it is silent, what the base says."""
        for table in (self.delta, self.base):
            _, entry = table.find(code, key, hashed)
            if entry is None:
                continue
            if entry.flags & TOMBSTONE:
                return None
            try:
                return entry_verdict(entry, table.profile(entry.profile))
            except (SnapshotCorrupt, ValueError, KeyError):
                continue
        return None


class SnapshotReader:
    """Reads a snapshot; never waits, never writes, and never fails because of its files.

    Without a folder it knows nothing and looks again; with damaged files it stays on the last good
    generation and says so in `status()`. Changes in the delta are seen at once; a new generation is
    noticed by one word in memory.
    """

    def __init__(self, folder: Path | str, *, watch: Callable[[], None] | None = None) -> None:
        """With `watch`, opening a new generation (its checksum reads the whole file) is somebody else's
        work: look-ups call `watch` when there is one, and go on with the old until `refresh` was called.
        """
        self._folder = SnapshotFolder(Path(folder))
        self._watch = watch
        self.pair: Pair | None = None
        self._fault = ""
        self._look_at = 0.0
        self.refresh()

    def get(self, kind: str, value: str) -> Verdict | None:
        """The verdict in force on exactly this value.

        Raises:
            InvalidKey: the value is not one of its kind.
        """
        code, key = key_encode(kind, value)
        pair = self.current()
        if pair is None:
            return None
        verdict = pair.find(code, key, key_hash(pair.key, code, key))
        return verdict if verdict and verdict.holds_at(clock.now().timestamp()) else None

    def covering(self, name: str) -> list[Verdict]:
        """The verdicts in force that reach a domain name: its parents' first, its own last.

        A name that is no domain name is covered by nothing.
        """
        try:
            wire = domain_to_wire(name)
        except InvalidKey:
            return []
        return self.covering_wire(wire)

    def covering_wire(self, wire: bytes) -> list[Verdict]:
        """As `covering`, for a lower-case wire name without root."""
        pair = self.current()
        if pair is None:
            return []
        moment = clock.now().timestamp()
        found = []
        for offset, hashed in siphash.hash_suffixes(pair.key, DOMAIN, wire):
            verdict = pair.find(DOMAIN, wire[offset:], hashed)
            if verdict is None or not verdict.holds_at(moment):
                continue
            if offset == 0 or not verdict.exact:
                found.append(verdict)
        return found

    def check_domain(self, name: str) -> Verdict | None:
        """The most specific verdict in force that reaches `name`, be it the name's or a parent's."""
        return covering[-1] if (covering := self.covering(name)) else None

    @property
    def sequence(self) -> int:
        """The ledger's sequence that answers include; 0 where there is no snapshot."""
        pair = self.current()
        return pair.sequence if pair else 0

    def current(self) -> Pair | None:
        """The generation to read from; call it once a batch, it costs one word and the clock."""
        pair = self.pair
        if self._watch is not None:
            if pair is not None and pair.delta.superseded:
                self._watch()
            return pair
        now = time.monotonic()
        if now >= self._look_at or (pair and pair.delta.superseded and not self._fault):
            self.refresh()
        return self.pair

    def refresh(self) -> bool:
        """Open the newest generation where it is not open yet; whether anything changed."""
        before, self._fault = self.pair, ""
        try:
            generation = self._folder.manifest_read()
            if generation is not None and (before is None or before.generation != generation):
                self.pair = Pair(self._folder, generation)
        except (SnapshotCorrupt, OSError) as error:
            self._fault = str(error) if isinstance(error, SnapshotCorrupt) else "a file is missing"
            if before is None:
                self.pair = self._last_good()
        settled = self.pair is not None and not self._fault and not self.pair.delta.superseded
        self._look_at = time.monotonic() + (LOOK_SECONDS if settled else RETRY_SECONDS)
        return self.pair is not before

    def _last_good(self) -> Pair | None:
        for generation in self._folder.generations():
            try:
                return Pair(self._folder, generation)
            except (SnapshotCorrupt, OSError):
                continue
        return None

    def status(self) -> SnapshotStatus:
        pair = self.current()
        if pair is None:
            return SnapshotStatus(
                state="absent", generation=0, sequence=0, entries=0, fault=self._fault
            )
        return SnapshotStatus(
            state="stale" if self._fault else "good",
            generation=pair.generation,
            sequence=pair.sequence,
            entries=pair.base.entries + pair.delta.entries,
            fault=self._fault,
        )
