"""Events leave in the transaction that caused them, and arrive at least once at each handler.

lower room: event_publish(event) ──a row for each handler──► worker: a lane ──► upper rooms' handlers.py
"""

import uuid
from functools import partial

from django.conf import settings
from django.db import connection, transaction

from lachan.kernel.clock import hour
from lachan.kernel.events import HANDLERS, Event
from lachan.kernel.ids import key_random

from . import sockets
from .deliveries import (
    ATTEMPTS_BEFORE_ALARM,
    Lane,
    deliveries_begin,
    deliveries_drop,
    deliveries_retry,
    events_deliver,
)
from .instance import instance_claim, instance_is_marked, instance_verify
from .keeping import KEPT, events_purge
from .models import OutboxEvent
from .seen_time import clock_is_believed, clock_leap, time_kept, time_reached
from .sockets import stop_on_signal
from .turns import durable, turn

__all__ = [
    "ATTEMPTS_BEFORE_ALARM",
    "KEPT",
    "Lane",
    "clock_is_believed",
    "clock_leap",
    "deliveries_begin",
    "deliveries_drop",
    "deliveries_retry",
    "durable",
    "event_publish",
    "events_deliver",
    "events_purge",
    "instance_claim",
    "instance_is_marked",
    "instance_verify",
    "listener_open",
    "stop_on_signal",
    "time_kept",
    "time_reached",
    "turn",
    "wake",
]


def event_publish(event: Event) -> None:
    """Say that something happened; call it inside the transaction in which it did."""
    facts = {
        "event": uuid.uuid4(),
        "topic": event.topic,
        "data": event.to_json(),
        # A report keeps no exact time of arrival, so its events must not give it away.
        "created_at": hour(),
    }
    handlers = HANDLERS.get(event.topic)
    if not handlers:
        # It has arrived everywhere. A handler to come may ask for it, as for any that is kept.
        OutboxEvent.objects.create(id=-key_random(), handler="", delivered_at=hour(), **facts)
        return
    OutboxEvent.objects.bulk_create(OutboxEvent(handler=one.name, **facts) for one in handlers)
    for topic in {"outbound" if one.outbound else "outbox" for one in handlers}:
        wake(topic)


def wake(topic: str) -> None:
    """Wake whoever waits for `topic`, once the present transaction is committed.

    A wake-up may be lost; listeners also look by themselves now and then.
    """
    transaction.on_commit(partial(_wake_now, topic))


def _wake_now(topic: str) -> None:
    sockets.wake(topic)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('lachan', %s)", [topic])


def listener_open(topic: str = "") -> sockets.Listener:
    """A listener for this process: `.wait(seconds)` gives the woken topics; close it after use.

    Args:
        topic: it need hear of no other.
    """
    url = settings.DATABASE_URL if connection.vendor == "postgresql" else ""
    return sockets.Listener(url, topic)
