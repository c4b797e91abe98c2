"""All cores, by processes: one that dies or hangs costs the file that it was at, and nothing else.

Decoders of pictures and videos are made of C, and scans are made of unknown files: a crash is to be
expected. A pool of `concurrent.futures` is broken for good by one; here each process has a pipe of its
own, says after every few items what came of them, and is replaced when it falls silent.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import Protocol, Self

from lachan.matching.records import ExtraMissing, MatchingError
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.records import (
    Examines,
    Finding,
    Item,
    Known,
    Limits,
    Orders,
    Outcome,
)
from lachan.matching.scanning.walking import printable

Batch = tuple[Item, ...]
_AHEAD = 3
"""Batches that wait in a process's pipe, so that it never waits for the next."""
_BATCH, _SMALL = 8, 1 << 20
"""Files of less than a megabyte go eight at a time: a message costs as much as a small file."""
_SIGN = 1.0
"""Seconds between signs of life from inside a large archive."""
_START = 300.0
"""Seconds in which a process must have opened the lists."""


class Order:
    """What a process needs to know, and can be sent: how to open what is known, and how to examine."""

    def __init__(
        self,
        opener: Callable[[], Known],
        limits: Limits,
        *,
        keep_clean: bool = False,
        open_archives: bool = True,
        turned: bool = False,
    ) -> None:
        self.opener, self.limits = opener, limits
        self.keep_clean, self.open_archives, self.turned = keep_clean, open_archives, turned

    def examiner(self, sign: Callable[[], None]) -> Examiner:
        return Examiner(
            self.opener(),
            self.limits,
            keep_clean=self.keep_clean,
            open_archives=self.open_archives,
            turned=self.turned,
            sign=sign,
        )


