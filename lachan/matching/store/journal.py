"""What is in force under the writer's hand: the last log, and the manifests that follow one another."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from uuid import uuid4

import msgspec

from lachan.kernel.errors import Conflict, InvalidInput
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import SegmentCorrupt, StoreUnwritable
from lachan.matching.store import layout as ly
from lachan.matching.store import log as lg
from lachan.matching.store.folder import Folder, Manifest, Shelved, unwritable, writing
from lachan.matching.store.log import LogFull, LogWriter
from lachan.matching.store.log_encoder import LogEncoder
from lachan.matching.store.view import View, view_open


def collection_create(path: Path) -> None:
    """Make an empty collection; its folder too where there is none.

    Raises:
        Conflict: there is something in the folder.
        StoreLocked: another process makes one here.
        StoreUnwritable: the disk will not.
    """
    folder = Folder(path)
    with writing():
        path.mkdir(parents=True, exist_ok=True)
        _vacant_check(folder)
        lock = folder.lock()
        try:
            _vacant_check(folder)  # somebody else may have been faster
            manifest = Manifest(ly.VERSION, uuid4().hex, 1, 0, {}, (1,))
            lg.log_create(folder.log(1), collection=manifest.key, number=1, generation=1)
            folder.manifest_write(manifest)
        finally:
            os.close(lock)


def _vacant_check(folder: Folder) -> None:
    if not folder.vacant:
        raise Conflict(f"{folder.path} is not empty: a new collection needs a folder of its own")


_BROKEN = "the disk failed in between: open the collection again"


class Journal:
    """Holds the writer's lock. Who calls sees to it that one thread at a time does.

    Attributes:
        view: what is in force, as of the last change that its owner applied to it.
        scribe: encodes for the last log.
    """

    def __init__(self, path: Path, algorithms: Mapping[str, Algorithm]) -> None:
        """Open for writing, and settle what a crash may have left; see `Writer`."""
        self.folder, self._algorithms, self._broken = Folder(path), algorithms, False
        self.folder.manifest_read()
        self._lock = self.folder.lock()
        try:
            with writing():
                self._open()
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self) -> None:
        manifest = self.folder.manifest_read()
        path = self.folder.log(manifest.logs[-1])
        try:
            self._log = LogWriter(path, collection=manifest.key)
        except FileNotFoundError:
            raise SegmentCorrupt(f"{path.name} is missing") from None
        try:
            for path in self.folder.logs():
                lg.ring(path, manifest.generation)
            self.folder.sweep(manifest)
            self.view = view_open(self.folder, self._algorithms)
            self._take_up()
        except BaseException:
            self._log.close()
            raise

    def _take_up(self) -> None:
        """Go on where the last log ends."""
        tail = self.view.tails[-1]
        self.encoder = LogEncoder(tail)
        tail.log = self._log

    def append(self, encode: Callable[[], list[lg.Change]], *, durable: bool) -> None:
        """Log what `encode` gives; in a new log where the last one has no room.

        Raises:
            StoreUnwritable: the disk is full; nothing was changed.
        """
        if self._broken:
            raise StoreUnwritable(_BROKEN)
        try:
            self._log.append(encode(), durable=durable)
        except LogFull:
            self.encoder.forget()
            self._append_anew(encode, durable=durable)
        except OSError as error:
            self.encoder.forget()
            raise self._refusal(error) from error
        self.encoder.keep()

    def _append_anew(self, encode: Callable[[], list[lg.Change]], *, durable: bool) -> None:
        with self.careful():
            self.freeze()
            try:
                self._log.append(encode(), durable=durable)
            except (LogFull, OSError) as error:
                self.encoder.forget()
                if isinstance(error, LogFull):
                    raise InvalidInput("too much at once: more than a log holds") from None
                raise

    def sync(self) -> None:
        with self.careful():
            self._log.sync()

    def freeze(self) -> None:
        """Put a new empty log in force behind the others, which nobody writes any more.

        Raises:
            OSError: no room; everything stays as it is.
        """
        manifest = self.view.manifest
        self._log.sync()
        number = self.folder.next_number(manifest)
        generation = manifest.generation + 1
        path = self.folder.log(number)
        try:
            lg.log_create(path, collection=manifest.key, number=number, generation=generation)
            log = LogWriter(path, collection=manifest.key)
            ours = msgspec.structs.replace(
                manifest, generation=generation, logs=(*manifest.logs, number)
            )
            try:
                self._enforce(ours)
            except BaseException:
                log.close()  # open, it would keep its room on a disk that is full
                raise
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._broken = True  # until the last step: there is no way back from here
        self.view.extend(ours)
        before, self._log = self._log, log
        self._take_up()
        before.ring(generation)
        before.close()
        self._broken = False

    def switch(self, shelves: dict[str, Shelved], dropped: tuple[int, ...], sequence: int) -> None:
        """Put new segments in force, and drop the logs that they hold.

        Raises:
            SegmentCorrupt, OSError: everything stays as it is.
        """
        before = self.view.manifest
        manifest = msgspec.structs.replace(
            before,
            generation=before.generation + 1,
            sequence=sequence,
            shelves=shelves,
            logs=tuple(number for number in before.logs if number not in dropped),
        )
        # Opened before it counts: what cannot be opened is never put in force.
        view = View(self.folder, self._algorithms, manifest, self.view)
        self._enforce(manifest)
        view.tails[-1].log = self._log
        self.view = view
        self._log.ring(manifest.generation)

    def _enforce(self, manifest: Manifest) -> None:
        try:
            self.folder.manifest_write(manifest)
        except OSError:
            # It may have been moved into place before the disk complained: then it is in force.
            if self.folder.manifest_read() != manifest:
                raise

    @contextlib.contextmanager
    def careful(self) -> Iterator[None]:
        """For changes. After a fault of the disk itself nobody knows what is on it: no more until reopened."""
        if self._broken:
            raise StoreUnwritable(_BROKEN)
        try:
            yield
        except OSError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: OSError) -> StoreUnwritable:
        self._broken |= error.errno == errno.EIO
        return unwritable(error)

    @property
    def closed(self) -> bool:
        return self._lock < 0

    def close(self) -> None:
        """Make every change durable and give the lock back.

        Raises:
            StoreUnwritable: the disk would not; the lock is given back all the same.
        """
        try:
            with writing():
                self._log.sync()
        finally:
            self._log.close()
            os.close(self._lock)
            self._lock = -1
