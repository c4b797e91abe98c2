"""A collection on the disk: the door to matching from Python. README.md has an example."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from lachan.kernel.errors import LachanError, Refused
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.algorithms.algorithm import algorithms as all_algorithms
from lachan.matching.records import ANYBODY, Added, Facts, Hit, InvalidHash, Refusal, Stats, Viewer
from lachan.matching.store.folder import Folder
from lachan.matching.store.journal import collection_create
from lachan.matching.store.reader import Reader
from lachan.matching.store.scribe import Entry
from lachan.matching.store.shelf import Shelf
from lachan.matching.store.view import View, view_open
from lachan.matching.store.writer import Writer
from lachan.matching.values import Values, radius_of

_BATCH = 250_000


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
        path = Path(folder)
        self._folder = Folder(path)
        algorithms = all_algorithms() if algorithms is None else algorithms
        self._values = Values(algorithms)
        self._writer: Writer | None = None
        if write:
            self._writer = Writer(path, algorithms, durable=durable)
        else:
            self._reader = Reader(path, algorithms)

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
        shelves, found, readable = self._current().shelves, list[Hit](), False
        for shelf in self._chosen(shelves, algorithm):
            try:
                found += shelf.find(value, radius_of(shelf.algorithm, radius), viewer)
                readable = True
            except InvalidHash:
                continue
        if self._values.is_pointing(algorithm, shelves):
            found += self._covered(value, algorithm, viewer, shelves)
        if not (readable or found):
            self._values.read(value, algorithm)
        return found

    def find_many(
        self, values: Sequence[str], *, viewer: Viewer = ANYBODY, radius: int | None = None,
        algorithm: str | None = None,
    ) -> list[list[Hit] | None]:  # fmt: skip
        """`find` for many at once, faster than one by one; None for a value that cannot be read."""
        answers: list[list[Hit] | None] = [None] * len(values)
        shelves = self._current().shelves
        for shelf in self._chosen(shelves, algorithm):
            found = shelf.find_many(values, radius_of(shelf.algorithm, radius), viewer)
            for place, hits in enumerate(found):
                if hits is not None:
                    answers[place] = (answers[place] or []) + hits
        pointing = self._values.is_pointing(algorithm, shelves)
        for place, answer in enumerate(answers):
            if pointing and (more := self._covered(values[place], algorithm, viewer, shelves)):
                answers[place] = (answer or []) + more
            elif answer is None and self._values.readers(values[place], algorithm):
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
                name: shelf.stats(self._folder.size(name))
                for name, shelf in sorted(view.shelves.items())
            },
            fault=self._writer.fault if self._writer else "",
        )

    def verify(self) -> None:
        """Read every file against its checksums (seconds for ten million entries).

        Raises:
            SegmentCorrupt, SegmentVersion: which file is damaged, and how.
        """
        view_open(self._folder, self._values.algorithms, verify=True)

    def add(self, value: str, facts: Facts, *, algorithm: str | None = None) -> None:
        """Put an entry in, in place of what the same indicator said of the same value.

        Each addition looks at all values of its indicator: some thousands are fine, a million is not.

        Raises:
            InvalidHash: the value is none of the algorithm's, or of any.
            InvalidInput: several algorithms could read it; or the facts are beyond what fits.
            StoreUnwritable: the disk is full; nothing was changed, and it goes on once there is room.
        """
        self._writing().add(self._values.entry(value, facts, algorithm))

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
                    ready.append(self._values.entry(value, facts, algorithm))
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
        found, records, label = self._values.records(algorithm, keys, indicators, like)
        if len(records):
            self._writing().load(found, records, [label])

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
            shelves = self._chosen(self._current().shelves, algorithm)
            keys = {shelf.algorithm.name: list(shelf.keys_of(uid)) for shelf in shelves}
        else:
            keys = {
                found.name: [found.parse(value)] for found in self._values.read(value, algorithm)
            }
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

    def __exit__(self, *_: object) -> None:
        self.close()

    def _current(self) -> View:
        return self._reader.current() if self._writer is None else self._writer.view

    def _chosen(self, shelves: Mapping[str, Shelf], algorithm: str | None) -> Iterable[Shelf]:
        if algorithm is None:
            return tuple(shelves.values())
        shelf = shelves.get(self._values.named(algorithm).name)
        return () if shelf is None else (shelf,)

    def _covered(
        self, value: str, algorithm: str | None, viewer: Viewer, shelves: Mapping[str, Shelf]
    ) -> list[Hit]:
        """What covers a value by being something else: the address of its host, the domain of its e-mail."""
        return [
            replace(hit, asked=value)
            for name, other in self._values.elsewhere(value, algorithm, shelves)
            for hit in shelves[name].find(other, shelves[name].algorithm.radius, viewer)
        ]

    def _writing(self) -> Writer:
        if self._writer is None:
            raise Refused("the collection was opened to read only")
        return self._writer
