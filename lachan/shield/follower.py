"""The process that turns the ledger into the snapshot: the one writer of its folder."""

import logging

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections

from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.outbox.services import listener_open, stop_on_signal

from .services import shelter_keep, snapshot_rebuild, snapshot_sync

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
LOOK_EVERY = 0.5
HALF_FULL = 0.5


def run(*, once: bool = False, rebuild: bool = False) -> None:
    """Follow the ledger until SIGTERM or SIGINT.

    While the database does not answer, the last snapshot stays and edges go on answering from it.
    """
    stop = stop_on_signal()
    listener = listener_open("ledger")
    with SnapshotWriter(settings.LACHAN_HOME / "snapshots") as writer:
        try:
            while not stop.is_set():
                if _sync(writer, rebuild=rebuild):
                    rebuild = False
                if once:
                    return
                if not listener.wait(LOOK_EVERY) and writer.fill > HALF_FULL:
                    writer.compact()  # now, while nobody waits: a full delta would compact within a put
        finally:
            listener.close()


def _sync(writer: SnapshotWriter, *, rebuild: bool) -> bool:
    """Bring the snapshot up to date; whether it is."""
    try:
        close_old_connections()
        if rebuild or writer.needs_rebuild:
            snapshot_rebuild(writer)
        while snapshot_sync(writer):
            pass
        shelter_keep()
    except DatabaseError as error:
        log.warning(
            "the ledger does not answer (%s); the last snapshot stays", type(error).__name__
        )
        return False
    return True
