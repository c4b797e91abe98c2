"""The worker's loop: events when woken, scheduled work when due."""

import logging
import signal
import time
from collections.abc import Callable
from threading import Event

from django.db import close_old_connections

from lachan.kernel.schedule import TASKS

from .journal import journal_empty
from .services import events_deliver, listener_open

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
LOOK_EVERY = 1.0


def run(stop: Event | None = None) -> None:
    """Work until SIGTERM or SIGINT, or until `stop` is set."""
    stop = stop or _on_signal()
    listener = listener_open()
    due = dict.fromkeys(TASKS, 0.0)
    try:
        while not stop.is_set():
            close_old_connections()
            _safely("delivery", events_drain)
            for name, task in TASKS.items():
                if time.monotonic() >= due[name]:
                    due[name] = time.monotonic() + task.interval.total_seconds()
                    _safely(name, task.run)
            listener.wait(LOOK_EVERY)
    finally:
        listener.close()
        _safely("journal", journal_empty)


def events_drain() -> None:
    while events_deliver():
        pass


def _safely(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        log.exception("%s failed; it will be tried again", name)
        close_old_connections()


def _on_signal() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
