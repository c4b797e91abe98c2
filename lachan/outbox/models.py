from django.db import models

from lachan.kernel.ids import key_random, uuid7


class OutboxEvent(models.Model):
    """One event on its way to one handler. Delivered rows are kept a while for `lachan doctor`, then purged.

    Attributes:
        event: the same for all rows of one event; random, and says nothing of when. Empty in rows of a
            version that told all handlers at once, until they are spread.
        handler: who is to hear of it; empty where nobody listened, and in such old rows.
        next_attempt_at: when it is tried again; empty until it has failed.
        gave_up_at: since when it is no longer tried by itself.
    """

    event = models.UUIDField(null=True)
    topic = models.CharField(max_length=100)
    # A default of the database: while an update goes round, processes before it still write here.
    handler = models.CharField(max_length=100, blank=True, db_default="")
    data = models.JSONField()
    created_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    gave_up_at = models.DateTimeField(null=True)
    # The error's class alone: its message could hold what must not rest in clear.
    last_error = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["event", "handler"],
                name="outbox_once_a_handler",
                condition=models.Q(event__isnull=False),
            )
        ]
        indexes = [
            models.Index(
                fields=["handler", "next_attempt_at", "id"],
                name="outbox_waiting",
                condition=models.Q(delivered_at__isnull=True, gave_up_at__isnull=True),
            )
        ]


class Message(models.Model):
    """One message on its way to one address. When it has ended nothing is left of it but how.

    Attributes:
        tag: a keyed hash of what its caller calls it, so that it is taken once.
        sealed: address, words and reason, locked under the instance's secret; empty once it has ended.
        created_at: the hour.
        expires_at: until when it makes sense; the hour, once it has ended.
        next_attempt_at: when it is tried again; empty until it has been tried.
        outcome: how it ended; empty while it waits.
    """

    class Outcome(models.TextChoices):
        SENT = "sent"
        GONE = "gone"
        REFUSED = "refused"
        EXPIRED = "expired"
        DROPPED = "dropped"

    id = models.BigIntegerField(primary_key=True, default=key_random)
    way = models.CharField(max_length=30)
    tag = models.BinaryField(max_length=16, unique=True)
    sealed = models.BinaryField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)
    # A code: the other side's words could say who somebody is.
    last_error = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=10, blank=True, choices=Outcome)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["way", "next_attempt_at"],
                name="message_waiting",
                condition=models.Q(outcome=""),
            ),
            models.Index(fields=["ended_at"], name="message_ended"),
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
