from .models import OutboxEvent


def event_count_waiting() -> int:
    return OutboxEvent.objects.filter(delivered_at=None).count()


def event_count_failing() -> int:
    """Events that were tried at least once in vain and still wait."""
    return OutboxEvent.objects.filter(delivered_at=None, attempts__gt=0).count()
