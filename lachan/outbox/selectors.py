from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet

from .models import Message, OutboxEvent
from .records import Failing, WayStand
from .ways.way import Way, ways
from .ways.web_push.vapid import key_public


def event_count_waiting() -> int:
    """Deliveries that are still to be made; an event waits once for each of its handlers."""
    return _waiting().count()


def event_count_failing(*, attempts: int = 1) -> int:
    """Deliveries that were tried at least so often in vain and still wait."""
    return _waiting().filter(attempts__gte=attempts).count()


def event_oldest() -> datetime | None:
    """When the oldest event that still waits was said."""
    return _waiting().order_by("id").values_list("created_at", flat=True).first()


def failing_list() -> list[Failing]:
    """The handlers at which events failed, those first that gave up most."""
    failed = OutboxEvent.objects.filter(Q(attempts__gt=0) | ~Q(last_error=""), delivered_at=None)
    given_up = Q(gave_up_at__isnull=False)
    found = failed.values("handler").annotate(
        waiting=Count("pk", filter=~given_up),
        gave_up=Count("pk", filter=given_up),
        tries=Max("attempts"),
        since=Min("created_at"),
        next_at=Min("next_attempt_at", filter=~given_up),
    )
    return [
        Failing(
            handler=row["handler"],
            waiting=row["waiting"],
            gave_up=row["gave_up"],
            attempts=row["tries"],
            since=row["since"],
            next_at=row["next_at"],
            errors=tuple(_errors(failed, row["handler"])),
        )
        for row in found.order_by("-gave_up", "handler")
    ]


def _errors(failed: QuerySet[OutboxEvent], handler: str) -> QuerySet[OutboxEvent, str]:
    rows = failed.filter(handler=handler).order_by("last_error")
    return rows.values_list("last_error", flat=True).distinct()


def _waiting() -> QuerySet[OutboxEvent]:
    return OutboxEvent.objects.filter(delivered_at=None, gave_up_at=None)


def push_key() -> str:
    """The instance's public key, which a browser subscribes to (`applicationServerKey`); base64url."""
    return key_public()


def way_is_on(way: str) -> bool:
    """Whether messages can leave by it, so that it may be offered."""
    return ways()[way].is_on()


def message_list() -> list[WayStand]:
    """How each way of messages stands."""
    return [_stand(way) for way in ways().values()]


def _stand(way: Way) -> WayStand:
    rows = Message.objects.filter(way=way.name)
    ended = dict(rows.exclude(outcome="").values_list("outcome").annotate(Count("pk")))
    waiting, failing = Q(outcome=""), Q(outcome="", attempts__gt=0)
    found = rows.aggregate(
        waiting=Count("pk", filter=waiting),
        failing=Count("pk", filter=failing & ~Q(last_error="")),
        oldest=Min("created_at", filter=waiting),
    )
    wrong = rows.filter(failing | Q(outcome=Message.Outcome.REFUSED)).exclude(last_error="")
    errors = wrong.order_by("last_error").values_list("last_error", flat=True).distinct()
    return WayStand(
        way=way.name,
        is_on=way.is_on(),
        lacks=way.lacks(),
        **found,
        errors=tuple(errors),
        **{outcome: ended.get(outcome, 0) for outcome in Message.Outcome.values},
    )
