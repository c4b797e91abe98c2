from django.db import models


class OutboxEvent(models.Model):
    """One event on its way. Delivered rows are kept a while for `lachan doctor`, then purged."""

    topic = models.CharField(max_length=100)
    data = models.JSONField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    # The error's class alone: its message could hold what must not rest in clear.
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_attempt_at", "id"],
                name="outbox_due",
                condition=models.Q(delivered_at__isnull=True),
            )
        ]
