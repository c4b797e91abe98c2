"""The one writer of a collection: changes into the log, logs into segments, harmless to kill anywhere.

A change counts for readers and survives the end of this process as soon as it returns; it survives the end
of the machine's power once `sync`, `commit`, a bulk load or `close` has returned, or at once where the
writer was opened with `durable`. One wait for the disk then covers all changes before it.

Merging goes in three steps. *Freeze* (locked, milliseconds): a new empty log is put in force behind the
others. *Build* (not locked): what the frozen logs hold, and the smaller segments, become new segments.
*Switch* (locked, milliseconds): one new manifest names them and drops the frozen logs; what was logged
meanwhile names entries by indicator and key, so it means the same on the new segments.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import MatchingError
from lachan.matching.store import log as lg
from lachan.matching.store.facts import Label
from lachan.matching.store.folder import writing
from lachan.matching.store.journal import Journal
from lachan.matching.store.log_encoder import Entry
from lachan.matching.store.merge import Frozen, delta_of, merge
from lachan.matching.store.row_sources import ArraySource, Records
from lachan.matching.store.shelf import Shelf
from lachan.matching.store.view import View

DELTA_ROWS = 1 << 15
_BULK_ROWS = DELTA_ROWS // 4
_AGAIN_SECONDS = 10.0


class Writer:
    """Attributes: fault: why the last merge did not succeed."""

    def __init__(
        self, path: Path, algorithms: Mapping[str, Algorithm], *, durable: bool = False
    ) -> None:
        """Open for writing, and settle what a crash may have left.

        Raises:
            NoCollection: nothing is here.
            StoreLocked: another process writes here.
            StoreUnwritable: the disk is full or read-only.
            SegmentCorrupt, SegmentVersion: a file cannot be used.
        """
        self._journal, self._durable = Journal(path, algorithms), durable
        # Whoever needs both takes `_merging` first.
        self._merging, self._changing = threading.Lock(), threading.RLock()
        self._worker: threading.Thread | None = None
        self._again_at, self.fault = 0.0, ""
        self._frozen_sequence = 0
        self._frozen_logs: tuple[int, ...] = ()

    @property
    def view(self) -> View:
        """What is in force, with every change of this writer."""
        return self._journal.view

    # Changes, one by one

    def add(self, entry: Entry) -> None:
        """Put one entry in, in place of the same indicator's under the same key.

        Raises:
            StoreUnwritable: the disk is full; nothing was changed, and it goes on once there is room.
        """
        with self._changing:
            shelf = self._shelf(entry.algorithm)
            fresh = entry.key not in shelf.keys_of(entry.record[:16])
            self._journal.append(
                lambda: self._journal.encoder.add(entry, fresh=fresh), durable=self._durable
            )
            shelf.add(entry.record, entry.label, entry.key, entry.value, fresh=fresh)
            if shelf.delta.count >= DELTA_ROWS:
                self._merge_soon()

    def add_all(self, entries: Sequence[Entry]) -> None:
        """Put many in; they are seen together, and safe on the disk when this returns.

        Raises:
            StoreUnwritable: as `add`: none of them is in.
        """
        labels = {entry.label for entry in entries}
        letters = sum(len("".join(categories)) + len(source) for categories, source in labels)
        letters += sum(len(entry.value) for entry in entries)
        if len(entries) > _BULK_ROWS or 4 * letters > lg.SIZE // 4:
            with self._merging, self._changing:
                self._bulk(entries)
            return
        with self._changing:
            self._journal.append(
                lambda: [
                    change for entry in entries for change in self._journal.encoder.add(entry)
                ],
                durable=True,
            )
            for algorithm, record, label, key, value in entries:
                shelf = self._shelf(algorithm)
                shelf.add(record, label, key, value, fresh=False)
                if shelf.delta.count >= DELTA_ROWS:
                    self._merge_soon()

    def remove(self, uid: bytes, keys: Mapping[str, Sequence[bytes]]) -> int:
        """Take an indicator's entries under these keys (by algorithm) away; how many there were.

        Raises:
            StoreUnwritable: as `add`.
        """
        with self._changing:
            found = [
                (shelf, key)
                for name, mine in keys.items()
                if (shelf := self.view.shelves.get(name))
                for key in dict.fromkeys(mine)
                if key in shelf.keys_of(uid)
            ]
            if not found:
                return 0
            self._journal.append(
                lambda: [
                    change
                    for shelf, key in found
                    for change in self._journal.encoder.remove(shelf.algorithm, uid, key)
                ],
                durable=self._durable,
            )
            return sum(shelf.kill(uid, key) for shelf, key in found)

    def commit(self, sequence: int) -> None:
        """Say that everything up to `sequence` of the ledger is in, and make all of it durable.

        Raises:
            InvalidInput: below the sequence already committed.
            StoreUnwritable: as `add`.
        """
        with self._changing:
            if not self.view.sequence <= sequence < 1 << 63:
                raise InvalidInput(f"sequence {sequence} comes before {self.view.sequence}")
            self._journal.append(lambda: [self._journal.encoder.commit(sequence)], durable=True)
            self.view.sequence = sequence

    def sync(self) -> None:
        """Make every change so far durable.

        Raises:
            StoreUnwritable: the disk would not.
        """
        with self._changing:
            self._journal.sync()

    def _shelf(self, algorithm: Algorithm) -> Shelf:
        return self.view.shelf(algorithm.name, algorithm.width)

    # Merging

    def load(self, algorithm: Algorithm, records: Records, labels: list[Label]) -> None:
        """Put records with their keys in, as a segment of their own; see `add_all`."""
        with self._merging, self._changing:
            frozen = self._frozen()
            frozen.setdefault(algorithm.name, Frozen(self._shelf(algorithm)))
            frozen[algorithm.name].take_records(ArraySource(records, labels), records)
            self._build_and_switch(frozen)

    def _bulk(self, entries: Sequence[Entry]) -> None:
        by_algorithm: dict[str, list[Entry]] = {}
        for entry in entries:
            by_algorithm.setdefault(entry.algorithm.name, []).append(entry)
        frozen = self._frozen()
        for name, mine in by_algorithm.items():
            algorithm = mine[0].algorithm
            delta = delta_of(algorithm, (entry[1:] for entry in mine))
            frozen.setdefault(name, Frozen(self._shelf(algorithm))).take(delta)
        self._build_and_switch(frozen)

    def compact(self, *, whole: bool = True) -> None:
        """Merge what the logs hold into segments; with `whole` into one segment an algorithm.

        Changes and look-ups go on meanwhile, from other threads and processes.

        Raises:
            StoreUnwritable: no room; everything stays as it is.
            SegmentCorrupt: a segment is damaged; everything stays as it is.
        """
        with self._merging:
            with self._changing:
                frozen = self._frozen()
            self._build_and_switch(frozen, whole=whole)
        self.fault = ""

    def _merge_soon(self) -> None:
        """Merge in the background, unless that is under way or has just failed."""
        running = self._worker is not None and self._worker.is_alive()
        if not running and time.monotonic() >= self._again_at:
            self._worker = threading.Thread(target=self._merge_quietly, name="lachan-merge")
            self._worker.start()

    def _merge_quietly(self) -> None:
        try:
            self.compact(whole=False)
        except Exception as error:  # noqa: BLE001  whatever it is, it is told and tried again later
            self.fault = str(error) if isinstance(error, MatchingError) else repr(error)
            self._again_at = time.monotonic() + _AGAIN_SECONDS

    def _frozen(self) -> dict[str, Frozen]:
        """Freeze the logs, and remember what they and the segments hold."""
        with self._journal.careful():
            self._journal.freeze()
        self._frozen_sequence, self._frozen_logs = self.view.sequence, self.view.manifest.logs[:-1]
        return {name: Frozen(shelf) for name, shelf in self.view.shelves.items()}

    def _build_and_switch(self, frozen: dict[str, Frozen], *, whole: bool = False) -> None:
        dropped, sequence = self._frozen_logs, self._frozen_sequence
        try:
            with writing():
                shelves = merge(self._journal.folder, self.view.manifest, frozen, whole=whole)
                with self._changing:
                    self._journal.switch(shelves, dropped, sequence)
        finally:
            with self._changing:
                self._journal.folder.sweep(self.view.manifest)

    # The end

    def wait(self) -> None:
        """Until no merge is under way."""
        if self._worker is not None:
            self._worker.join()

    def close(self) -> None:
        """Make every change durable and give the lock back.

        Raises:
            StoreUnwritable: the disk would not; the lock is given back all the same.
        """
        if self._journal.closed:
            return
        self.wait()
        with self._changing:
            self._journal.close()
