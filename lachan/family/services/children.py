"""Writes: children, their rules, names, pauses. Each one tells the edges in its own transaction."""

import secrets
import uuid
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Max

from lachan.family import conf
from lachan.family.errors import TooMany
from lachan.family.models import Child, Departure, Household, OwnName
from lachan.family.policy import Action
from lachan.family.projecting import (
    name_read,
    own_hash,
    profile_changed,
)
from lachan.family.records import Band, Change, ChildWords, NameWords, Sort
from lachan.family.words import words_open, words_seal
from lachan.formats.profiles.encoding import override_bytes, override_read, rules_bytes
from lachan.formats.profiles.rules import Override, Rules
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.records import Actor
from lachan.outbox.services import durable

from .acting import acting_adult, history_add, own_child

_HIGHEST = 2**31 - 1
_TAPS = frozenset({"pause", "skip", "only", "open"})


def child_add(*, by: Actor, nickname: str, band: Band, rules: Rules, note: str = "") -> uuid.UUID:
    """A child with its profile; its uid.

    Raises:
        NotAllowed, NotFound: as `acting_adult`.
        TooMany: there are as many children as may be.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        child = child_put(adult.household, nickname=nickname, band=band, rules=rules, note=note)
        history_add(adult.household, Change.CHILD_ADDED, adult=adult.number, about=nickname)
        profile_changed(child.number)
    return child.uid


def child_put(
    household: Household, *, nickname: str, band: Band, rules: Rules, note: str = ""
) -> Child:
    """The row alone.

    Raises:
        TooMany: there are as many as may be.
    """
    most = "classes" if household.sort == Sort.SCHOOL else "children"
    if household.children.count() >= conf.MOST[most]:
        raise TooMany("there are as many children as may be")
    uid, words = uuid.uuid4(), ChildWords(nickname=nickname, note=note)
    return Child.objects.create(
        uid=uid,
        household=household,
        number=_number_new(),
        band=band,
        rules=rules_bytes(rules).decode(),
        sealed=words_seal(words, "family child", uid, to=[household.public]),
    )


def _number_new() -> int:
    # Random: the numbers of two families say nothing of which of them came first.
    while Child.objects.filter(number=(number := secrets.randbelow(_HIGHEST) + 1)).exists():
        pass
    return number


def child_change(
    *, by: Actor, key: str, child: uuid.UUID, nickname: str, band: Band, note: str
) -> None:
    """Another name, age or note; the rules stay."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        words = ChildWords(nickname=nickname, note=note)
        row.band = band
        row.sealed = words_seal(words, "family child", row.uid, to=[adult.household.public])
        row.save(update_fields=["band", "sealed"])
        history_add(adult.household, Change.CHILD_CHANGED, adult=adult.number, about=nickname)
        profile_changed(row.number)


def child_remove(*, by: Actor, key: str, child: uuid.UUID) -> None:
    """The child, its devices, names and requests."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        history_add(
            adult.household, Change.CHILD_REMOVED, adult=adult.number, about=called(row, key)
        )
        row.delete()
        profile_changed(row.number)


def rules_set(*, by: Actor, key: str, child: uuid.UUID, rules: Rules) -> None:
    """What holds in ordinary time."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        if row.rules == (text := rules_bytes(rules).decode()):
            return
        row.rules = text
        row.save(update_fields=["rules"])
        history_add(
            adult.household, Change.RULES_CHANGED, adult=adult.number, about=called(row, key)
        )
        profile_changed(row.number)


def name_set(
    *, by: Actor, child: uuid.UUID, name: str, allow: bool, until: datetime | None = None
) -> str:
    """The household's own word on a name and those below it, in place of an earlier one; the canonical name.

    Raises:
        NameUnusable: there is no name in the text.
        TooMany: there are as many names as may be.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        canonical = name_put(row, name, allow=allow, until=until)
        change = Change.NAME_ALLOWED if allow else Change.NAME_BLOCKED
        history_add(adult.household, change, adult=adult.number, about=canonical)
        profile_changed(row.number)
    return canonical


def name_put(child: Child, text: str, *, allow: bool, until: datetime | None) -> str:
    name = name_read(text)
    key = own_hash(child.number, name)
    for old in child.names.filter(key=key):
        old.delete()
    if child.names.count() >= conf.MOST["names"]:
        raise TooMany("there are as many names as may be")
    uid = uuid.uuid4()
    sealed = words_seal(NameWords(name=name), "family name", uid, to=[child.household.public])
    OwnName.objects.create(uid=uid, child=child, key=key, allow=allow, until=until, sealed=sealed)
    return name


def name_remove(*, by: Actor, key: str, name: uuid.UUID) -> uuid.UUID:
    """Take a word back; the uid of the child for whom it was."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        rows = OwnName.objects.select_related("child")
        own = rows.filter(uid=name, child__household=adult.household).first()
        if own is None:
            raise NotFound("no such name in this household")
        words = words_open(own.sealed, NameWords, "family name", own.uid, key=key)
        child = own.child
        own.delete()
        about = words.name if words else ""
        history_add(adult.household, Change.NAME_REMOVED, adult=adult.number, about=about)
        profile_changed(child.number)
    return child.uid


def pause(*, by: Actor, key: str, child: uuid.UUID, until: datetime) -> None:
    """Everything rests until a moment, but what nobody may block."""
    _depart(by, key, child, override("pause", until), Change.PAUSED)


def more_give(*, by: Actor, key: str, child: uuid.UUID, minutes: int) -> None:
    """More time, from now: bedtime and other hours rest meanwhile, a pause ends."""
    until = now() + timedelta(minutes=minutes)
    _depart(by, key, child, more_time(until), Change.TIME_GIVEN)


def more_time(until: datetime) -> Override:
    skips = frozenset({"bedtime", "schedule", "homework"})
    return override("skip", until, skips=skips)


def override(kind: str, until: datetime, **more: object) -> Override:
    start = int(now().timestamp())
    return Override(kind=kind, start=start, until=int(until.timestamp()), **more)


def pause_end(*, by: Actor, key: str, child: uuid.UUID) -> None:
    """The ordinary rules hold again."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        departures_end(row)
        history_add(adult.household, Change.PAUSE_ENDED, adult=adult.number, about=called(row, key))
        profile_changed(row.number)


def _depart(by: Actor, key: str, child: uuid.UUID, said: Override, change: Change) -> None:
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CHILD_MANAGE)
        row = own_child(by, Action.CHILD_MANAGE, child)
        depart(row, said)
        history_add(adult.household, change, adult=adult.number, about=called(row, key))
        profile_changed(row.number)


def depart(child: Child, said: Override) -> None:
    """A pause, more time and a lesson take one another's place: the last tap counts."""
    departures_end(child)
    last = child.departures.aggregate(last=Max("number"))["last"] or 0
    until = datetime.fromtimestamp(said.until, UTC)
    text = override_bytes(said).decode()
    Departure.objects.create(child=child, number=last + 1, said=text, until=until)


def departures_end(child: Child) -> None:
    for old in child.departures.all():
        if old.until <= now() or override_read(old.said).kind in _TAPS:
            old.delete()


def called(child: Child, key: str) -> str:
    """Its nickname, for the history; empty where this key does not open it."""
    words = words_open(child.sealed, ChildWords, "family child", child.uid, key=key)
    return words.nickname if words else ""
