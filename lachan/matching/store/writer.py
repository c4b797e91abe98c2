"""The one writer of a collection: changes into the log, logs into segments, harmless to kill anywhere.

A change counts for readers and survives the end of this process as soon as it returns; it survives the end
of the machine's power once `sync`, `commit`, a bulk load or `close` has returned, or at once where the
writer was opened with `durable`. One wait for the disk then covers all changes before it.

Merging goes in three steps. *Freeze* (locked, milliseconds): a new empty log is put in force behind the
others. *Build* (not locked): what the frozen logs hold, and the smaller segments, become new segments.
*Switch* (locked, milliseconds): one new manifest names them and drops the frozen logs; what was logged
meanwhile names entries by indicator and key, so it means the same on the new segments.
"""

import contextlib
import errno
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import msgspec

from lachan.kernel.errors import Conflict, InvalidInput
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import MatchingError, StoreUnwritable
from lachan.matching.store import layout as ly
from lachan.matching.store import log as lg
from lachan.matching.store.facts import Label
from lachan.matching.store.folder import Folder, Manifest, Shelved, writing
from lachan.matching.store.log import LogFull, LogWriter
from lachan.matching.store.merge import Frozen, delta_of, merge
from lachan.matching.store.parts import ArrayPart, Records
from lachan.matching.store.scribe import Entry, Scribe
from lachan.matching.store.shelf import Shelf
from lachan.matching.store.view import View, view_open

DELTA_ROWS = 1 << 15
_BULK_ROWS, _BULK_BYTES = DELTA_ROWS // 4, lg.SIZE // 4
_AGAIN_SECONDS = 10.0


def collection_create(path: Path) -> None:
    """Make an empty collection; its folder too where there is none.

    Raises:
        Conflict: there is something in the folder.
        StoreUnwritable: the disk will not.
    """
    folder = Folder(path)
    with writing():
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise Conflict("the folder for a new collection is not empty")
        manifest = Manifest(ly.VERSION, uuid4().hex, 1, 0, {}, (1,))
        lg.log_create(folder.log(1), collection=manifest.key, number=1, generation=1)
        folder.manifest_write(manifest)


