"""The process that keeps the collection in step with the ledger: the one writer of LACHAN_HOME/matching."""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections

from lachan.matching.between.paths import collection_folder, damage_file, lock_file
from lachan.matching.collection import Collection
from lachan.matching.records import (
    NoCollection,
    SegmentCorrupt,
    SegmentVersion,
    StoreLocked,
    StoreUnwritable,
)
from lachan.outbox.services import listener_open, stop_on_signal
from lachan.sightings.shards import WHOLE, Shard

from .services import collection_rebuild, collection_sync, keys_export, needs_rebuild

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
LOOK_EVERY = 0.5
_UNUSABLE = (NoCollection, SegmentCorrupt, SegmentVersion)


def run(*, once: bool = False, rebuild: bool = False, shard: Shard = WHOLE) -> None:
    """Follow a shard of the ledger until SIGTERM or SIGINT.

    While the database does not answer, or the disk is full, the collection stays as it is and look-ups go on.

    Raises:
        StoreLocked: another process follows already.
    """
    stop = stop_on_signal()
    home: Path = settings.LACHAN_HOME
    with _alone(home):
        listener, follower = listener_open("ledger"), Follower(home, rebuild=rebuild, shard=shard)
        try:
            while not stop.is_set():
                close_old_connections()
                if follower.step() and once:
                    return
                listener.wait(LOOK_EVERY)
        finally:
            listener.close()
            follower.close()


class Follower:
    """Holds the collection open from one look at the ledger to the next."""

    def __init__(self, home: Path, *, rebuild: bool = False, shard: Shard = WHOLE) -> None:
        self._home, self._rebuild, self._shard = home, rebuild, shard
        self._collection: Collection | None = None
        self._said = ""
        self._keys = b""

    def step(self) -> bool:
        """Bring the collection up to date; whether it is."""
        try:
            self._step()
        except (OperationalError, InterfaceError) as error:
            self._say(f"the ledger does not answer ({type(error).__name__}); look-ups go on")
        except _UNUSABLE as error:
            self._say(f"the collection is damaged ({error.code}); it is filled anew")
            self._rebuild = True
        except (StoreUnwritable, StoreLocked, OSError) as error:
            # After a fault of the disk only opening it again tells what is on it.
            self._say(f"the collection cannot be written ({type(error).__name__}); trying again")
            self.close()
        else:
            self._said = ""
            return True
        return False

    def _step(self) -> None:
        # First of all: a revoked key must not wait for a long filling.
        self._keys = keys_export(self._home, self._keys)
        damage = damage_file(self._home)
        if damage.exists():
            damage.unlink(missing_ok=True)
            self._check()
        if self._rebuild or needs_rebuild(self._home, shard=self._shard):
            self.close()
            self._collection = collection_rebuild(self._home, shard=self._shard)
            self._rebuild = False
        if self._collection is None:
            self._collection = Collection.open(collection_folder(self._home), write=True)
        while collection_sync(self._collection, self._home, shard=self._shard):
            pass

    def _check(self) -> None:
        """Read everything; somebody met a damaged file."""
        with Collection.open(collection_folder(self._home)) as reader:
            reader.verify()

    def close(self) -> None:
        if self._collection is not None:
            collection, self._collection = self._collection, None
            try:
                collection.close()
            except StoreUnwritable:
                log.warning("the collection could not be closed in order")

    def _say(self, line: str) -> None:
        """Once, not with every look."""
        if line != self._said:
            self._said = line
            log.warning(line)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    descriptor = os.open(lock_file(home), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLocked("another process follows the ledger here") from None
        yield
    finally:
        os.close(descriptor)
