"""The delivery that is under way, noted outside the database.

A handler that takes its process with it (out of memory, a fault in a library) leaves no failure behind: its
transaction is gone, the next process begins with the same event, and nobody else's ever arrives.
"""

import contextlib
import functools
import os
from pathlib import Path

from django.conf import settings


class ProcessDied(Exception):
    """The process ended in the middle of a delivery."""


class UnderWay:
    """What one lane is about, in a file under LACHAN_HOME/run that outlives the process.

    Lost, it costs nothing but one more try: it is never waited for, nor brought to the disk.
    """

    def __init__(self, lane: str) -> None:
        self._path = settings.LACHAN_HOME / "run" / f"{lane or 'deliveries'}.underway"

    def note(self, pk: int) -> None:
        """Say which row it is; 0 for none."""
        with contextlib.suppress(OSError):
            os.pwrite(_file(self._path), pk.to_bytes(8, "little", signed=True), 0)

    def left(self) -> int:
        """The row that was last noted; 0 where nothing was left."""
        with contextlib.suppress(OSError):
            return int.from_bytes(os.pread(_file(self._path), 8, 0), "little", signed=True)
        return 0


@functools.cache
def _file(path: Path) -> int:
    """Open for as long as the process lives: opening it for each delivery would cost more than all else here."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
