from django.db import models

from lachan.kernel.ids import uuid7


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


class Instance(models.Model):
    """Whose database this is, and until when it has lived: one row.

    Attributes:
        uid: of the instance, so that a home knows its database again.
        secret_mark: a MAC of `uid` under the instance's secret, which lies outside the database; empty until
            the first start.
        seen_at: the latest moment that was believed.
        doubted_from, doubted_at: since when, and when last, the clock showed one that is not believed yet.
    """

    uid = models.UUIDField(default=uuid7, editable=False)
    secret_mark = models.BinaryField(default=bytes)
    seen_at = models.DateTimeField()
    doubted_from = models.DateTimeField(null=True)
    doubted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_instance")]
