"""Writes: a household is founded, opened, shared, left and deleted."""

import dataclasses
import uuid

from django.conf import settings
from django.db import transaction
from django.db.models import F

from lachan.family import conf
from lachan.family.entry import (
    OpenHousehold,
    adult_link_make,
    adult_link_open,
    adult_session_begin,
    code_make,
    code_open,
    cookie_write,
)
from lachan.family.errors import CodeUnknown, LastAdult, TooMany
from lachan.family.models import Adult, AdultSession, Child, Code, Device, Household, Teacher
from lachan.family.policy import Action
from lachan.family.projecting import edge_key_mark, profile_changed
from lachan.family.records import AdultWords, Change, DeviceWords, Sort
from lachan.family.teaching import manages
from lachan.family.words import words_seal
from lachan.kernel.clock import hour
from lachan.kernel.errors import NotFound
from lachan.kernel.sealing.envelope import keypair_new
from lachan.members.records import Actor, ActorKind
from lachan.outbox.services import durable

from .acting import acting_adult, history_add


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entered:
    """Somebody who has just come in.

    Attributes:
        cookie: for the browser, and kept nowhere.
        code: 28 fresh digits, which are shown once; empty for who came in by such.
    """

    household: uuid.UUID
    cookie: str = dataclasses.field(repr=False)
    code: str = dataclasses.field(repr=False, default="")


def household_found(*, by: Actor, device: str, sort: Sort = Sort.FAMILY) -> Entered:
    """A new household, its first adult, and the code that opens it. `device`: words for the list of sessions."""
    pair = keypair_new()
    with durable(), transaction.atomic():
        household = Household.objects.create(
            uid=uuid.uuid4(),
            sort=sort,
            public=pair.public,
            zone=settings.TIME_ZONE,
            made_hour=hour(),
            keyed=edge_key_mark(),
        )
        adult = _adult_add(household, manages=True)
        history_add(household, Change.FOUNDED, adult=adult.number)
        return _entered(adult, pair.private, device)


def household_open(*, by: Actor, text: str, device: str) -> Entered:
    """Come in by a code; the household's printed one makes a new adult of whoever holds it.

    Raises:
        ReceiptMalformed, ReceiptMiscopied, CodeUnknown: these digits open nothing.
    """
    code, key = code_open(text)
    with transaction.atomic():
        adult = code.adult or _adult_add(code.household, manages=True)
        history_add(code.household, Change.OPENED, adult=adult.number, about=device)
        cookie = adult_session_begin(adult, key=key, device=_device_words(adult, device))
    return Entered(household=code.household.uid, cookie=cookie_write(cookie))


def adult_invite(*, by: Actor, key: str) -> str:
    """A token that lets one more adult in within ten minutes, once.

    Raises:
        NotAllowed, NotFound: as `acting_adult`.
        TooMany: there are as many adults as may be.
    """
    adult = acting_adult(by, Action.HOUSEHOLD_MANAGE)
    _room(adult.household)
    with transaction.atomic():
        history_add(adult.household, Change.ADULT_INVITED, adult=adult.number)
        return adult_link_make(adult.household, key=key)


def adult_join(*, by: Actor, token: str, device: str) -> Entered:
    """Come in by a link that another adult made; with a code of one's own.

    Raises:
        LinkGone: it opens nothing, or no more.
    """
    with durable(), transaction.atomic():
        household, key = adult_link_open(token, take=True)
        _room(household)
        adult = _adult_add(household)
        history_add(household, Change.ADULT_JOINED, adult=adult.number)
        return _entered(adult, key, device)


def _entered(adult: Adult, key: str, device: str) -> Entered:
    code, digits = code_make(adult.household, adult, key=key)
    code.save(force_insert=True)
    cookie = adult_session_begin(adult, key=key, device=_device_words(adult, device))
    return Entered(household=adult.household.uid, cookie=cookie_write(cookie), code=digits)


def _adult_add(household: Household, *, manages: bool = False) -> Adult:
    """`manages`: all of a school; whoever comes into one by a link has no class before one is given."""
    mine = Household.objects.filter(pk=household.pk)
    mine.update(adults_made=F("adults_made") + 1)
    number = mine.values_list("adults_made", flat=True).get()
    uid = uuid.uuid4()
    sealed = words_seal(AdultWords(), "family adult", uid, to=[household.public])
    adult = Adult.objects.create(uid=uid, household=household, number=number, sealed=sealed)
    if manages and household.sort == Sort.SCHOOL:
        Teacher.objects.create(adult=adult, manages=True)
    return adult


def _device_words(adult: Adult, device: str) -> bytes:
    return words_seal(
        DeviceWords(name=device), "family session", adult.uid, to=[adult.household.public]
    )


def _room(household: Household) -> None:
    most = conf.MOST["teachers" if household.sort == Sort.SCHOOL else "adults"]
    if household.adults.count() >= most:
        raise TooMany(f"there are {most} adults already")


