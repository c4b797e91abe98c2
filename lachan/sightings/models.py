from django.db import models

from lachan.kernel.clock import now


class Sighting(models.Model):
    """How often an indicator was met in an hour by one organisation's look-ups. Nothing else is known of it."""

    # By uid, not by key: a look-up process knows no rows, and a count must never fail for want of one.
    indicator = models.UUIDField()
    hour = models.DateTimeField()
    organisation = models.ForeignKey(
        "members.Organisation", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "hour", "organisation"], name="one_count_an_hour"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="sighting_hour")]


class SightingBatch(models.Model):
    """A batch that was taken in; what comes again is passed over."""

    uid = models.UUIDField(primary_key=True)
    taken_at = models.DateTimeField(default=now)
