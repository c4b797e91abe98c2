"""What rooms say to one another: frozen facts in the past tense.

A room declares its events in `events.py` as frozen dataclasses derived from `Event`. A lower room never
calls a higher one: it says what happened, and the higher room's `handlers.py` listens. How an event
travels (at least once, after the transaction) is `lachan.outbox`.
"""

import dataclasses
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypeVar, get_type_hints

REGISTRY: dict[str, "type[Event]"] = {}
HANDLERS: "dict[str, list[Callable[[Any], object]]]" = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Event:
    """A fact. Fields are str, int, float, bool, None, UUID, datetime, or lists and dicts of plain JSON.

    An event holds identifiers, never a report's words or a person's data: events rest in clear.
    """

    topic: ClassVar[str]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        room = cls.__module__.split(".")[1]
        cls.topic = f"{room}.{cls.__name__}"
        known = REGISTRY.setdefault(cls.topic, cls)
        if known.__module__ != cls.__module__:
            raise TypeError(f"two events are called {cls.topic}")

    def to_json(self) -> dict[str, Any]:
        return {f.name: _plain(getattr(self, f.name)) for f in dataclasses.fields(self)}


E = TypeVar("E", bound=Event)
Handler = Callable[[E], object]


def handles(cls: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Listen to an event. Delivery is at least once: a handler must bear hearing it twice."""

    def register(handler: Handler[E]) -> Handler[E]:
        HANDLERS.setdefault(cls.topic, []).append(handler)
        return handler

    return register


def event_from_json(topic: str, data: dict[str, Any]) -> Event:
    """The event that `to_json` wrote.

    Unknown fields are dropped and missing ones take their defaults, so that a row written by another
    version of a room can still be delivered.

    Raises:
        KeyError: no room declares `topic`.
    """
    cls = REGISTRY[topic]
    hints = get_type_hints(cls)
    known = {f.name for f in dataclasses.fields(cls)}
    return cls(**{k: _typed(hints[k], v) for k, v in data.items() if k in known})


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value


def _typed(hint: Any, value: Any) -> Any:
    kinds = getattr(hint, "__args__", (hint,))
    if value is not None and uuid.UUID in kinds:
        return uuid.UUID(value)
    if value is not None and datetime in kinds:
        return datetime.fromisoformat(value)
    return value
