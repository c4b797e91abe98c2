"""Events leave in the transaction that caused them, and arrive at least once.

lower room: event_publish(event) ──row──► worker: events_deliver() ──► upper rooms' handlers.py
"""

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from lachan.kernel import clock
from lachan.kernel.events import HANDLERS, Event, event_from_json
from lachan.kernel.ids import key_random

from . import sockets
from .instance import instance_claim, instance_is_marked, instance_verify
from .models import OutboxEvent
from .seen_time import clock_is_believed, clock_leap, time_kept, time_reached

__all__ = [
    "clock_is_believed",
    "clock_leap",
    "durable",
    "event_publish",
    "events_deliver",
    "events_purge",
    "instance_claim",
    "instance_is_marked",
    "instance_verify",
    "listener_open",
    "time_kept",
    "time_reached",
    "turn",
    "wake",
]

log = logging.getLogger(__name__)

ATTEMPTS_BEFORE_ALARM = 8
KEPT = timedelta(days=7)
_LONGEST_PAUSE = timedelta(hours=1)


# By hand: each act says something, and Django would take longer over the words than the database over the row.
_PUBLISH = (
    "INSERT INTO outbox_outboxevent (topic, data, created_at, next_attempt_at, attempts, last_error)"
    " VALUES (%s, %s, %s, %s, 0, '')"
)


def event_publish(event: Event) -> None:
    """Say that something happened; call it inside the transaction in which it did."""
    data = connection.ops.adapt_json_value(event.to_json(), None)
    hour = connection.ops.adapt_datetimefield_value(_hour())
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISH, (event.topic, data, hour, hour))
    wake("outbox")


@contextmanager
def durable() -> Iterator[None]:
    """Transactions that end inside are on the disk when they have ended, whatever happens to the power.

    PostgreSQL does so by itself. SQLite, as it is set, loses the last moments in a power cut, never in a
    crash of a process; here it waits for the disk: 0.5 to 5 ms. For promises to people outside.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    _synchronous("FULL")
    try:
        with turn():
            yield
    finally:
        _synchronous("NORMAL")


def _synchronous(level: str) -> None:
    # To SQLite itself: each report asks this twice, and Django's cursor would cost ten times the answer.
    connection.ensure_connection()
    with connection.wrap_database_errors:
        connection.connection.execute(f"PRAGMA synchronous={level}").close()


@contextmanager
def turn() -> Iterator[None]:
    """Wait in line to write; for short transactions that many make at once.

    Who meets SQLite's write lock sleeps up to 100 ms and tries again, and a busy neighbour wins each time:
    half a second was seen where 10 ms were due. The kernel queues those who wait for a file's lock, and
    frees it when a process dies. Who does not take turns is only as fast as before.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    file = os.open(settings.LACHAN_HOME / "run" / "write.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


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


def listener_open() -> sockets.Listener:
    """A listener for this process: `.wait(seconds)` gives the woken topics; close it after use."""
    return sockets.Listener(settings.DATABASE_URL if connection.vendor == "postgresql" else "")


def events_deliver(*, limit: int = 200) -> int:
    """Hand waiting events to their handlers, oldest first; the number that arrived."""
    moment = clock.now()
    # What waits for longer than anything ever waits was put there by a clock that ran ahead.
    is_due = Q(next_attempt_at__lte=moment) | Q(next_attempt_at__gt=moment + 2 * _LONGEST_PAUSE)
    due = OutboxEvent.objects.filter(is_due, delivered_at=None)
    return sum(_deliver(pk) for pk in due.order_by("id").values_list("id", flat=True)[:limit])


def _deliver(pk: int) -> bool:
    try:
        with turn(), transaction.atomic():
            # Another worker may hold or have delivered it: SKIP LOCKED on PostgreSQL; on SQLite the
            # transaction itself is the lock.
            rows = OutboxEvent.objects.select_for_update(skip_locked=True)
            row = rows.filter(pk=pk, delivered_at=None).first()
            if row is None:
                return False
            event = event_from_json(row.topic, row.data)
            for handler in HANDLERS.get(row.topic, ()):
                handler(event)
            # Waiting ones stand in order; of those that have arrived none is left, or it would tell between
            # which acts of staff a report came. Below zero, new ones go on counting above.
            OutboxEvent.objects.filter(pk=pk).update(
                id=-key_random(), delivered_at=_hour(), next_attempt_at=_hour(), last_error=""
            )
    except Exception as error:  # noqa: BLE001  one bad event must not stop the others
        _postpone(pk, error)
        return False
    return True


def _hour() -> datetime:
    """The hour that began: a report keeps no exact time of arrival, so its events must not give it away."""
    return clock.now().replace(minute=0, second=0, microsecond=0)


def _postpone(pk: int, error: Exception) -> None:
    row = OutboxEvent.objects.get(pk=pk)
    row.attempts += 1
    row.last_error = type(error).__name__
    pause = min(timedelta(seconds=2 ** min(row.attempts, 20)), _LONGEST_PAUSE)
    row.next_attempt_at = clock.now() + pause
    row.save(update_fields=["attempts", "last_error", "next_attempt_at"])
    level = logging.ERROR if row.attempts >= ATTEMPTS_BEFORE_ALARM else logging.WARNING
    log.log(level, "an event %s failed: %s", row.topic, row.last_error)


def events_purge() -> int:
    """Forget delivered events after a week; how many."""
    if not clock_is_believed():
        return 0
    return OutboxEvent.objects.filter(delivered_at__lt=clock.now() - KEPT).delete()[0]
