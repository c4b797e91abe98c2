"""Events, which rooms say to one another: frozen facts in the past tense.

A room declares its events in `events.py` as frozen dataclasses derived from `Event`. A lower room never
calls a higher one: it says what happened, and the higher room's `handlers.py` listens. How an event
travels (at least once to each handler apart, after the transaction) is `lachan.outbox`.
"""

import dataclasses
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar, TypeVar, get_type_hints

REGISTRY: dict[str, "type[Event]"] = {}
HANDLERS: "dict[str, list[Handler]]" = {}


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


@dataclasses.dataclass(frozen=True)
class Handler:
    """Who listens to one event; called with it.

    Attributes:
        name: ROOM.FUNCTION. It rests in the outbox beside every event on its way.
        outbound: it asks something outside the database, and may take its time.
        history: it also gets the events of the past week that were said before it was there.
    """

    name: str
    run: Callable[[Any], object]
    outbound: bool = False
    history: bool = False

    def __call__(self, event: Event) -> object:
        return self.run(event)


E = TypeVar("E", bound=Event)
Listening = Callable[[Callable[[E], object]], Callable[[E], object]]


def handles(
    cls: type[E], *, name: str = "", outbound: bool = False, history: bool = False
) -> Listening[E]:
    """Listen to an event. Delivery is at least once: a handler must bear hearing it twice.

    Plainly, a handler runs in the transaction that marks its event as delivered, and holds the instance's
    one turn to write meanwhile: it writes to the database, and waits for nothing else.

    Args:
        name: what the handler was called before it was renamed or moved: events may be on their way to it.
        outbound: it does wait (for a partner, for mail, for the network). It runs outside any transaction, in
            a lane of its own, one event at a time, and opens its own transactions for what it writes.
        history: it wants what was said before it was there, as far as that is kept: a week, in no order.

    Raises:
        TypeError: another handler of this event has the name.
    """

    def register(run: Callable[[E], object]) -> Callable[[E], object]:
        own = name or f"{run.__module__.split('.')[1]}.{run.__name__}"
        listening = HANDLERS.setdefault(cls.topic, [])
        if any(handler.name == own for handler in listening):
            raise TypeError(f"two handlers of {cls.topic} are called {own}")
        listening.append(Handler(own, run, outbound, history))
        return run

    return register


def handler_of(topic: str, name: str) -> Handler:
    """The handler of an event by its name.

    Raises:
        KeyError: there is none, or no longer.
    """
    for handler in HANDLERS.get(topic, ()):
        if handler.name == name:
            return handler
    raise KeyError(name)


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
