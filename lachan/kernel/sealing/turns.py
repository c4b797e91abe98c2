"""A limit on what needs much memory on purpose: whoever asks for it a thousand times at once does not get it.

Argon2id takes up to 100 MiB a run (hashes of passwords, locks). Receipts take 8 and no turn: a child's report
waits for nobody's password.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from lachan.kernel.sealing.errors import TurnsTaken

_RUNS = 2  # at once, in one process
_WAITING = 1  # more than that would hold the workers that serve everybody
_SECONDS = 5.0

_runs = threading.Semaphore(_RUNS)
_queue = threading.Semaphore(_RUNS + _WAITING)
_mine = threading.local()


@contextmanager
def turn_taken() -> Iterator[None]:
    """Hold a turn; within one, another is free.

    Raises:
        TurnsTaken: too many wait already, or it took too long.
    """
    if getattr(_mine, "held", False):
        yield
        return
    if not _queue.acquire(blocking=False):
        raise TurnsTaken("too many passwords are being looked at now")
    try:
        if not _runs.acquire(timeout=_SECONDS):
            raise TurnsTaken("too many passwords are being looked at now")
        _mine.held = True
        try:
            yield
        finally:
            _mine.held = False
            _runs.release()
    finally:
        _queue.release()
