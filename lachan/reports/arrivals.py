"""How busy it is: arrivals of the last minute, counted in this process's memory and nowhere else.

Abuse control by address would need addresses, and a whole school has one. The overall rate needs neither.
"""

import threading
import time
from collections import deque

from .conf import BUSY_PER_MINUTE

_times: deque[float] = deque()
_lock = threading.Lock()


def arrival_note() -> None:
    """Count one."""
    with _lock:
        _times.append(time.monotonic())


def is_busy() -> bool:
    """Whether more arrive than people could be sending."""
    with _lock:
        start = time.monotonic() - 60
        while _times and _times[0] < start:
            _times.popleft()
        return len(_times) >= BUSY_PER_MINUTE


def forget() -> None:
    """Begin anew; for tests."""
    with _lock:
        _times.clear()
