"""The worker's loop: deliveries when woken; what may take its time goes on in lanes beside it."""

import signal
from threading import Event

from django.db import close_old_connections

from .journal import journal_empty
from .lanes import LOOK_EVERY, Lanes, safely
from .services import Lane, deliveries_begin, listener_open


def run(stop: Event | None = None) -> None:
    """Work until SIGTERM or SIGINT, or until `stop` is set."""
    stop = stop or _on_signal()
    lanes, lane, has_begun = Lanes(stop), Lane(), False
    lanes.start()
    listener = listener_open("outbox")
    try:
        while not stop.is_set():
            close_old_connections()
            has_begun = has_begun or safely("beginning", deliveries_begin)
            safely("delivery", lane.drain)
            listener.wait(LOOK_EVERY)
            lanes.look()
    finally:
        listener.close()
        lanes.end()
        safely("journal", journal_empty)


def _on_signal() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
