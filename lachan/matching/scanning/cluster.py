"""The same scan on a Ray cluster: `lachan scan --engine ray`, with the extra lachan[ray].

Every node sees the files and the collection's folder under the same paths (a shared disk, or copies), and
has this version of the product. One actor a core opens the collection; those of one node share its mapped
files. The process that was called hands out the items, keeps the journal and writes the report: killed, it
goes on where it was, on any cluster.

An actor that dies or falls silent is replaced. It may have died with its node, or before an answer was on its
way: so what it held is tried once more, one item at a time, and only what then ends its actor is set aside.
"""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Self

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.local_ray import local_ray_options
from lachan.matching.scanning.records import Finding, Item, Outcome
from lachan.matching.scanning.walking import printable
from lachan.matching.scanning.workers import Order, examine

_AHEAD = 2
_START = 300.0
_ANSWER = 10.0


class _Remote:
    """One core of the cluster."""

    def __init__(self, order: Order) -> None:
        self._examiner = order.examiner(self._sign)
        self._signed = time.monotonic()

    def examine(self, item: Item) -> Outcome:
        self._sign()
        outcome = Outcome(item)
        examine(self._examiner, outcome)
        return outcome

    def silent(self) -> float:
        """Seconds since the last sign of life; answered beside the work, by another thread."""
        return time.monotonic() - self._signed

    def _sign(self) -> None:
        self._signed = time.monotonic()


class _Actor:
    def __init__(self, handle: Any) -> None:
        self.handle = handle
        self.waiting: deque[tuple[Any, Item]] = deque()
        self.heard = time.monotonic()
        self.ready = False

    def give(self, item: Item) -> None:
        if not self.waiting:
            self.heard = time.monotonic()
        self.waiting.append((self.handle.examine.remote(item), item))

    def holds_any(self, items: set[Item]) -> bool:
        return any(item in items for _, item in self.waiting)


class ClusterWorkers:
    """As `workers.Workers`, on the cluster that `address` names: `auto`, `host:port`; empty: one made here."""

    def __init__(self, order: Order, jobs: int, *, address: str = "") -> None:
        """Connect.

        Raises:
            ExtraMissing: Ray is not installed, or the cluster does not answer.
        """
        self._order = order
        self._again: deque[Item] = deque()
        self._suspects: deque[Item] = deque()
        self._tried: set[Item] = set()
        with ExitStack() as stack:
            options = (
                {"address": address} if address else stack.enter_context(local_ray_options(jobs))
            )
            self._ray = _library()
            stack.callback(self._ray.shutdown)
            self._connect(options)
            cores = int(self._ray.cluster_resources().get("CPU", 1))
            self._class = self._ray.remote(num_cpus=1, concurrency_groups={"life": 1})(_Remote)
            self._actors = [self._actor() for _ in range(jobs or cores)]
            self._stack = stack.pop_all()

    def _connect(self, options: dict[str, Any]) -> None:
        try:
            self._ray.init(log_to_driver=False, **options)
        except Exception as error:  # Ray raises plain ones, too
            raise ExtraMissing(f"no Ray cluster: {error}") from error

    def _actor(self) -> _Actor:
        return _Actor(self._class.remote(self._order))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, item: Item) -> None:
        """More work, before the next outcome is asked for."""
        self._again.append(item)

    def outcomes(self, items: Iterator[Item]) -> Iterator[Outcome]:
        """See `workers.Workers.outcomes`."""
        while True:
            for actor in self._actors:
                self._feed(actor, items)
            # Actors answer in order: only the first of each can be done.
            first = {actor.waiting[0][0]: actor for actor in self._actors if actor.waiting}
            if not first:
                return
            done, _ = self._ray.wait(list(first), num_returns=len(first), timeout=0)
            if not done:
                done, _ = self._ray.wait(list(first), num_returns=1, timeout=1)
            for reference in done:
                if (outcome := self._take(first[reference], reference)) is not None:
                    yield outcome
            yield from self._silent()

    def _feed(self, actor: _Actor, items: Iterator[Item]) -> None:
        if self._suspects and not actor.waiting:
            actor.give(self._suspects.popleft())
        while len(actor.waiting) < _AHEAD and not actor.holds_any(self._tried):
            item = self._again.popleft() if self._again else next(items, None)
            if item is None:
                return
            actor.give(item)

    def _take(self, actor: _Actor, reference: Any) -> Outcome | None:
        try:
            outcome: Outcome = self._ray.get(reference)
        except self._ray.exceptions.RayActorError:
            return self._lost(actor, "the process that examined it crashed")
        actor.waiting.popleft()
        actor.heard, actor.ready = time.monotonic(), True
        return outcome

    def _silent(self) -> Iterator[Outcome]:
        for actor in list(self._actors):
            patience = self._order.limits.seconds if actor.ready else _START
            if actor.waiting and time.monotonic() - actor.heard > patience:
                if self._works(actor):
                    actor.heard = time.monotonic()
                elif (outcome := self._lost(actor, "it takes too long")) is not None:
                    yield outcome

    def _works(self, actor: _Actor) -> bool:
        """Whether it gave a sign of life since: in a large archive, say."""
        asked = actor.handle.silent.options(concurrency_group="life").remote()
        try:
            return bool(self._ray.get(asked, timeout=_ANSWER) < self._order.limits.seconds)
        except (self._ray.exceptions.RayActorError, self._ray.exceptions.GetTimeoutError):
            return False

    def _lost(self, actor: _Actor, reason: str) -> Outcome | None:
        self._ray.kill(actor.handle)
        self._actors[self._actors.index(actor)] = self._actor()
        items = [item for _, item in actor.waiting]
        if len(items) > 1 or items[0] not in self._tried:
            self._tried.update(items)
            self._suspects.extend(items)
            return None
        outcome = Outcome(items[0])
        outcome.add(Finding(printable(items[0].path), reason=reason))
        return outcome


def _library() -> Any:
    try:
        import ray
    except ImportError:
        raise ExtraMissing("a cluster needs Ray: pip install ray") from None
    return ray
