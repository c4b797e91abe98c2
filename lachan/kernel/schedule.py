"""Recurring tasks: a room's `tasks.py` says what and how often, the worker runs each in a process of its own."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

TASKS: dict[str, "Task"] = {}


@dataclasses.dataclass(frozen=True)
class Task:
    name: str
    interval: timedelta
    run: Callable[[], object]
    at_end: bool = False


def every(
    interval: timedelta, *, at_end: bool = False
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments. It must bear being run twice, and being cut off, and keeps
    nothing in memory for its next run.

    Args:
        interval: from one beginning to the next.
        at_end: whether it is run once more when the worker stops.
    """

    def register(run: Callable[[], object]) -> Callable[[], object]:
        name = f"{run.__module__}.{run.__qualname__}"
        TASKS[name] = Task(name, interval, run, at_end)
        return run

    return register
