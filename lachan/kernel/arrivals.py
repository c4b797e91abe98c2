"""A counter of arrivals, by which it is seen how busy it is: those of the last minute, counted in this
process's memory and nowhere else.

Abuse control by address would need addresses, and a whole school has one. The overall rate needs neither.
"""

import threading
import time
from collections import deque


class Arrivals:
    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._lock = threading.Lock()

    def note(self) -> None:
        """Count one."""
        with self._lock:
            self._times.append(time.monotonic())

    def is_busy(self, per_minute: int) -> bool:
        """Whether more arrive than people could be sending."""
        with self._lock:
            start = time.monotonic() - 60
            while self._times and self._times[0] < start:
                self._times.popleft()
            return len(self._times) >= per_minute

    def forget(self) -> None:
        """Begin anew; for tests."""
        with self._lock:
            self._times.clear()
