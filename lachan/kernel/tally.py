"""Counts of what went wrong for people outside: a line at once would keep the moment at which somebody was here."""

import atexit
import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from lachan.kernel import clock

_KINDS = 100  # what is beyond is counted together: nobody fills the memory or the disk


class Tally:
    """Counts by kind, said once an hour, when the hour is over, and at the end of the process.

    A journal puts its own time to each line, so that also the line's moment must tell nothing.
    """

    def __init__(self, say: Callable[[str], object]) -> None:
        """`say` gets each line; it must not raise."""
        self._say = say
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._waits = False

    def count(self, kind: str) -> None:
        """One more of a kind: what broke, and nothing of whoever it broke for."""
        with self._lock:
            if kind not in self._counts and len(self._counts) >= _KINDS:
                kind = "others"
            self._counts[kind] += 1
            if not self._waits:
                self._waits = True
                atexit.register(self.flush)
                threading.Thread(target=self._each_hour, name="tally", daemon=True).start()

    def flush(self) -> None:
        """Say what was counted, and begin anew."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        for kind, number in sorted(counts.items()):
            self._say(f"{number} in the last hour: {kind}")

    def _each_hour(self) -> None:
        while True:
            threading.Event().wait(_until_next_hour(clock.now()))
            self.flush()


def _until_next_hour(moment: datetime) -> float:
    return (clock.hour(moment) + timedelta(hours=1) - moment).total_seconds() + 1
