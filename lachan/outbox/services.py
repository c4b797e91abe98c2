"""Events leave in the transaction that caused them, and arrive at least once at each handler.

lower room: event_publish(event) ──a row for each handler──► worker: a lane ──► upper rooms' handlers.py
"""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection

from . import sockets
from .deliveries import (
    ATTEMPTS_BEFORE_ALARM,
    Lane,
    deliveries_begin,
    deliveries_drop,
    deliveries_retry,
    events_deliver,
)
from .instance import instance_claim, instance_is_marked, instance_verify
from .keeping import KEPT, events_purge
from .messages import address_keep, message_take, messages_purge
from .occasions import occasion
from .publishing import event_publish, wake
from .records import Urgency
from .seen_time import clock_is_believed, clock_leap, time_kept, time_reached
from .sockets import stop_on_signal
from .turns import durable, turn

__all__ = [
    "ATTEMPTS_BEFORE_ALARM",
    "KEPT",
    "Lane",
    "address_keep",
    "clock_is_believed",
    "clock_leap",
    "deliveries_begin",
    "deliveries_drop",
    "deliveries_retry",
    "durable",
    "event_publish",
    "events_deliver",
    "events_purge",
    "instance_claim",
    "instance_is_marked",
    "instance_verify",
    "listener_open",
    "message_send",
    "messages_purge",
    "occasion",
    "stop_on_signal",
    "time_kept",
    "time_reached",
    "turn",
    "wake",
]


def message_send(
    *,
    way: str,
    to: bytes,
    address: UUID,
    payload: bytes,
    tag: str,
    ttl: timedelta,
    occasion: str = "",
    about: str = "",
    urgency: Urgency = Urgency.NORMAL,
) -> bool:
    """Have a message sent; call it inside the transaction that gives the reason. It goes out within a second.

    It is sent at least once, seldom twice; the other side can tell by its mark. What fails is tried again with
    growing pauses until it makes no sense any more. Where the address is no more, `events.AddressGone` says so.

    Args:
        way: `web_push` or `email`.
        to: as `address_keep` gave it.
        address: what the caller calls it, for `AddressGone`; it rests in clear for a week when that is said.
        payload: for a phone what it shall get (encrypted to it on the way; 2,819 bytes at most), for a mailbox
            a `MailNote.payload()`.
        tag: what the caller calls this message: it is taken once, however often it is given within a week of its
            end. It rests as a keyed hash.
        ttl: for how long it makes sense, 28 days at most.
        occasion: ROOM.FUNCTION of the `@occasion` that is asked again when it is sent; empty for none.
        about: what that is asked about, an identifier.

    Returns:
        Whether it is on its way: False where the way is off, or the message was taken before.

    Raises:
        PayloadUnusable: this way does not carry it.
        InvalidInput: it makes sense for too long, or not at all.
        LockHeld, SealBroken: `to` is no address of this way and instance.
        KeyError: there is no such way or occasion.
    """
    is_taken = message_take(
        way=way,
        to=to,
        address=address,
        payload=payload,
        tag=tag,
        ttl=ttl,
        occasion=occasion,
        about=about,
        urgency=urgency,
    )
    if is_taken:
        wake("outbound")
    return is_taken


def listener_open(topic: str = "") -> sockets.Listener:
    """A listener for this process: `.wait(seconds)` gives the woken topics; close it after use.

    Args:
        topic: it need hear of no other.
    """
    url = settings.DATABASE_URL if connection.vendor == "postgresql" else ""
    return sockets.Listener(url, topic)
