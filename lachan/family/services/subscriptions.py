"""Writes: where adults want to be told that a child asks, and the telling.

A message says that somebody waits, and no more: who asks for what is read on the family's pages.
"""

import hashlib
import hmac
import json
import uuid

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from lachan.family import conf
from lachan.family.errors import TooMany
from lachan.family.models import Ask, Subscription
from lachan.family.policy import Action
from lachan.family.records import Answer, Change
from lachan.kernel.clock import hour
from lachan.kernel.errors import NotFound
from lachan.members.records import Actor
from lachan.outbox.records import MailNote, Urgency
from lachan.outbox.services import address_keep, durable, message_send
from lachan.proofs.services import row_holds

from .acting import acting_adult, history_add

_PURPOSE, _MARK = "subscription", 16


def subscription_add(*, by: Actor, way: str, address: str, language: str, home: str) -> None:
    """Tell the adult that `by` is, by this way; the same address again changes nothing but its language.

    Args:
        way: `web_push` or `email`.
        home: the family's first page, as a whole address on a host of this instance.

    Raises:
        AddressUnusable: it is no address, or of a push service that is not known.
        TooMany: the adult is told in as many places as may be.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.HOUSEHOLD_MANAGE)
        kept, mark = address_keep(way=way, text=address), _mark(way, address)
        old = adult.subscriptions.filter(mark=mark).first()
        if old is not None:
            old.kept, old.language, old.home = kept, language, home
            old.save(update_fields=["kept", "language", "home"])
            return
        if adult.subscriptions.count() >= conf.MOST["subscriptions"]:
            raise TooMany("there are as many places to be told as may be")
        Subscription.objects.create(
            uid=uuid.uuid4(),
            adult=adult,
            way=way,
            mark=mark,
            kept=kept,
            language=language,
            home=home,
            made_hour=hour(),
        )
        history_add(adult.household, Change.MESSAGES_ON, adult=adult.number)


def subscription_remove(*, by: Actor, subscription: uuid.UUID) -> None:
    """Tell the adult there no more; what was never there, or is another's, is none of theirs.

    Raises:
        NotFound: the adult is not told there.
    """
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.HOUSEHOLD_MANAGE)
        if not adult.subscriptions.filter(uid=subscription).delete()[0]:
            raise NotFound("no such place to be told")
        history_add(adult.household, Change.MESSAGES_OFF, adult=adult.number)


def subscription_stop(*, subscription: uuid.UUID, mark: str) -> None:
    """The same by the link of an e-mail, which needs no sign-in (RFC 8058); over already is over."""
    if any(hmac.compare_digest(mark.encode(), one.encode()) for one in stop_marks(subscription)):
        with durable():
            subscription_forget(subscription)


def subscription_forget(uid: uuid.UUID) -> None:
    """Its address is no more."""
    Subscription.objects.filter(uid=uid).delete()


def stop_marks(uid: uuid.UUID) -> list[str]:
    """What the link to stop carries, and those under former secrets."""
    keys = conf.secrets("stop")
    return [hmac.digest(key, uid.bytes, hashlib.sha256)[:_MARK].hex() for key in keys]


def ask_tell(ask: Ask) -> None:
    """Tell each adult of the household that a child waits; in the transaction that makes the request."""
    rows = Subscription.objects.select_related("adult__household").filter(
        adult__household_id=ask.child.household_id
    )
    waiting = Ask.objects.filter(
        child__household_id=ask.child.household_id, answer=Answer.WAITING
    ).count()
    for row in rows:
        # Altered past the product, it would lead somewhere else.
        if row_holds(row) and row_holds(row.adult):
            message_send(
                way=row.way,
                to=bytes(row.kept),
                address=row.uid,
                payload=_payload(row, waiting),
                tag=f"family ask {ask.uid} {row.uid}",
                ttl=conf.TOLD_FOR,
                occasion="family.ask_waits",
                about=str(ask.uid),
                urgency=Urgency.HIGH,
            )


def _payload(row: Subscription, waiting: int) -> bytes:
    if row.way == "email":
        stop = f"{row.home}stop/{row.uid}/{stop_marks(row.uid)[0]}/"
        return MailNote(language=row.language, link=row.home, unsubscribe=stop).payload()
    with translation.override(row.language):
        said = {
            "title": _("Somebody at home asks you for something"),
            "body": _("Open Lá Chắn to answer."),
            "path": "/family/",
            "tag": "family",
            "badge": waiting,
        }
    return json.dumps(said, ensure_ascii=False).encode()


def _mark(way: str, address: str) -> bytes:
    """By which the same address is known again; a browser's keys may change, its endpoint is the same."""
    if way == "web_push":
        try:
            address = str(json.loads(address)["endpoint"])
        except (ValueError, KeyError, TypeError):
            address = ""
    key = conf.secrets(_PURPOSE)[0]
    told = f"{way} {address.strip().casefold()}".encode()
    return hmac.digest(key, told, hashlib.sha256)[:_MARK]
