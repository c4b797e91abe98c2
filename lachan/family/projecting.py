"""From rows to what an edge's table takes: numbers alone, without any family's key."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.db.models import F, Max

from lachan.country.calendars import day_kinds
from lachan.formats.known_names.overlay import known_as
from lachan.formats.known_names.records import NEVER
from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.names import is_registry, suffixes
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.profiles.departures import HORIZON_S, next_change, segments_of
from lachan.formats.profiles.encoding import (
    override_grouped,
    override_read,
    rules_grouped,
    rules_read,
)
from lachan.formats.profiles.keys import own_key, table_key, way_key
from lachan.formats.profiles.records import OwnName, Profile, RuleSet, Segment
from lachan.formats.profiles.rules import Override, Rules, rule_set_at, week_of
from lachan.kernel.clock import hour, now
from lachan.kernel.country import Country, here, today
from lachan.outbox.services import wake
from lachan.proofs.services import row_holds

from .errors import NameTooWide, NameUnusable
from .labels import service_groups
from .models import Child, ProfileChange, ProfileHead
from .records import WayKind

TOPIC = "profiles"
_KEY_BYTES = 8


def edge_key() -> bytes:
    """The key of the table's hashes: of the oldest secret that is kept, for hashes rest in the database."""
    return table_key([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS][-1])


def edge_key_mark() -> bytes:
    """Names the key, and says nothing of it."""
    return hashlib.sha256(b"lachan profiles key " + edge_key()).digest()[:4]


def way_hash(kind: WayKind, data: str) -> bytes:
    return way_key(edge_key(), kind.value, data).to_bytes(_KEY_BYTES, "big")


def own_hash(number: int, name: str) -> bytes:
    return own_key(edge_key(), number, _wire(name)).to_bytes(_KEY_BYTES, "big")


# As other blockers write a name and all below it.
_MARKS = re.compile(r"^\s*(?:@@)?(?:\|\|?)?(?:\*?\.)?(?=[^\s.*|])|\^[^^]*$")


def name_read(text: str) -> str:
    """The canonical name of the site that somebody typed or pasted: of a whole link its host, and of `www.` what it
    stands before, for whoever closes a site means all of it.

    Raises:
        NameUnusable: there is none in it.
        NameTooWide: everybody's sites lie below it.
    """
    try:
        text = _MARKS.sub("", text)
        found = parse(text)
        if found.kind == "url":
            found = parse(host_of(found.value)[1], "domain")
        if found.kind != "domain":
            found = parse(text, "domain")
    except InvalidObservable:
        raise NameUnusable("no name of a site") from None
    above = found.value.removeprefix("www.")
    name = found.value if is_registry(above) else above
    if is_registry(name):
        raise NameTooWide("a registry's ending")
    return name


def is_always_open(name: str) -> bool:
    """Whether a name is help, which nobody can close: a line for children, or this site."""
    ours = {host.removeprefix(".") for host in settings.ALLOWED_HOSTS}
    if any("." in above and above in ours for above in suffixes(name)):
        return True
    known = known_as(name)
    return known is not None and f"{NEVER}help" in known.categories


def is_open_by_default(name: str) -> bool:
    """Whether no list and no pause closes a name: help, health, rights and the like."""
    known = known_as(name)
    return known is not None and known.categories[0].startswith(NEVER)


def _wire(name: str) -> bytes:
    return b"".join(bytes([len(part)]) + part for part in name.lower().encode().split(b"."))


def profile_changed(number: int) -> None:
    """Say that a profile is another now, last in the transaction that made it so; edges hear at its end."""
    ProfileHead.objects.get_or_create(pk=1)
    ProfileHead.objects.filter(pk=1).update(seq=F("seq") + 1)
    seq = ProfileHead.objects.values_list("seq", flat=True).get(pk=1)
    ProfileChange.objects.create(seq=seq, number=number, made_hour=hour())
    wake(TOPIC)


def profile_head() -> int:
    """The number of the last change."""
    return ProfileHead.objects.aggregate(last=Max("seq"))["last"] or 0


