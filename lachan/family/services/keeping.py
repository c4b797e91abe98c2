"""What families keep is kept in order. What has run out goes: links, sessions, words on sites, departures, answered requests, changes long known."""

from datetime import timedelta

from django.db import transaction

from lachan.family import conf
from lachan.family.models import (
    AdultLink,
    AdultSession,
    Ask,
    Child,
    Departure,
    DeviceLink,
    DeviceSession,
    Household,
    OwnName,
    ProfileChange,
)
from lachan.family.policy import Action
from lachan.family.projecting import edge_key_mark, own_hash, profile_changed, way_hash
from lachan.family.records import DeviceWords, NameWords, WayKind
from lachan.family.words import words_open
from lachan.kernel.clock import now
from lachan.members.records import Actor
from lachan.outbox.services import clock_is_believed, durable

from .acting import acting_adult

CHANGES_KEPT = timedelta(days=7)
"""Whoever follows and was away for longer makes the whole table anew."""
UNUSED = timedelta(days=60)
"""A household without a child, in which nobody was for so long, was tried and left: it goes."""
_AT_ONCE = 500


def household_rekey(*, by: Actor, key: str) -> bool:
    """Make the hashes of devices and names anew, where the secret that they were made with was given up; whether it
    did. Until then its devices are answered as everybody's. A home's network is not known here, as a school's is: it is added again.
    """
    adult = acting_adult(by, Action.HOUSEHOLD_READ)
    household = adult.household
    if bytes(household.keyed) == edge_key_mark():
        return False
    with durable(), transaction.atomic():
        for child in household.children.select_for_update():
            child.household = household
            _child_rekey(child, key)
            profile_changed(child.number)
        household.keyed = edge_key_mark()
        household.save(update_fields=["keyed"])
    return True


def _child_rekey(child: Child, key: str) -> None:
    for device in child.devices.all():
        words = words_open(device.sealed, DeviceWords, "family device", device.uid, key=key)
        if words and words.label:
            device.way = way_hash(WayKind.DEVICE, words.label)
            device.save(update_fields=["way"])
        elif words and words.network:
            device.way = way_hash(WayKind.NETWORK, words.network)
            device.save(update_fields=["way"])
        elif words:
            device.delete()
    for own in child.names.all():
        name = words_open(own.sealed, NameWords, "family name", own.uid, key=key)
        if name:
            own.key = own_hash(child.number, name.name)
            own.save(update_fields=["key"])


def purge() -> None:
    """Nothing here changes what holds for a child: edges know by themselves when something is over."""
    for links in (AdultLink, DeviceLink):
        links.objects.filter(ends_at__lt=now()).delete()
    if not clock_is_believed():
        return
    AdultSession.objects.filter(used_hour__lt=now() - conf.SESSION_FOR).delete()
    DeviceSession.objects.filter(used_hour__lt=now() - conf.DEVICE_FOR).delete()
    ProfileChange.objects.filter(made_hour__lt=now() - CHANGES_KEPT).delete()
    over, unused = now() - timedelta(days=1), now() - UNUSED
    in_use = AdultSession.objects.filter(used_hour__gte=unused).values("adult__household")
    for rows in (
        Household.objects.filter(made_hour__lt=unused, children=None).exclude(pk__in=in_use),
        OwnName.objects.filter(until__lt=over),
        Departure.objects.filter(until__lt=over),
        Ask.objects.filter(asked_hour__lt=now() - conf.ASKS_KEPT),
    ):
        with transaction.atomic():
            for row in rows[:_AT_ONCE]:
                row.delete()
