from datetime import datetime

from .models import OutboxEvent


def event_count_waiting() -> int:
    return OutboxEvent.objects.filter(delivered_at=None).count()


def event_count_failing(*, attempts: int = 1) -> int:
    """Events that were tried at least so often in vain and still wait."""
    return OutboxEvent.objects.filter(delivered_at=None, attempts__gte=attempts).count()


def event_oldest() -> datetime | None:
    """When the oldest event that still waits was said."""
    waiting = OutboxEvent.objects.filter(delivered_at=None).order_by("id")
    return waiting.values_list("created_at", flat=True).first()