def work(order: Orders, pipe: Connection) -> None:
    """A process's life: items in, outcomes out, until the pipe ends with the process that holds it.

    An error of the lists themselves is sent instead of an outcome: without them no answer is right.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one that keeps the journal
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            sign = _signs(pipe)
            examiner = order.examiner(sign)
            pipe.send(examiner.state)
            while True:
                outcomes = [Outcome(item) for item in pipe.recv()]
                for outcome in outcomes:
                    examine(examiner, outcome)
                    sign()
                pipe.send(outcomes)
        except MatchingError as error:
            pipe.send(error)


def examine(examiner: Examines, outcome: Outcome) -> None:
    """Fill an outcome, whatever the file holds. Raises: MatchingError, where the lists cannot be asked."""
    try:
        examiner.examine(outcome)
    except (MatchingError, EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # noqa: BLE001  one file that nobody thought of must not end a scan of millions
        reason = f"failed: {type(error).__name__}"
        outcome.add(Finding(printable(outcome.item.path), reason=reason))


def _signs(pipe: Connection) -> Callable[[], None]:
    said = time.monotonic()

    def sign() -> None:
        nonlocal said
        if time.monotonic() - said > _SIGN:
            said = time.monotonic()
            pipe.send(None)

    return sign


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Start a process that does not run the program's own file again, which may have no guard against it."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _server_start() -> None:
    """Start the process that all others are forked from, deaf to Ctrl-C from the first moment: while it loads
    what they need, it would die of it with a page of its own words.
    """
    resource_tracker.ensure_running()  # first, for it would lift what is blocked here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker:
    def __init__(self, order: Orders) -> None:
        context = multiprocessing.get_context("forkserver")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(order, theirs), daemon=True)
        with _without_main():
            _server_start()
            self.process.start()
        theirs.close()
        self.waiting: deque[Batch] = deque()
        self.heard = time.monotonic()
        self.state = ""

    @property
    def ready(self) -> bool:
        return bool(self.state)

    def give(self, batch: Batch) -> None:
        if not self.waiting:
            self.heard = time.monotonic()
        self.waiting.append(batch)
        with contextlib.suppress(
            BrokenPipeError, ConnectionResetError
        ):  # its death is met at `take`
            self.pipe.send(batch)

    def take(self) -> list[Outcome]:
        """A batch's outcomes; none for a sign of life. Raises: EOFError, where the process is dead."""
        try:
            message: list[Outcome] | MatchingError | str | None = self.pipe.recv()
        except (ConnectionResetError, BrokenPipeError):
            raise EOFError from None
        self.heard = time.monotonic()
        if isinstance(message, MatchingError):
            raise message
        if isinstance(message, str):
            self.state = message
        if not isinstance(message, list):
            return []
        self.waiting.popleft()
        return message

    def end(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


class Pool(Protocol):
    """Who does the work: processes here, or a cluster."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def add(self, item: Item) -> None: ...

    def outcomes(self, items: Iterator[Item]) -> Iterator[Outcome]: ...


class Workers:
    """Up to `jobs` processes, or one a core that this one may use, as work comes; use with `with`."""

    def __init__(self, order: Orders, jobs: int) -> None:
        self._order, self._jobs = order, jobs or len(os.sched_getaffinity(0))
        # What many would load, their parent loads once; alone, a process loads what it turns out to need.
        preload = f"{__package__}.preload" if self._jobs > 1 else __name__
        multiprocessing.get_context("forkserver").set_forkserver_preload([preload])
        self._workers: list[_Worker] = []
        self._again: deque[Batch] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.end()

    def outcomes(self, items: Iterator[Item]) -> Iterator[Outcome]:
        """What came of each item, in the order in which they are done.

        Raises:
            MatchingError: the lists cannot be asked.
        """
        while True:
            self._feed_all(items)
            busy = {worker.pipe: worker for worker in self._workers if worker.waiting}
            if not busy:
                return
            for pipe in wait(list(busy), timeout=_SIGN):
                worker = busy[pipe]  # type: ignore[index]  # wait() gives back what it got
                try:
                    yield from worker.take()
                except EOFError:
                    yield from self._lost(worker, "the process that examined it crashed")
            yield from self._silent()

    def add(self, item: Item) -> None:
        """More work, before the next outcome is asked for."""
        self._again.append((item,))

    def _feed_all(self, items: Iterator[Item]) -> None:
        for worker in self._workers:
            self._feed(worker, items)
        while len(self._workers) < self._jobs and (batch := self._next(items)):
            self._again.appendleft(batch)
            self._workers.append(_Worker(self._order))
            self._feed(self._workers[-1], items)

    def _next(self, items: Iterator[Item]) -> Batch:
        """The next batch; empty where all is handed out."""
        if self._again:
            return self._again.popleft()
        batch: list[Item] = []
        for item in items:
            if item.task != "file" or item.size > _SMALL:
                self._again.append((item,))
                break
            batch.append(item)
            if len(batch) == _BATCH:
                break
        return tuple(batch) or (self._again.popleft() if self._again else ())

    def _feed(self, worker: _Worker, items: Iterator[Item]) -> None:
        while len(worker.waiting) < _AHEAD and (batch := self._next(items)):
            if batch[0].rows and worker.waiting:
                # Both ends could be writing more than a pipe holds, and wait for each other for ever.
                self._again.appendleft(batch)
                return
            worker.give(batch)

    def _silent(self) -> Iterator[Outcome]:
        for worker in list(self._workers):
            patience = self._order.limits.seconds if worker.ready else _START
            if worker.waiting and time.monotonic() - worker.heard > patience:
                yield from self._lost(worker, "it takes too long")

    def _lost(self, worker: _Worker, reason: str) -> Iterator[Outcome]:
        """Replace a process. What waited goes on; of the batch that it was at, each file is tried alone, and
        the one that ends its process again is set aside.
        """
        worker.end()
        if not worker.ready:
            raise ExtraMissing("the processes that examine files end before they begin")
        batch = worker.waiting.popleft()
        self._again.extend(worker.waiting)
        self._workers[self._workers.index(worker)] = _Worker(self._order)
        if len(batch) > 1:
            self._again.extend((item,) for item in batch)
            return
        outcome = Outcome(batch[0])
        outcome.add(Finding(printable(batch[0].path), reason=reason))
        yield outcome