class Writer:
    """Attributes: view: what is in force, this writer's changes included; fault: why merging stopped."""

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
        self._folder, self._algorithms, self._durable = Folder(path), algorithms, durable
        self._folder.manifest_read()
        self._lock = self._folder.lock()
        # Whoever needs both takes `_merging` first.
        self._merging, self._changing = threading.Lock(), threading.RLock()
        self._worker: threading.Thread | None = None
        self._again_at, self.fault, self._broken = 0.0, "", False
        self._frozen_sequence = 0
        self._frozen_logs: tuple[int, ...] = ()
        try:
            with writing():
                self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        manifest = self._folder.manifest_read()
        self._log = LogWriter(self._folder.log(manifest.logs[-1]), collection=manifest.key)
        for path in self._folder.logs():
            lg.ring(path, manifest.generation)
        self._folder.sweep(manifest)
        self.view = view_open(self._folder, self._algorithms)
        self._take_up()

    def _take_up(self) -> None:
        """Go on where the last log ends."""
        tail = self.view.tails[-1]
        self._scribe = Scribe(tail)
        tail.log = self._log

    # Changes, one by one

    def add(self, entry: Entry) -> None:
        """Put one entry in, in place of the same indicator's under the same key.

        Raises:
            StoreUnwritable: the disk is full; nothing was changed, and it goes on once there is room.
        """
        with self._changing:
            shelf = self._shelf(entry.algorithm)
            fresh = not shelf.has(entry.record[:16], entry.key)
            self._append(lambda: self._scribe.add(entry, fresh=fresh), durable=self._durable)
            shelf.add(entry.record, entry.label, entry.key, entry.value, fresh=fresh)
            if shelf.delta.count >= DELTA_ROWS:
                self._merge_soon()

    def add_all(self, entries: Sequence[Entry]) -> None:
        """Put many in; they are seen together, and safe on the disk when this returns.

        Raises:
            StoreUnwritable: as `add`: none of them is in.
        """
        size = sum(len(entry.value) + len(entry.key) for entry in entries)
        if len(entries) > _BULK_ROWS or size > _BULK_BYTES:
            with self._merging, self._changing:
                self._bulk(entries)
            return
        with self._changing:
            self._append(
                lambda: [change for entry in entries for change in self._scribe.add(entry)],
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
                if shelf.has(uid, key)
            ]
            if not found:
                return 0
            self._append(
                lambda: [
                    change
                    for shelf, key in found
                    for change in self._scribe.remove(shelf.algorithm, uid, key)
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
            self._append(lambda: [self._scribe.commit(sequence)], durable=True)
            self.view.sequence = sequence

    def sync(self) -> None:
        """Make every change so far durable.

        Raises:
            StoreUnwritable: the disk would not.
        """
        with self._changing, self._careful():
            self._log.sync()

    def _shelf(self, algorithm: Algorithm) -> Shelf:
        return self.view.shelf(algorithm.name, algorithm.width)

    def _append(self, encode: Callable[[], list[lg.Change]], *, durable: bool) -> None:
        """Log changes; once more in a new log where this one has no room."""
        with self._careful():
            try:
                self._log.append(encode(), durable=durable)
            except LogFull:
                self._freeze()
                self._log.append(encode(), durable=durable)
            except BaseException:
                self._scribe.forget()
                raise
            self._scribe.keep()

    # Merging

    def load(self, algorithm: Algorithm, records: Records, labels: list[Label]) -> None:
        """Put records with their keys in, as a segment of their own; see `add_all`."""
        with self._merging, self._changing:
            frozen = self._frozen()
            frozen.setdefault(algorithm.name, Frozen(self._shelf(algorithm)))
            frozen[algorithm.name].take_records(ArrayPart(records, labels), records)
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
        except MatchingError as error:
            self.fault = str(error)
            self._again_at = time.monotonic() + _AGAIN_SECONDS

    def _frozen(self) -> dict[str, Frozen]:
        """Freeze the logs, and remember what they and the segments hold."""
        with self._careful():
            self._freeze()
        self._frozen_sequence, self._frozen_logs = self.view.sequence, self.view.manifest.logs[:-1]
        return {name: Frozen(shelf) for name, shelf in self.view.shelves.items()}

    def _freeze(self) -> None:
        manifest = self.view.manifest
        self._log.sync()
        number = self._folder.next_number(manifest)
        generation = manifest.generation + 1
        path = self._folder.log(number)
        try:
            lg.log_create(path, collection=manifest.key, number=number, generation=generation)
            log = LogWriter(path, collection=manifest.key)
            ours = msgspec.structs.replace(
                manifest, generation=generation, logs=(*manifest.logs, number)
            )
            self._enforce(ours)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._broken = True
        self.view.extend(ours)
        before, self._log = self._log, log
        self._take_up()
        before.ring(generation)
        before.close()
        self._broken = False

    def _build_and_switch(self, frozen: dict[str, Frozen], *, whole: bool = False) -> None:
        dropped, sequence = self._frozen_logs, self._frozen_sequence
        try:
            with writing():
                shelves = merge(self._folder, self.view.manifest, frozen, whole=whole)
                with self._changing:
                    self._switch(shelves, dropped, sequence)
        finally:
            with self._changing:
                self._folder.sweep(self.view.manifest)

    def _switch(self, shelves: dict[str, Shelved], dropped: tuple[int, ...], sequence: int) -> None:
        before = self.view.manifest
        manifest = msgspec.structs.replace(
            before,
            generation=before.generation + 1,
            sequence=sequence,
            shelves=shelves,
            logs=tuple(number for number in before.logs if number not in dropped),
        )
        # Opened before it counts: what cannot be opened is never put in force.
        view = View(self._folder, self._algorithms, manifest, self.view)
        self._enforce(manifest)
        view.tails[-1].log = self._log
        self.view = view
        self._log.ring(manifest.generation)

    def _enforce(self, manifest: Manifest) -> None:
        try:
            self._folder.manifest_write(manifest)
        except OSError:
            # It may have been moved into place before the disk complained: then it is in force.
            if self._folder.manifest_read() != manifest:
                raise

    @contextlib.contextmanager
    def _careful(self) -> Iterator[None]:
        """For changes. After a fault of the disk itself nobody knows what is on it: no more until reopened."""
        if self._broken:
            raise StoreUnwritable("the disk failed in between: open the collection again")
        try:
            with writing():
                yield
        except StoreUnwritable as error:
            cause = error.__cause__
            self._broken |= isinstance(cause, OSError) and cause.errno == errno.EIO
            raise

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
        if self._lock < 0:
            return
        self.wait()
        try:
            with self._changing, writing():
                self._log.sync()
        finally:
            self._log.close()
            os.close(self._lock)
            self._lock = -1
