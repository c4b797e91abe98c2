"""Opens new generations of the snapshot, and reads the guard anew, beside the packet loops, which never wait for
a disk.
"""

import contextlib
import threading
from pathlib import Path

from lachan.edge.dns.shelter import Shelter
from lachan.formats.snapshot.reader import SnapshotReader

LOOK_SECONDS = 0.5
SOON_SECONDS = 0.05


class SnapshotWatch(threading.Thread):
    """Refreshes `reader`, which all threads of the process share, when it is told of a new generation,
    and from time to time without being told; and `shelter` with it.
    """

    def __init__(self, home: Path, stop: threading.Event) -> None:
        super().__init__(name="dns-snapshot", daemon=True)
        self._news = threading.Event()
        self._stop_event = stop
        self.reader = SnapshotReader(home / "snapshots", watch=self._news.set)
        self.shelter = Shelter(home)

    def run(self) -> None:
        while not self._stop_event.wait(SOON_SECONDS):
            waited = LOOK_SECONDS if self.reader.pair is not None else 0.0
            self._news.wait(waited)
            self._news.clear()
            self.reader.refresh()
            # An operator's file may be cut short, or gone, just now: the guard from before holds on.
            with contextlib.suppress(OSError):
                self.shelter.refresh()
