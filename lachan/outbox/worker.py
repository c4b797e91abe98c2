"""The worker's loop: deliveries when woken; what may take its time goes on in lanes beside it."""

from threading import Event

from django.db import close_old_connections

from .journal import journal_empty
from .lanes import LOOK_EVERY, Lanes, safely
from .services import Lane, deliveries_begin, listener_open, stop_on_signal


def run(stop: Event | None = None) -> None:
    """Work until SIGTERM or SIGINT, or until `stop` is set."""
    stop = stop or stop_on_signal()
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
