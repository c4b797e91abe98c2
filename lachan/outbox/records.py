"""What other rooms may hold of the outbox."""

import dataclasses
from datetime import datetime


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failing:
    """A handler at which events failed.

    Attributes:
        handler: its name.
        waiting: events that failed there and are tried again.
        gave_up: those that are not, unless somebody asks for it.
        attempts: the most that any of them took.
        since: the hour in which the oldest of them was said.
        next_at: when the next one is tried again; None where none is.
        errors: the classes of the last errors.
    """

    handler: str
    waiting: int
    gave_up: int
    attempts: int
    since: datetime
    next_at: datetime | None
    errors: tuple[str, ...]
