"""Opens new generations of the snapshot, and reads the guard anew, beside the packet loops, which never wait for
a disk.
"""

import contextlib
import threading
from pathlib import Path

from lachan.edge.dns.known import known_build, known_reader
from lachan.edge.dns.profiles import Profiles
from lachan.edge.dns.shelter import Shelter
from lachan.formats.snapshot.reader import SnapshotReader

LOOK_SECONDS = 0.5
SOON_SECONDS = 0.05


class SnapshotWatch(threading.Thread):
    """Refreshes `reader`, which all threads of the process share, when it is told of a new generation,
    and from time to time without being told; `profiles` and `shelter` with it. Once there are profiles, `known` gets its
    names.
    """

    def __init__(self, home: Path, stop: threading.Event, own_hosts: tuple[str, ...] = ()) -> None:
        """`own_hosts`: names of this instance, which are help."""
        super().__init__(name="dns-snapshot", daemon=True)
        self._news = threading.Event()
        self._stop_event = stop
        self.reader = SnapshotReader(home / "snapshots", watch=self._news.set)
        self.known, self._own_hosts = known_reader(), own_hosts
        self.profiles = Profiles(home, watch=self._news.set)
        self.profiles_follow()
        self.shelter = Shelter(home)

    def run(self) -> None:
        while not self._stop_event.wait(SOON_SECONDS):
            waited = LOOK_SECONDS if self.reader.pair is not None else 0.0
            self._news.wait(waited)
            self._news.clear()
            self.reader.refresh()
            self.profiles_follow()
            # An operator's file may be cut short, or gone, just now: the guard from before holds on.
            with contextlib.suppress(OSError):
                self.shelter.refresh()

    def profiles_follow(self) -> None:
        """Open the newest table of profiles; first the names that its rules are about, so that none is in force half."""
        if self.known.pair is None and self.profiles.are_there:
            with contextlib.suppress(OSError):
                known_build(self.known, self._own_hosts)
        self.profiles.reader.refresh()
