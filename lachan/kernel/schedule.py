"""Recurring tasks: a room's `tasks.py` says what and how often, the worker runs each in a lane of its own."""

import dataclasses
from collections.abc import Callable
from datetime import timedelta

TASKS: dict[str, "Task"] = {}


@dataclasses.dataclass(frozen=True)
class Task:
    name: str
    interval: timedelta
    run: Callable[[], object]


def every(interval: timedelta) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """Register a function without arguments. It must bear being run twice, and being cut off."""

    def register(run: Callable[[], object]) -> Callable[[], object]:
        name = f"{run.__module__}.{run.__qualname__}"
        TASKS[name] = Task(name, interval, run)
        return run

    return register
