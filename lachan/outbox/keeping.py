"""What is kept of an event: for whom a row stands, at what hour, and for how long."""

import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef

from lachan.kernel import clock
from lachan.kernel.events import HANDLERS, Handler
from lachan.kernel.ids import key_random

from .models import OutboxEvent
from .seen_time import clock_is_believed
from .turns import turn

KEPT = timedelta(days=7)
_AT_ONCE = 500


def row_locked(pk: int) -> OutboxEvent | None:
    """A row that waits still, for the caller's transaction alone; None where another worker was faster.

    SKIP LOCKED on PostgreSQL; on SQLite the transaction itself is the lock.
    """
    rows = OutboxEvent.objects.select_for_update(skip_locked=True)
    return rows.filter(pk=pk, delivered_at=None, gave_up_at=None).first()


def row_arrived(pk: int, *, error: str = "") -> None:
    """Mark a row as delivered, in the caller's transaction.

    Waiting ones stand in order; of those that have arrived none is left, or it would tell between which acts
    of staff a report came. Below zero, new ones go on counting above.
    """
    OutboxEvent.objects.filter(pk=pk).update(
        id=-key_random(),
        delivered_at=clock.hour(),
        next_attempt_at=None,
        gave_up_at=None,
        last_error=error,
    )


def row_spread(pk: int) -> bool | None:
    """Give every handler a row of its own for an event that names none; None where that is done.

    It was said by a version that told all handlers at once.
    """
    with turn(), transaction.atomic():
        row = row_locked(pk)
        if row is None:
            return None
        row.event = row.event or uuid.uuid4()
        row.save(update_fields=["event"])
        for handler in HANDLERS.get(row.topic, ()):
            _rows_add([row], handler)
        row_arrived(pk)
    return True


def history_offer() -> int:
    """Give handlers that ask for it what was said before they were there and is kept still; how many rows."""
    offered = 0
    for topic, handlers in HANDLERS.items():
        for handler in handlers:
            if handler.history:
                offered += _history_offer(topic, handler)
    return offered


def _history_offer(topic: str, handler: Handler) -> int:
    said = OutboxEvent.objects.filter(topic=topic)
    for pk in said.filter(event=None).values_list("pk", flat=True):
        said.filter(pk=pk, event=None).update(event=uuid.uuid4())
    heard = OutboxEvent.objects.filter(event=OuterRef("event"), handler=handler.name)
    missed = {row.event: row for row in said.exclude(Exists(heard)).order_by("created_at")}
    rows = list(missed.values())
    for begin in range(0, len(rows), _AT_ONCE):
        with turn(), transaction.atomic():
            _rows_add(rows[begin : begin + _AT_ONCE], handler)
    return len(rows)


def _rows_add(said: list[OutboxEvent], handler: Handler) -> None:
    rows = [
        OutboxEvent(
            event=row.event,
            topic=row.topic,
            handler=handler.name,
            data=row.data,
            created_at=row.created_at,
        )
        for row in said
    ]
    # Another worker may begin at the same moment.
    OutboxEvent.objects.bulk_create(rows, ignore_conflicts=True)


def events_purge() -> int:
    """Forget events after a week that have arrived everywhere; how many rows."""
    if not clock_is_believed():
        return 0
    waits = OutboxEvent.objects.filter(event=OuterRef("event"), delivered_at=None)
    over = OutboxEvent.objects.filter(~Exists(waits), delivered_at__lt=clock.now() - KEPT)
    gone = 0
    while pks := list(over.values_list("pk", flat=True)[:_AT_ONCE]):
        with turn():
            gone += OutboxEvent.objects.filter(pk__in=pks).delete()[0]
    return gone