def changes_after(seq: int, limit: int) -> list[tuple[int, int]]:
    """(number of the change, number of the profile), in order."""
    rows = ProfileChange.objects.filter(seq__gt=seq).order_by("seq")
    return list(rows.values_list("seq", "number")[:limit])


def changes_kept_from() -> int:
    """The first change that is still known; 0 where none is."""
    return ProfileChange.objects.order_by("seq").values_list("seq", flat=True).first() or 0


def profiles(numbers: Iterable[int] | None = None) -> Iterable[tuple[Child, Profile | None]]:
    """Children, all or those of these numbers, with their profiles; None where a row was altered past the product:
    what stands in the table then stands on.
    """
    rows = Child.objects.select_related("household")
    rows = rows if numbers is None else rows.filter(number__in=list(numbers))
    rows = rows.prefetch_related("devices__child", "names__child", "departures__child")
    for child in rows.iterator(chunk_size=500):
        yield child, profile_of(child)


def profile_of(child: Child) -> Profile | None:
    parts = [*child.devices.all(), *child.names.all(), *child.departures.all()]
    if not all(map(row_holds, (child, child.household, *parts))):
        return None
    rules = rules_grouped(rules_read(child.rules), service_groups())
    return Profile(
        number=child.number,
        ways=tuple(sorted(_whole(device.way) for device in child.devices.all())),
        zone=child.household.zone,
        calendar=here().code,
        week=week_of(rules),
        segments=_segments(child, rules),
        own=_own(child),
    )


def _own(child: Child) -> tuple[OwnName, ...]:
    """A word for a while, with the lasting one that holds after it."""
    rows = list(child.names.all())
    lasting = {_whole(one.key): one.allow for one in rows if one.until is None}
    brief = {
        _whole(one.key): (one.allow, int(one.until.timestamp()))
        for one in rows
        if one.until is not None and one.until > now()
    }
    return tuple(
        OwnName(key, *brief[key], lasting.get(key)) if key in brief else OwnName(key, lasting[key])
        for key in sorted(lasting.keys() | brief.keys())
    )


def device_keys_of(child: Child) -> dict[int, str]:
    """By the way in, the public keys of the devices on which the child's own pages were opened."""
    return {_whole(device.way): device.public for device in child.devices.all() if device.public}


def _segments(child: Child, rules: Rules) -> tuple[Segment, ...]:
    said = [override_grouped(one, service_groups()) for one in overrides_of(child)]
    if not said:
        return ()
    at = int(now().timestamp())
    return segments_of(rules, said, child.household.zone, calendar_now(), at, at + HORIZON_S)


def overrides_of(child: Child) -> list[Override]:
    """What was said of a child for a while and is not over, in the order in which it was said."""
    rows = sorted(child.departures.all(), key=lambda one: one.number)
    return [override_read(one.said) for one in rows if one.until > now() and row_holds(one)]


def calendar_now() -> Mapping[date, int]:
    """The days around now that are more than their weekday: as long as anything is reckoned ahead."""
    return calendar_days(here(), today())


@lru_cache(maxsize=4)
def calendar_days(country: Country, day: date, ahead: int = 400) -> Mapping[date, int]:
    return day_kinds(country, day - timedelta(days=2), day + timedelta(days=ahead))


def rules_now(child: Child) -> RuleSet:
    """What holds for a child at this moment, as an edge has it."""
    rules = rules_grouped(rules_read(child.rules), service_groups())
    said = [override_grouped(one, service_groups()) for one in overrides_of(child)]
    at = int(now().timestamp())
    return rule_set_at(rules, said, child.household.zone, calendar_now(), at)


def changes_next(child: Child) -> datetime | None:
    """When something else holds for a child; None where that is not within days."""
    rules = rules_grouped(rules_read(child.rules), service_groups())
    said = [override_grouped(one, service_groups()) for one in overrides_of(child)]
    at = int(now().timestamp())
    edge = next_change(rules, said, child.household.zone, calendar_now(), at)
    return datetime.fromtimestamp(edge, UTC) if edge else None


def _whole(raw: bytes) -> int:
    return int.from_bytes(bytes(raw), "big")
