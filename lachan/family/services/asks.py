"""Writes: a child asks, a parent answers."""

import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from lachan.family import conf
from lachan.family.errors import TooMany
from lachan.family.models import Ask, Child, Device
from lachan.family.policy import Action
from lachan.family.projecting import name_read, profile_changed
from lachan.family.records import (
    Answer,
    AnswerWords,
    AskKind,
    AskWords,
    Change,
)
from lachan.family.teaching import narrowed
from lachan.family.words import words_open, words_seal
from lachan.kernel.clock import hour, now
from lachan.kernel.errors import Conflict, NotFound
from lachan.members.policy import policy_check
from lachan.members.records import Actor
from lachan.outbox.services import durable
from lachan.proofs.services import row_require

from .acting import acting_adult, history_add
from .children import called, depart, more_time, name_put
from .subscriptions import ask_tell

_MORE_MINUTES = 30


def ask_make(*, by: Actor, kind: AskKind, site: str, reason: str) -> None:
    """What a child asks for, sealed to the household and to the device.

    Raises:
        NameUnusable: a site is asked for, and there is no name in it.
        TooMany: several wait already.
    """
    name = name_read(site) if kind is AskKind.SITE else ""
    with durable(), transaction.atomic():
        device = _own_device(by)
        child = Child.objects.select_for_update().get(pk=device.child_id)
        if child.asks.filter(answer=Answer.WAITING).count() >= conf.MOST_ASKS:
            raise TooMany("several requests wait already")
        Child.objects.filter(pk=child.pk).update(asked=F("asked") + 1)
        uid, words = uuid.uuid4(), AskWords(site=name, reason=reason, at=int(now().timestamp()))
        ask = Ask.objects.create(
            uid=uid,
            child=device.child,
            device=device,
            number=child.asked + 1,
            kind=kind,
            answer=Answer.WAITING,
            asked_hour=hour(),
            sealed=words_seal(words, "family ask", uid, to=_readers(device)),
        )
        ask_tell(ask)


def _own_device(by: Actor) -> Device:
    policy_check(by, Action.ASK_MAKE, household_id=by.household_id)
    rows = Device.objects.select_related("child__household")
    device = rows.filter(pk=by.member_id, child__household_id=by.household_id).first()
    if device is None:
        raise NotFound("no such device")
    for row in (device, device.child, device.child.household):
        row_require(row)
    return device


def _readers(device: Device) -> list[str]:
    return [device.child.household.public, device.public]


def ask_answer(*, by: Actor, key: str, ask: uuid.UUID, answer: Answer, word: str = "") -> None:
    """Grant for an hour, today or always, or say no; the child sees answer and word.

    Raises:
        NotFound: no such request in this household.
        Conflict: another adult has answered it.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.ASK_ANSWER)
        rows = Ask.objects.select_related("child__household", "device__child__household")
        rows = rows.select_for_update(of=("self",))
        rows = narrowed(by, rows.filter(uid=ask, child__household=adult.household), "child__uid")
        row = rows.first()
        if row is None:
            raise NotFound("no such request in this household")
        for one in (row, row.child, row.device):
            row_require(one)
        if row.answer != Answer.WAITING:
            raise Conflict("this request has its answer")
        words = words_open(row.sealed, AskWords, "family ask", row.uid, key=key)
        if words is None:
            raise NotFound("the words of this request cannot be opened")
        row.answer, row.until = answer, _until(answer, row.child.household.zone)
        said = AnswerWords(word=word, at=int(now().timestamp()))
        row.answered = words_seal(said, "family answer", row.uid, to=_readers(row.device))
        row.save(update_fields=["answer", "until", "answered"])
        if answer is not Answer.NO:
            _grant(row, words)
        change = Change.ASK_REFUSED if answer is Answer.NO else Change.ASK_GRANTED
        about = words.site or called(row.child, key)
        history_add(adult.household, change, adult=adult.number, about=about)
        profile_changed(row.child.number)


def _grant(row: Ask, words: AskWords) -> None:
    if row.kind == AskKind.SITE:
        name_put(row.child, words.site, allow=True, until=row.until)
    else:
        depart(row.child, more_time(row.until or now() + timedelta(minutes=_MORE_MINUTES)))


def _until(answer: Answer, zone: str) -> datetime | None:
    if answer is Answer.HOUR:
        return now() + timedelta(hours=1)
    if answer is Answer.TODAY:
        return day_end(zone)
    return None


def day_end(zone: str) -> datetime:
    """The end of the household's own day."""
    local = now().astimezone(ZoneInfo(zone))
    tomorrow = local.date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=local.tzinfo)
