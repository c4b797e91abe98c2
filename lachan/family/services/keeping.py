"""What has run out goes: links, sessions, words on sites, departures, answered requests, changes long known."""

from datetime import timedelta

from django.db import transaction

from lachan.family import conf
from lachan.family.models import (
    AdultLink,
    AdultSession,
    Ask,
    Departure,
    DeviceLink,
    DeviceSession,
    OwnName,
    ProfileChange,
)
from lachan.kernel.clock import now
from lachan.outbox.services import clock_is_believed

CHANGES_KEPT = timedelta(days=7)
"""Whoever follows and was away for longer makes the whole table anew."""
_AT_ONCE = 500


def purge() -> None:
    """Nothing here changes what holds for a child: edges know by themselves when something is over."""
    for links in (AdultLink, DeviceLink):
        links.objects.filter(ends_at__lt=now()).delete()
    if not clock_is_believed():
        return
    AdultSession.objects.filter(used_hour__lt=now() - conf.SESSION_FOR).delete()
    DeviceSession.objects.filter(used_hour__lt=now() - conf.DEVICE_FOR).delete()
    ProfileChange.objects.filter(made_hour__lt=now() - CHANGES_KEPT).delete()
    over = now() - timedelta(days=1)
    for rows in (
        OwnName.objects.filter(until__lt=over),
        Departure.objects.filter(until__lt=over),
        Ask.objects.filter(asked_hour__lt=now() - conf.ASKS_KEPT),
    ):
        with transaction.atomic():
            for row in rows[:_AT_ONCE]:
                row.delete()
