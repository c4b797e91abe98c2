"""What may take its time, in a process beside the deliveries: every task that returns, every outbound handler and
every way of messages has a lane of its own.

A process, since a thread that computes holds up all others of its own; threads in it, since they mostly wait.
"""

import logging
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from threading import Event, Thread

from django.db import close_old_connections, connections

from lachan.kernel.process import die_with_parent
from lachan.kernel.schedule import TASKS, Task

from .deliveries import Lane, handler_names
from .sending import MessageLane
from .services import listener_open
from .ways.way import ways

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
LOOK_EVERY = 1.0
_PAUSE = 1.0  # seconds that it lives at least before it is started again
_PATIENCE = 4.0  # seconds that work in progress has to end by itself: less than the supervisor's


class Lanes:
    """The process of all lanes, as the worker sees it."""

    def __init__(self, stop: Event) -> None:
        """`stop`: what SIGTERM sets; the process has a copy, set by its own SIGTERM."""
        self._stop = stop
        self._process: multiprocessing.context.ForkProcess | None = None
        self._began = 0.0

    def start(self) -> None:
        """Start the process. Whoever forks has no other thread, and nothing open that must not be shared."""
        connections.close_all()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_run, args=(os.getpid(), self._stop))
        self._process.start()
        self._began = time.monotonic()

    def look(self) -> None:
        """Start it again where it fell."""
        if self._process is None or self._process.is_alive():
            return
        if time.monotonic() - self._began >= _PAUSE:
            log.error("the lanes ended (%s); starting them again", self._process.exitcode)
            self.start()

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join(1.5 * _PATIENCE)
            self._process.kill()
            self._process.join()


def _run(worker: int, stop: Event) -> None:
    die_with_parent(worker)
    lanes_run(stop, is_wanted=lambda: os.getppid() == worker)


def lanes_run(stop: Event, *, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Work in all lanes until `stop` is set or this is no longer wanted; what then takes too long is cut off."""
    lanes: dict[str, Callable[[], object]] = {
        name: Lane(name).drain for name in handler_names(outbound=True)
    }
    lanes |= {f"message-{name}": MessageLane(way).drain for name, way in ways().items()}
    woken = {name: Event() for name in lanes}
    threads = [Thread(target=_returning, args=(task, stop), daemon=True) for task in TASKS.values()]
    threads += [
        Thread(target=_outbound, args=(name, drain, stop, woken[name]), daemon=True)
        for name, drain in lanes.items()
    ]
    for thread in threads:
        thread.start()
    listener = listener_open("outbound")
    try:
        while not stop.is_set() and is_wanted():
            if listener.wait(LOOK_EVERY):
                _wake(woken.values())
    finally:
        listener.close()
    stop.set()
    _wake(woken.values())
    end = time.monotonic() + _PATIENCE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


def _wake(sleepers: Iterable[Event]) -> None:
    for event in sleepers:
        event.set()


def _returning(task: Task, stop: Event) -> None:
    interval = task.interval.total_seconds()
    while not stop.is_set():
        began = time.monotonic()
        safely(task.name, task.run)
        # A dozen lanes mostly sleep: none keeps a connection meanwhile.
        connections.close_all()
        stop.wait(max(0.0, began + interval - time.monotonic()))
    if task.at_end:
        safely(task.name, task.run)
        connections.close_all()


def _outbound(name: str, drain: Callable[[], object], stop: Event, woken: Event) -> None:
    while not stop.is_set():
        close_old_connections()
        safely(name, drain)
        woken.wait(LOOK_EVERY)
        woken.clear()
    connections.close_all()


def safely(name: str, work: Callable[[], object]) -> bool:
    """Do a piece of work that comes again; whether it was done."""
    try:
        work()
    except Exception:
        log.exception("%s failed; it will be tried again", name)
        close_old_connections()
        return False
    return True
