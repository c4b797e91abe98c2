"""From the outbox to each handler apart: at least once, oldest first, with growing pauses after a failure."""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from lachan.kernel import clock
from lachan.kernel.events import HANDLERS, event_from_json, handler_of

from .keeping import history_offer, row_arrived, row_locked, row_spread
from .models import OutboxEvent
from .turns import sole, turn
from .underway import ProcessDied, UnderWay

log = logging.getLogger(__name__)

ATTEMPTS_BEFORE_ALARM = 8
# With the pauses between them nearly three days: a weekend without whoever could mend it.
ATTEMPTS_IN_ALL = 80
_LONGEST_PAUSE = timedelta(hours=1)
_ROUND = 1.0  # seconds
_FAILURES_A_ROUND = 3
_FEW = 10
_SLOW = 1.0  # seconds
_ANEW = {"attempts": 0, "next_attempt_at": None, "gave_up_at": None}


class Tried(NamedTuple):
    """Of one batch: how many were tried, and how many of them arrived."""

    tried: int
    arrived: int


class Lane:
    """Handlers that are told one after another, the oldest event first.

    One that failed comes after the others until it has caught up, and after three failures within a second it
    is left alone for the rest of it. So a handler that is down for an hour holds up no neighbour, and its
    events keep nearly all their attempts.
    """

    def __init__(self, outbound: str = "") -> None:
        """`outbound`: the name of the one handler whose lane it is; else it is of all that are not outbound."""
        self._outbound = outbound
        # What names no handler stands with the plain ones.
        self._names = {outbound} if outbound else {"", *handler_names(outbound=False)}
        self._behind: set[str] = set()
        self._is_behind_asked = False
        self._failures: Counter[str] = Counter()
        self._round_ends = 0.0
        self._is_due_asked = False
        self._under_way, self._is_left_asked = UnderWay(outbound), False

    def drain(self) -> None:
        """Deliver all that is due; nothing while another process works in this lane."""
        with sole(self._outbound) as is_ours:
            while is_ours and self.step().tried:
                pass

    def step(self, limit: int = 200) -> Tried:
        """Deliver one batch of what is due."""
        if not self._is_left_asked:
            # Who killed the process before this one has failed like any other.
            if left := self._under_way.left():
                _postpone(left, ProcessDied())
            self._under_way.note(0)
            self._is_left_asked = True
        if time.monotonic() >= self._round_ends:
            self._round_ends = time.monotonic() + _ROUND
            self._failures.clear()
            self._is_due_asked = False
        if not self._is_behind_asked:
            failed = _waiting(self._names).exclude(next_attempt_at=None)
            self._behind = set(failed.values_list("handler", flat=True).distinct())
            self._is_behind_asked = True
        went = []
        for pk, name, attempts in self._batch(limit):
            if self._failures[name] < _FAILURES_A_ROUND:
                went.append(self._deliver(pk, name, attempts))
        return Tried(sum(one is not None for one in went), sum(one is True for one in went))

    def _batch(self, limit: int) -> list[tuple[int, str, int]]:
        spent = {name for name, number in self._failures.items() if number >= _FAILURES_A_ROUND}
        names = self._names - spent
        if rows := _fresh(names - self._behind, limit):
            return rows
        if late := names & self._behind:
            if rows := _fresh(late, _FEW):
                return rows
            self._behind -= late
        if not self._is_due_asked:
            if rows := _due(names, _FEW):
                return rows
            self._is_due_asked = True
        return []

    def _deliver(self, pk: int, name: str, attempts: int) -> bool | None:
        """Whether it arrived; None where another worker was faster."""
        self._under_way.note(pk)
        try:
            if not name:
                return row_spread(pk)
            return _send(pk, attempts) if self._outbound else _tell(pk, attempts)
        except Exception as error:  # noqa: BLE001  one bad event must not stop the others
            _postpone(pk, error)
        finally:
            self._under_way.note(0)
        self._failures[name] += 1
        self._behind.add(name)
        return False


def handler_names(*, outbound: bool) -> set[str]:
    """Who listens to anything: of those that are outbound, or of the others."""
    known = [handler for handlers in HANDLERS.values() for handler in handlers]
    return {handler.name for handler in known if handler.outbound is outbound}


