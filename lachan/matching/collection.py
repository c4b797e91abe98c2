"""A collection on the disk: the door to matching from Python.

with Collection.create("lists") as lists:
    lists.add("f8f8f0cc…", Facts(1, uuid7(), categories=("scam",)), algorithm="pdq")
for hit in Collection.open("lists").find("f8f8f0cc…"):
    print(hit.distance, hit.facts.categories)
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

import msgspec
import numpy as np
import numpy.typing as npt

from lachan.kernel.errors import InvalidInput, LachanError, Refused
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.algorithms.algorithm import algorithms as all_algorithms
from lachan.matching.records import ANYBODY, Facts, Hit, InvalidHash, Viewer
from lachan.matching.store.folder import Folder
from lachan.matching.store.merge import records_of
from lachan.matching.store.scribe import Entry, entry_of
from lachan.matching.store.shelf import Shelf
from lachan.matching.store.view import View, view_open
from lachan.matching.store.writer import Writer, collection_create

_BATCH = 250_000
_LOOK_SECONDS = 1.0


class Refusal(msgspec.Struct, frozen=True):
    """An entry that was not taken: its place among those given, and why."""

    place: int
    code: str
    reason: str


class Added(msgspec.Struct, frozen=True):
    taken: int
    refused: tuple[Refusal, ...] = ()


class ShelfStats(msgspec.Struct, frozen=True):
    """Attributes: entries: in force or expired; delta: of them not in a segment yet; bytes: on the disk."""

    entries: int
    segments: int
    delta: int
    bytes: int


class Stats(msgspec.Struct, frozen=True):
    """Attributes: fault: why the last merge did not succeed; empty where all is well."""

    sequence: int
    generation: int
    algorithms: dict[str, ShelfStats]
    fault: str = ""


class Collection:
    """Entries of any number of algorithms, in one folder.

    One process at a time opens a folder to write; any number read it, share one mapped copy and see a
    change with the next look-up. An entry is known by its indicator and its key: added again it replaces
    what it said before. Threads may share a collection.
    """

    def __init__(
        self, folder: Path | str, *, write: bool = False, durable: bool = False,
        algorithms: Mapping[str, Algorithm] | None = None,
    ) -> None:  # fmt: skip
        """Open what `create` made; see `open`."""
        self._folder = Folder(Path(folder))
        self._algorithms = all_algorithms() if algorithms is None else algorithms
        self._looking, self._look_at, self._stamp = threading.Lock(), 0.0, (0, 0)
        self._writer: Writer | None = None
        if write:
            self._writer = Writer(self._folder.path, self._algorithms, durable=durable)
        else:
            self._stamp = self._folder.stamp()
            self._view = view_open(self._folder, self._algorithms)

    @classmethod
    def create(
        cls, folder: Path | str, *, durable: bool = False,
        algorithms: Mapping[str, Algorithm] | None = None,
    ) -> Self:  # fmt: skip
        """Make an empty collection in a new or empty folder, and open it to write.

        Raises:
            Conflict: there is something in the folder.
            StoreUnwritable: the disk is full or read-only.
        """
        collection_create(Path(folder))
        return cls(folder, write=True, durable=durable, algorithms=algorithms)

    @classmethod
    def open(
        cls, folder: Path | str, *, write: bool = False, durable: bool = False,
        algorithms: Mapping[str, Algorithm] | None = None,
    ) -> Self:  # fmt: skip
        """Open a collection.

        Args:
            folder: where it stands.
            write: to change it; one process at a time.
            durable: each `add` and `remove` waits for the disk (milliseconds). Without, a change survives
                the end of this process at once, and a power cut from the next `commit`, `sync`,
                `add_many` or `close` on.
            algorithms: others than the product's own; for tests.

        Raises:
            NoCollection: there is none.
            StoreLocked: another process writes it.
            StoreUnwritable: to write, but the disk is full or read-only.
            SegmentCorrupt, SegmentVersion: a file cannot be used.
        """
        return cls(folder, write=write, durable=durable, algorithms=algorithms)

    # Looking up

    def find(
        self, value: str, *, viewer: Viewer = ANYBODY, radius: int | None = None,
        algorithm: str | None = None,
    ) -> list[Hit]:  # fmt: skip
        """What is known of a value: every entry within the radius that the viewer may see, nearest first.

        Args:
            value: a hash, address, number or account, as people write it.
            viewer: who asks; the public where nobody says.
            radius: instead of the algorithm's own; algorithms that compare for equality have none.
            algorithm: the one to ask; else all that can read the value.

        Raises:
            InvalidHash: no algorithm can read the value.
            SegmentCorrupt, SegmentVersion: the files changed, and cannot be used.
        """
        found: list[Hit] = []
        readable = False
        for shelf in self._shelves(algorithm):
            try:
                found += shelf.find(value, _radius(shelf.algorithm, radius), viewer)
                readable = True
            except InvalidHash:
                continue
        if not readable:
            self._reads(value, algorithm)
        return found

    def find_many(
        self, values: Sequence[str], *, viewer: Viewer = ANYBODY, radius: int | None = None,
        algorithm: str | None = None,
    ) -> list[list[Hit] | None]:  # fmt: skip
        """`find` for many at once, faster than one by one; None for a value that cannot be read."""
        answers: list[list[Hit] | None] = [None] * len(values)
        for shelf in self._shelves(algorithm):
            found = shelf.find_many(values, _radius(shelf.algorithm, radius), viewer)
            for place, hits in enumerate(found):
                if hits is not None:
                    answers[place] = (answers[place] or []) + hits
        for place, answer in enumerate(answers):
            if answer is None and self._readers(values[place], algorithm):
                answers[place] = []
        return answers

    @property
    def sequence(self) -> int:
        """The ledger's sequence up to which everything is in."""
        return self._current().sequence

    def stats(self) -> Stats:
        view = self._current()
        return Stats(
            sequence=view.sequence,
            generation=view.manifest.generation,
            algorithms={
                name: ShelfStats(
                    entries=shelf.live,
                    segments=len(shelf.held),
                    delta=shelf.delta.live,
                    bytes=self._folder.size(name),
                )
                for name, shelf in sorted(view.shelves.items())
            },
            fault=self._writer.fault if self._writer else "",
        )

    def verify(self) -> None:
        """Read every file against its checksums (seconds for ten million entries).

        Raises:
            SegmentCorrupt, SegmentVersion: which file is damaged, and how.
        """
        view_open(self._folder, self._algorithms, verify=True)

    # Changing

    def add(self, value: str, facts: Facts, *, algorithm: str | None = None) -> None:
        """Put an entry in, in place of what the same indicator said of the same value.

        Raises:
            InvalidHash: the value is none of the algorithm's, or of any.
            InvalidInput: several algorithms could read it; or the facts are beyond what fits.
            StoreUnwritable: the disk is full; nothing was changed, and it goes on once there is room.
        """
        self._writing().add(self._entry(value, facts, algorithm))

    def add_many(
        self, entries: Iterable[tuple[str, Facts]], *, algorithm: str | None = None,
        progress: Callable[[int], object] | None = None,
    ) -> Added:  # fmt: skip
        """Put many in: durable when this returns; what cannot be taken is named, the rest is kept.

        Args:
            entries: (value, facts), in order: of two for one indicator and value the later stands.
            algorithm: of all of them.
            progress: called with the number of entries read since the last call.

        Raises:
            StoreUnwritable: the disk is full. What was taken before stays; doing it all again is harmless.
        """
        writer, taken, refused, place = self._writing(), 0, list[Refusal](), 0
        source = iter(entries)
        while batch := list(islice(source, _BATCH)):
            ready: list[Entry] = []
            for value, facts in batch:
                try:
                    ready.append(self._entry(value, facts, algorithm))
                except LachanError as error:
                    refused.append(Refusal(place, error.code, str(error)))
                place += 1
            if ready:
                writer.add_all(ready)
            taken += len(ready)
            if progress is not None:
                progress(len(batch))
        return Added(taken, tuple(refused))

    def add_keys(
        self, algorithm: str, keys: npt.NDArray[np.uint8], indicators: npt.NDArray[np.uint8],
        like: Facts,
    ) -> None:  # fmt: skip
        """Put a whole list of binary keys in that share all facts but the indicator; durable on return.

        Args:
            algorithm: whose keys; they must hold the values.
            keys: uint8[n, width].
            indicators: uint8[n, 16].
            like: the facts.

        Raises:
            InvalidInput: the arrays do not fit.
            StoreUnwritable: the disk is full; nothing was changed.
        """
        found = self._named(algorithm)
        if not found.reversible or keys.shape != (len(indicators), found.width):
            raise InvalidInput("the keys do not fit the algorithm, or the indicators the keys")
        sample = entry_of(found, found.text(bytes(found.width)), like)
        if len(keys):
            records = records_of(indicators, keys, sample.record)
            self._writing().load(found, records, [sample.label])

    def remove(
        self, indicator: UUID, value: str | None = None, *, algorithm: str | None = None
    ) -> int:
        """Take away what an indicator says, of one value or of all; how many entries there were.

        Raises:
            InvalidHash: the value cannot be read.
            StoreUnwritable: as `add`.
        """
        writer, uid = self._writing(), indicator.bytes
        if value is None:
            keys = {s.algorithm.name: list(s.keys_of(uid)) for s in self._shelves(algorithm)}
        else:
            keys = {found.name: [found.parse(value)] for found in self._reads(value, algorithm)}
        return writer.remove(uid, keys)

    def commit(self, sequence: int) -> None:
        """Say that everything up to `sequence` of the ledger is in; durable when this returns.

        Raises:
            InvalidInput: below what was committed before.
            StoreUnwritable: the disk would not.
        """
        self._writing().commit(sequence)

    def sync(self) -> None:
        """Make every change so far durable.

        Raises:
            StoreUnwritable: the disk would not.
        """
        self._writing().sync()

    def compact(self, *, whole: bool = True) -> None:
        """Merge what came since; happens by itself now and then. Everybody goes on meanwhile."""
        self._writing().compact(whole=whole)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Inside

    def _current(self) -> View:
        """What is in force: two words and the clock, unless something changed."""
        if self._writer is not None:
            return self._writer.view
        view = self._view
        if time.monotonic() < self._look_at and view.current():
            return view
        with self._looking:
            return self._look()

    def _look(self) -> View:
        view, stamp = self._view, self._folder.stamp()
        # The log rings; the stamp is for whoever cannot hear it: a restored folder, a log that was swept.
        if stamp != self._stamp or view.superseded():
            self._view = view = view_open(self._folder, self._algorithms, view)
            self._stamp = stamp
        else:
            view.catch_up()
        self._look_at = time.monotonic() + _LOOK_SECONDS
        return view

    def _shelves(self, algorithm: str | None) -> list[Shelf]:
        shelves = self._current().shelves
        if algorithm is None:
            return list(shelves.values())
        shelf = shelves.get(self._named(algorithm).name)
        return [] if shelf is None else [shelf]

    def _writing(self) -> Writer:
        if self._writer is None:
            raise Refused("the collection was opened to read only")
        return self._writer

    def _named(self, algorithm: str) -> Algorithm:
        found = self._algorithms.get(algorithm)
        if found is None:
            raise InvalidInput(f"no such algorithm; there are: {', '.join(self._algorithms)}")
        return found

    def _readers(self, value: str, algorithm: str | None) -> list[Algorithm]:
        """The algorithms that can read a value."""
        asked = self._algorithms.values() if algorithm is None else [self._named(algorithm)]
        found = []
        for each in asked:
            try:
                each.parse(value)
            except InvalidHash:
                continue
            found.append(each)
        return found

    def _reads(self, value: str, algorithm: str | None) -> list[Algorithm]:
        if found := self._readers(value, algorithm):
            return found
        if algorithm is not None:
            self._named(algorithm).parse(value)
        raise InvalidHash("this is no value that any algorithm can read")

    def _entry(self, value: str, facts: Facts, algorithm: str | None) -> Entry:
        if algorithm is not None:
            return entry_of(self._named(algorithm), value, facts)
        readers = self._reads(value, None)
        if len(readers) > 1:
            names = ", ".join(found.name for found in readers)
            raise InvalidInput(f"it could be several things: say which algorithm ({names})")
        return entry_of(readers[0], value, facts)


def _radius(algorithm: Algorithm, asked: int | None) -> int:
    if asked is None or algorithm.radius == 0:
        return algorithm.radius
    if asked < 0:
        raise InvalidInput("a radius is not negative")
    return asked
