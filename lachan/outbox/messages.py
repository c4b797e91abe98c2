"""Messages out: taken from a room in its transaction, sent by `sending.MessageLane`."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput

from .keeping import KEPT
from .models import Message
from .occasions import OCCASIONS
from .parcels import Parcel, address_close, address_open, parcel_close, tag_of
from .records import Urgency
from .seen_time import clock_is_believed, time_reached
from .turns import turn
from .ways.way import ways

LONGEST = timedelta(days=28)  # what push services keep at most
_AT_ONCE = 500


def address_keep(*, way: str, text: str) -> bytes:
    """An address as a room keeps it, and gives it to `message_send`: checked, and locked under the instance's
    secret. It opens by this way alone.

    Args:
        way: `web_push` (the JSON of the browser's subscription) or `email`.

    Raises:
        AddressUnusable: it is none, or one of a push service that is not known.
        KeyError: there is no such way.
    """
    return address_close(way, ways()[way].address_read(text))


def message_take(
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
    """Keep a message to be sent; see `services.message_send`."""
    if occasion and occasion not in OCCASIONS:
        raise KeyError(occasion)
    if not timedelta(0) < ttl <= LONGEST:
        raise InvalidInput(f"a message makes sense for {LONGEST.days} days at most")
    ways()[way].payload_check(payload)
    expires_at = (clock.now() + ttl).replace(microsecond=0)
    parcel = Parcel(
        way=way,
        tag=tag_of(tag),
        expires_at=expires_at,
        to=address_open(way, to),
        address=address,
        payload=payload,
        urgency=urgency,
        occasion=occasion,
        about=about,
    )
    if not ways()[way].is_on() or Message.objects.filter(tag=parcel.tag).exists():
        return False
    row = Message(
        way=way,
        tag=parcel.tag,
        sealed=parcel_close(parcel),
        created_at=clock.hour(),
        expires_at=expires_at,
    )
    # Two may say the same at the same moment.
    Message.objects.bulk_create([row], ignore_conflicts=True)
    return True


def message_end(pk: int, outcome: Message.Outcome, error: str = "") -> bool:
    """Leave nothing of a message but how it ended; whether it waited until now. In the caller's transaction."""
    hour = clock.hour()
    changed = Message.objects.filter(pk=pk, outcome="").update(
        outcome=outcome,
        sealed=b"",
        ended_at=hour,
        expires_at=hour,
        next_attempt_at=None,
        last_error=error[:40],
    )
    return bool(changed)


def messages_purge() -> int:
    """End what came too late, also where its way is off, and forget after a week what has ended; how many rows."""
    if not clock_is_believed():
        return 0
    late = Message.objects.filter(outcome="", expires_at__lte=time_reached())
    for pk in list(late.values_list("pk", flat=True)[:_AT_ONCE]):
        with turn(), transaction.atomic():
            message_end(pk, Message.Outcome.EXPIRED)
    over, gone = Message.objects.filter(ended_at__lt=clock.now() - KEPT), 0
    while pks := list(over.values_list("pk", flat=True)[:_AT_ONCE]):
        with turn():
            gone += Message.objects.filter(pk__in=pks).delete()[0]
    return gone
