"""A collection on the disk: the door to matching from Python. README.md has an example."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from lachan.formats.sharing import ANYBODY, Viewer
from lachan.kernel.errors import Refused
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.algorithms.algorithm import algorithms as all_algorithms
from lachan.matching.groups import Groups
from lachan.matching.records import Added, Facts, Hit, InvalidHash, Listed, Stats
from lachan.matching.store.alike import shelf_groups
from lachan.matching.store.folder import Folder
from lachan.matching.store.journal import collection_create
from lachan.matching.store.reader import Reader
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
            StoreLocked: another process makes one there.
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

    @staticmethod
    def replace(folder: Path, draft: Path) -> None:
        """Put a whole collection, filled aside and open nowhere, in the place of another, if there is one.

        Whoever reads waits for an instant, and goes on with the new one.

        Raises:
            OSError: it cannot be moved.
        """
        Folder(folder).replace(draft)

    @staticmethod
    def put_back(folder: Path) -> None:
        """After a kill in the middle of `replace`: the old one is better than none."""
        Folder(folder).put_back()

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
        for shelf in self._values.chosen(shelves, algorithm):
            try:
                found += shelf.find(value, radius_of(shelf.algorithm, radius), viewer)
                readable = True
            except InvalidHash:
                continue
        if self._values.is_pointing(algorithm, shelves):
            found += self._values.covered(value, algorithm, viewer, shelves)
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
        for shelf in self._values.chosen(shelves, algorithm):
            found = shelf.find_many(values, radius_of(shelf.algorithm, radius), viewer)
            for place, hits in enumerate(found):
                if hits is not None:
                    answers[place] = (answers[place] or []) + hits
        pointing = self._values.is_pointing(algorithm, shelves)
        for place, (value, answer) in enumerate(zip(values, answers, strict=True)):
            if pointing and (more := self._values.covered(value, algorithm, viewer, shelves)):
                answers[place] = (answer or []) + more
            elif answer is None and self._values.readers(value, algorithm):
                answers[place] = []
        return answers

    def groups(
        self, *, algorithm: str = "pdq", radius: int | None = None, viewer: Viewer = ANYBODY,
        progress: Callable[[int], object] = lambda _: None,
    ) -> Groups[Listed]:  # fmt: skip
        """Which entries are alike, the largest group first (see `Groups`), as they stand now.

        Whatever is within the radius of one of a group is of it too. Only what the viewer may see takes
        part: a group never tells that something hidden lies between two of its entries.

        Args:
            algorithm: whose entries; those that compare for equality group equal values.
            radius: instead of the algorithm's own.
            viewer: who asks.
            progress: called with the number of entries done since the last call; `stats` knows of how many.

        Raises:
            InvalidInput: no such algorithm, or no groups can be made within the radius.
            SegmentCorrupt, SegmentVersion: as `find`.
        """
        chosen = self._values.named(algorithm)
        shelf = self._current().shelves.get(algorithm) or Shelf(chosen, [])
        return shelf_groups(shelf, radius_of(chosen, radius), viewer, progress)

    @property
    def sequence(self) -> int:
        """The ledger's sequence up to which everything is in."""
        return self._current().sequence

    def stats(self) -> Stats:
        return self._current().stats(self._writer.fault if self._writer else "")

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
        writer, added, place = self._writing(), Added(0), 0
        source = iter(entries)
        while batch := list(islice(source, _BATCH)):
            ready, refused = self._values.entries(batch, algorithm, place)
            if ready:
                writer.add_all(ready)
            added = Added(added.taken + len(ready), added.refused + refused)
            place += len(batch)
            if progress is not None:
                progress(len(batch))
        return added

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
            shelves = self._values.chosen(self._current().shelves, algorithm)
            keys = {shelf.algorithm.name: list(shelf.keys_of(uid)) for shelf in shelves}
        else:
            keys = self._values.keys(value, algorithm)
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

    def _writing(self) -> Writer:
        if self._writer is None:
            raise Refused("the collection was opened to read only")
        return self._writer