def events_deliver(*, limit: int = 200, outbound: str = "") -> int:
    """Hand waiting events to their handlers, oldest first; the number that arrived.

    Args:
        limit: no more at once.
        outbound: the name of an outbound handler, to be told alone; else all others are.
    """
    return Lane(outbound).step(limit).arrived


def _waiting(names: Iterable[str]) -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(delivered_at=None, gave_up_at=None, handler__in=names)


def _fresh(names: set[str], limit: int) -> list[tuple[int, str, int]]:
    return _listed(_waiting(names).filter(next_attempt_at=None).order_by("id"), limit)


def _due(names: set[str], limit: int) -> list[tuple[int, str, int]]:
    moment = clock.now()
    # What waits for longer than anything ever waits was put there by a clock that ran ahead.
    is_due = Q(next_attempt_at__lte=moment) | Q(next_attempt_at__gt=moment + 2 * _LONGEST_PAUSE)
    return _listed(_waiting(names).filter(is_due).order_by("next_attempt_at", "id"), limit)


def _listed(rows: QuerySet[OutboxEvent], limit: int) -> list[tuple[int, str, int]]:
    return list(rows.values_list("pk", "handler", "attempts")[:limit])


def _tell(pk: int, attempts: int) -> bool | None:
    """Call a handler in the transaction that marks its row: what it writes is written once."""
    with turn(), transaction.atomic():
        began = time.monotonic()
        row = row_locked(pk)
        if row is None or row.attempts != attempts:
            return None
        handler_of(row.topic, row.handler)(event_from_json(row.topic, row.data))
        row_arrived(pk)
        took = time.monotonic() - began
    if took > _SLOW:
        log.warning("%s held up all who write: it belongs outbound", row.handler)
    return True


def _send(pk: int, attempts: int) -> bool | None:
    """Call an outbound handler outside any transaction; its lane is held, so nobody else does."""
    row = OutboxEvent.objects.filter(
        pk=pk, delivered_at=None, gave_up_at=None, attempts=attempts
    ).first()
    if row is None:
        return None
    handler_of(row.topic, row.handler)(event_from_json(row.topic, row.data))
    with turn(), transaction.atomic():
        row_arrived(pk)
    return True


def _postpone(pk: int, error: Exception) -> None:
    with turn(), transaction.atomic():
        row = row_locked(pk)
        if row is None:
            return
        row.attempts += 1
        row.last_error = type(error).__name__
        row.next_attempt_at = clock.now() + _pause(row.attempts)
        if row.attempts >= ATTEMPTS_IN_ALL:
            row.gave_up_at = clock.hour()
        row.save(update_fields=["attempts", "last_error", "next_attempt_at", "gave_up_at"])
    level = logging.ERROR if row.attempts >= ATTEMPTS_BEFORE_ALARM else logging.WARNING
    end = "; it gave up" if row.gave_up_at else ""
    log.log(level, "an event %s failed at %s: %s%s", row.topic, row.handler, row.last_error, end)


def _pause(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 20)), _LONGEST_PAUSE)


def deliveries_begin() -> None:
    """When a worker begins: a fresh start for what gave up, since the usual mend is a new version; history for
    handlers that ask for it; and nothing waits unseen for a handler that is no more.
    """
    OutboxEvent.objects.filter(delivered_at=None, gave_up_at__isnull=False).update(**_ANEW)
    history_offer()
    rows = OutboxEvent.objects.filter(delivered_at=None, gave_up_at=None)
    rows.exclude(handler__in=_known()).update(gave_up_at=clock.hour(), last_error="HandlerGone")


def deliveries_retry(*, handler: str = "") -> int:
    """Try again now what failed or gave up, of one handler or of all that there are; how many rows."""
    names = _known() & {handler} if handler else _known()
    rows = OutboxEvent.objects.filter(delivered_at=None, handler__in=names)
    return rows.exclude(last_error="").update(**_ANEW)


def _known() -> set[str]:
    return {"", *handler_names(outbound=False), *handler_names(outbound=True)}


def deliveries_drop(*, handler: str) -> int:
    """Forget what gave up at a handler, as if it had arrived; how many rows."""
    rows = OutboxEvent.objects.filter(handler=handler, delivered_at=None, gave_up_at__isnull=False)
    pks = list(rows.values_list("pk", flat=True))
    for pk in pks:
        with turn(), transaction.atomic():
            row_arrived(pk, error="Dropped")
    return len(pks)
