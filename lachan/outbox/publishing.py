"""Events leave in the transaction that caused them, and a wake-up with them."""

import uuid
from functools import partial

from django.db import connection, transaction

from lachan.kernel.clock import hour
from lachan.kernel.events import HANDLERS, Event
from lachan.kernel.ids import key_random

from . import sockets
from .models import OutboxEvent


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
