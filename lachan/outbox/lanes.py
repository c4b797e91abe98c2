"""What may take its time, beside the deliveries: each run of a task, each outbound handler and each way of messages
has a process of its own.

No thread: one that computes, or reads a large file in C, keeps the interpreter from its whole process, and another
one there may hold the turn to write, for which all processes wait. A fork, since it shares what is loaded: a run
costs some 20 ms, and 10 MB while it lasts.
"""

import gc
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import wait
from threading import Event

from django.db import close_old_connections, connections

from lachan.kernel.process import die_with_parent
from lachan.kernel.schedule import TASKS

from .deliveries import Lane, handler_names
from .sending import MessageLane
from .services import listener_open
from .ways.way import ways

log = logging.getLogger(__name__)

# A lost wake-up costs at most this long.
LOOK_EVERY = 1.0
_PAUSE = 1.0  # seconds that it lives at least before it is started again
_PATIENCE = 4  # seconds that work in progress has to end by itself: less than the supervisor's
_GLANCE = 0.05  # seconds between looks while all end
# Of the tasks, above the worker's own: one that computes comes behind. No more, for it may hold the turn to write.
_NICENESS = 5
_FORK = multiprocessing.get_context("fork")


class Lanes:
    """The process that starts all others, as the worker sees it."""

    def __init__(self, stop: Event) -> None:
        """`stop`: what SIGTERM sets; the process has a copy, set by its own SIGTERM."""
        self._stop = stop
        self._process: multiprocessing.context.ForkProcess | None = None
        self._began = 0.0

    def start(self) -> None:
        """Start the process. Whoever forks has no other thread, and nothing open that must not be shared."""
        connections.close_all()
        self._process = _FORK.Process(target=_run, args=(os.getpid(), self._stop))
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
    # Whoever looks for garbage writes to each page, which is then no longer shared.
    gc.freeze()
    lanes_run(stop, is_wanted=lambda: os.getppid() == worker)


def lanes_run(stop: Event, *, is_wanted: Callable[[], bool] = lambda: True) -> None:
    """Work in all lanes until `stop` is set or this is no longer wanted; what then takes too long is cut off."""
    lanes = [
        _Beside(
            task.name,
            task.run,
            interval=task.interval.total_seconds(),
            at_end=task.at_end,
            niceness=_NICENESS,
        )
        for task in TASKS.values()
    ]
    drains: dict[str, Callable[[], object]] = {
        name: Lane(name).drain for name in handler_names(outbound=True)
    }
    drains |= {f"message-{name}": MessageLane(way).drain for name, way in ways().items()}
    lanes += [
        _Beside(name, partial(outbound, name, drain, stop, os.getpid()), interval=_PAUSE)
        for name, drain in drains.items()
    ]
    while not stop.is_set() and is_wanted():
        pause = min([LOOK_EVERY, *(lane.look(stop) for lane in lanes)])
        _any_ends(lanes, pause)
    stop.set()
    _end(lanes, stop)


def _end(lanes: list["_Beside"], stop: Event) -> None:
    end = time.monotonic() + _PATIENCE
    for lane in lanes:
        lane.ask_to_end()
    last = [lane for lane in lanes if lane.at_end]
    while (left := end - time.monotonic()) > 0:
        for lane in [lane for lane in last if not lane.is_running()]:
            lane.begin(stop)
            last.remove(lane)
        if not last and not any(lane.is_running() for lane in lanes):
            break
        _any_ends(lanes, min(left, _GLANCE))
    for lane in lanes:
        lane.cut_off()


def _any_ends(lanes: list["_Beside"], seconds: float) -> None:
    """Wait until a lane's process ends, `seconds` at most."""
    running = [lane.process.sentinel for lane in lanes if lane.process and lane.is_running()]
    # Not `stop.wait`: a signal that comes in the middle of it would wait for itself.
    wait(running, seconds) if running else time.sleep(seconds)


class _Beside:
    """A piece of work that comes again, each time in a process of its own.

    Attributes:
        process: of the present time, or of the last.
        at_end: whether it comes once more when all end.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], object],
        *,
        interval: float,
        at_end: bool = False,
        niceness: int = 0,
    ) -> None:
        """`interval`: seconds from one beginning to the next."""
        self._name, self._work, self._interval = name, work, interval
        self._niceness = niceness
        self.at_end = at_end
        self.process: multiprocessing.context.ForkProcess | None = None
        self._due = 0.0

    def look(self, stop: Event) -> float:
        """Begin where it is time; how many seconds are left until then, if it does not run still."""
        if self.is_running():
            return LOOK_EVERY
        if self.process and self.process.exitcode:
            log.error("%s ended (%s); it will be tried again", self._name, self.process.exitcode)
            self.process = None
        if (left := self._due - time.monotonic()) > 0:
            return left
        self.begin(stop)
        return LOOK_EVERY

    def begin(self, stop: Event) -> None:
        self._due = time.monotonic() + self._interval
        self.process = _FORK.Process(target=self._live, args=(os.getpid(), stop))
        self.process.start()

    def _live(self, parent: int, stop: Event) -> None:
        def ask(*_: object) -> None:
            stop.set()
            signal.alarm(_PATIENCE)  # it kills, whatever is going on

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, ask)
        die_with_parent(parent)
        os.nice(self._niceness)
        safely(self._name, self._work)
        connections.close_all()

    def is_running(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def ask_to_end(self) -> None:
        if self.process:
            self.process.terminate()

    def cut_off(self) -> None:
        if self.process:
            self.process.kill()
            self.process.join()


def outbound(name: str, drain: Callable[[], object], stop: Event, parent: int) -> None:
    """What goes out by one lane, as long as its parent lives: at each wake-up, or soon after one that was lost."""
    listener = listener_open("outbound")
    try:
        while not stop.is_set() and os.getppid() == parent:
            close_old_connections()
            safely(name, drain)
            listener.wait(LOOK_EVERY)
    finally:
        listener.close()


def safely(name: str, work: Callable[[], object]) -> bool:
    """Do a piece of work that comes again; whether it was done."""
    try:
        work()
    except Exception:
        log.exception("%s failed; it will be tried again", name)
        close_old_connections()
        return False
    return True