def adult_name(*, by: Actor, name: str) -> None:
    """What the others read instead of a number."""
    adult = acting_adult(by, Action.ADULT_SELF)
    words = AdultWords(name=name[: conf.LONGEST["name"]])
    with transaction.atomic():
        adult.sealed = words_seal(words, "family adult", adult.uid, to=[adult.household.public])
        adult.save(update_fields=["sealed"])
        history_add(adult.household, Change.ADULT_NAMED, adult=adult.number, about=words.name)


def adult_remove(*, by: Actor, adult: uuid.UUID, name: str = "") -> None:
    """Another adult's ways in are gone at once: sessions and code.

    Raises:
        NotFound: no such adult in this household.
        LastAdult: nobody would be left.
    """
    me = acting_adult(by, Action.HOUSEHOLD_MANAGE)
    with transaction.atomic():
        row = _adult_of(me.household, adult)
        if row.pk == me.pk:
            raise LastAdult("one leaves by oneself")
        history_add(
            me.household, Change.ADULT_REMOVED, adult=me.number, about=name or f"#{row.number}"
        )
        row.delete()


def adult_leave(*, by: Actor, devices: list[uuid.UUID]) -> None:
    """Leave, and take children's devices along: they belong to nobody here then, and nobody is told where to.

    Raises:
        LastAdult: who is alone, or alone manages a school, deletes the household instead.
    """
    me = acting_adult(by, Action.ADULT_SELF)
    with transaction.atomic():
        others_require(me)
        if me.household.sort == Sort.SCHOOL:
            devices = []  # a school's stay there
        for device in Device.objects.select_related("child").filter(
            uid__in=devices, child__household=me.household
        ):
            number = device.child.number
            device.delete()
            profile_changed(number)
        history_add(me.household, Change.ADULT_LEFT, adult=me.number)
        me.delete()


def others_require(me: Adult) -> None:
    """That somebody is left who may do all; the adults' rows are held until the transaction ends.

    Raises:
        LastAdult: nobody would be.
    """
    list(me.household.adults.select_for_update())
    others = me.household.adults.exclude(pk=me.pk).select_related("household", "teacher")
    if not any(map(manages, others)):
        raise LastAdult("nobody would be left")


def _adult_of(household: Household, uid: uuid.UUID) -> Adult:
    row = household.adults.select_for_update().filter(uid=uid).first()
    if row is None:
        raise NotFound("no such adult in this household")
    return row


def session_end(*, by: Actor, session: uuid.UUID) -> None:
    """Sign a browser out, one's own or, for who manages, another's; the key in it is gone."""
    me = acting_adult(by, Action.ADULT_SELF)
    with transaction.atomic():
        rows = AdultSession.objects.filter(adult__household=me.household, uid=session)
        if by.kind is ActorKind.TEACHER:
            rows = rows.filter(adult=me)
        if not rows.delete()[0]:
            raise NotFound("no such session in this household")
        history_add(me.household, Change.SESSION_ENDED, adult=me.number)


def code_new(*, by: Actor, key: str, printed: bool) -> str:
    """Fresh digits: one's own, in place of those one had; or the household's printed ones, in place of the last."""
    me = acting_adult(by, Action.HOUSEHOLD_MANAGE if printed else Action.ADULT_SELF)
    with durable(), transaction.atomic():
        for old in Code.objects.filter(household=me.household, adult=None if printed else me):
            old.delete()
        row, digits = code_make(me.household, None if printed else me, key=key)
        row.save(force_insert=True)
        history_add(me.household, Change.CODE_MADE, adult=me.number)
    return digits


def code_kept(*, by: Actor, text: str = "") -> None:
    """The code was written down: typed back where there is a text, else said.

    Raises:
        ReceiptMalformed, ReceiptMiscopied, CodeUnknown: what was typed is not it.
    """
    me = acting_adult(by, Action.ADULT_SELF)
    mine = Code.objects.filter(household=me.household)
    if text:
        code, _ = code_open(text)
        if code.household_id != me.household_id:
            raise CodeUnknown("these digits open another household")
        mine.filter(pk=code.pk).update(is_kept=True)
        return
    mine.filter(adult=me).update(is_kept=True)


def household_delete(*, by: Actor) -> None:
    """All of it goes, its keys first: what stands in a backup opens for nobody any more."""
    me = acting_adult(by, Action.HOUSEHOLD_MANAGE)
    with durable(), transaction.atomic():
        household = Household.objects.select_for_update().get(pk=me.household_id)
        numbers = list(Child.objects.filter(household=household).values_list("number", flat=True))
        household.delete()
        for number in numbers:
            profile_changed(number)


def sign_out(opened: OpenHousehold) -> None:
    AdultSession.objects.filter(pk=opened.session.pk).delete()
