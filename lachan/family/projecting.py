"""From rows to what an edge's table takes: numbers alone, without any family's key."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import F, Max

from lachan.formats.observables.lookups import host_of
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.profiles.keys import own_key, table_key, way_key
from lachan.formats.profiles.records import (
    DAY_KINDS,
    QUARTERS,
    OwnName,
    Profile,
    RuleSet,
    Segment,
    Week,
)
from lachan.kernel.clock import hour, now
from lachan.outbox.services import wake
from lachan.proofs.services import row_holds

from .errors import NameUnusable
from .models import Child, ProfileChange, ProfileHead
from .records import Departing, WayKind
from .words import rules_read

TOPIC = "profiles"
_KEY_BYTES = 8


def edge_key() -> bytes:
    """The key of the table's hashes: of the oldest secret that is kept, for hashes rest in the database."""
    return table_key([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS][-1])


def way_hash(kind: WayKind, data: str) -> bytes:
    return way_key(edge_key(), kind.value, data).to_bytes(_KEY_BYTES, "big")


def own_hash(number: int, name: str) -> bytes:
    return own_key(edge_key(), number, _wire(name)).to_bytes(_KEY_BYTES, "big")


def name_read(text: str) -> str:
    """The canonical name that somebody typed or pasted: of a whole link its host.

    Raises:
        NameUnusable: there is none in it.
    """
    try:
        found = parse(text)
        if found.kind == "url":
            found = parse(host_of(found.value)[1], "domain")
        if found.kind != "domain":
            found = parse(text, "domain")
    except InvalidObservable:
        raise NameUnusable("no name of a site") from None
    return found.value


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
    rules = rules_read(child.rules)
    return Profile(
        number=child.number,
        ways=tuple(sorted(_whole(device.way) for device in child.devices.all())),
        zone=child.household.zone,
        week=_week(rules),
        segments=_segments(child, rules),
        own=tuple(
            OwnName(_whole(one.key), one.allow, int(one.until.timestamp()) if one.until else 0)
            for one in child.names.all()
            if one.until is None or one.until > now()
        ),
    )


def _week(rules: RuleSet) -> Week:
    kinds = range(DAY_KINDS)
    return Week(days={(before, day): (rules,) * QUARTERS for before in kinds for day in kinds})


def _segments(child: Child, rules: RuleSet) -> tuple[Segment, ...]:
    """A pause stands over more time: where both hold, the pause does."""
    by_kind = {Departing(one.kind): one for one in child.departures.all() if one.until > now()}
    found: list[Segment] = []
    if (pause := by_kind.get(Departing.PAUSE)) is not None:
        blocked = RuleSet(everything=True, why="pause")
        found.append(Segment(int(pause.start.timestamp()), int(pause.until.timestamp()), blocked))
    return tuple(found)


def _whole(raw: bytes) -> int:
    return int.from_bytes(bytes(raw), "big")
