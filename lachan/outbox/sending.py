"""From the outbox to people: a lane for each way, which waits for servers outside and holds up nobody else."""

import logging
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import timedelta
from typing import NamedTuple

import msgspec
from django.db import transaction
from django.db.models import F, Q, QuerySet

from lachan.kernel import clock
from lachan.kernel.sealing.errors import LockHeld, SealBroken

from .events import AddressGone
from .messages import message_end
from .models import Message
from .occasions import OCCASIONS
from .parcels import Parcel, parcel_open
from .publishing import event_publish
from .seen_time import time_reached
from .turns import sole, turn
from .ways.way import Came, Tried, Way
from .ways.way import Parcel as Outward

log = logging.getLogger(__name__)

_LONGEST_PAUSE = timedelta(hours=1)
_LONGEST_WAIT = timedelta(hours=6)  # what another server may ask for
_LONGEST_REST = 60.0  # seconds for which a server that fails again and again is left alone
_MOST_RESTING = 1000
_ENDS = {
    Came.SENT: Message.Outcome.SENT,
    Came.GONE: Message.Outcome.GONE,
    Came.REFUSED: Message.Outcome.REFUSED,
}


class _Opened(NamedTuple):
    row: Message
    parcel: Parcel
    server: str


class _Rest(NamedTuple):
    failures: int
    until: float


class MessageLane:
    """The messages of one way, some side by side.

    A try is written down before it is made: whatever ends the process in between, the message is tried again after
    its pause, and no more often. A server that fails is left alone for up to a minute; its messages wait that long,
    and those to other servers go on.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._resting: dict[str, _Rest] = {}

    def drain(self) -> None:
        """Send all that is due; nothing while another process works in this lane."""
        if not self._way.is_on() or not self._due().exists():
            return
        with sole(f"message-{self._way.name}") as is_ours:
            while is_ours and self.step():
                pass

    def step(self) -> int:
        """Try as many of those that are due as go side by side; how many were looked at."""
        rows = list(self._due()[: self._way.at_once])
        begun = self._begin([one for row in rows if (one := _opened(row, self._way)) is not None])
        wanted = [one for one in begun if self._is_wanted(one)]
        if wanted:
            with ThreadPoolExecutor(len(wanted)) as pool:
                sent = {pool.submit(self._send, one): one for one in wanted}
                for future in as_completed(sent):
                    self._end(sent[future], future.result())
        return len(rows)

    def _due(self) -> QuerySet[Message]:
        moment = clock.now()
        # What waits for longer than anything ever waits was put there by a clock that ran ahead.
        is_due = Q(next_attempt_at__lte=moment) | Q(next_attempt_at__gt=moment + 2 * _LONGEST_WAIT)
        rows = Message.objects.filter(is_due | Q(next_attempt_at=None), way=self._way.name)
        return rows.filter(outcome="").order_by(F("next_attempt_at").asc(nulls_first=True))

    def _begin(self, opened: list[_Opened]) -> list[_Opened]:
        """Write down that they are tried; those whose server rests wait as long as it does."""
        begun, moment = [], clock.now()
        with turn(), transaction.atomic():
            for one in opened:
                rows = Message.objects.filter(pk=one.row.pk, outcome="", attempts=one.row.attempts)
                if rest := self._rest_left(one.server):
                    rows.update(next_attempt_at=moment + timedelta(seconds=rest))
                    continue
                one.row.attempts += 1
                again = moment + _pause(one.row.attempts)
                if rows.update(attempts=one.row.attempts, next_attempt_at=again):
                    begun.append(one)
        return begun

    def _is_wanted(self, one: _Opened) -> bool:
        """Whether it still has a reason to go out; else it is ended, or put off."""
        try:
            holds = not one.parcel.occasion or OCCASIONS[one.parcel.occasion](one.parcel.about)
        except Exception as error:  # noqa: BLE001  one room's fault must not stop the others' messages
            # Also where nobody knows the occasion: another version may come back.
            self._put_off(one, Tried(Came.LATER, type(error).__name__))
            return False
        if not holds:
            with turn(), transaction.atomic():
                message_end(one.row.pk, Message.Outcome.DROPPED)
        return bool(holds)

    def _send(self, one: _Opened) -> Tried:
        """Without the database: it runs beside the others."""
        parcel = Outward(
            address=one.parcel.to,
            payload=one.parcel.payload,
            urgency=one.parcel.urgency,
            ttl=one.parcel.expires_at - clock.now(),
            mark=one.parcel.tag,
        )
        try:
            return self._way.send(parcel)
        except Exception as error:  # noqa: BLE001  one bad message must not stop the others
            return Tried(Came.LATER, type(error).__name__)

    def _end(self, one: _Opened, tried: Tried) -> None:
        if tried.came is Came.LATER:
            self._server_failed(one.server, tried)
            self._put_off(one, tried)
            return
        self._resting.pop(one.server, None)
        with turn(), transaction.atomic():
            message_end(one.row.pk, _ENDS[tried.came], tried.error)
            if tried.came is Came.GONE:
                event_publish(AddressGone(way=self._way.name, address=one.parcel.address))
        if tried.came is Came.REFUSED:
            log.error("%s: a message was refused: %s", self._way.name, tried.error)

    def _put_off(self, one: _Opened, tried: Tried) -> None:
        pause = max(_pause(one.row.attempts), min(tried.again or timedelta(0), _LONGEST_WAIT))
        again = min(clock.now() + pause, one.row.expires_at)
        with turn(), transaction.atomic():
            Message.objects.filter(pk=one.row.pk, outcome="").update(
                next_attempt_at=again, last_error=tried.error[:40]
            )
        log.warning("%s: a message waits: %s", self._way.name, tried.error)

    def _rest_left(self, server: str) -> float:
        rest = self._resting.get(server)
        return max(0.0, rest.until - time.monotonic()) if rest else 0.0

    def _server_failed(self, server: str, tried: Tried) -> None:
        failures = self._resting[server].failures + 1 if server in self._resting else 1
        asked = tried.again.total_seconds() if tried.again else 0.0
        seconds = min(max(2.0 ** min(failures, 10), asked), _LONGEST_REST)
        if len(self._resting) >= _MOST_RESTING:
            self._resting.clear()
        self._resting[server] = _Rest(failures, time.monotonic() + seconds)


def _opened(row: Message, way: Way) -> _Opened | None:
    """A message that can be sent and is in time; what cannot is ended."""
    try:
        parcel = parcel_open(row)
        if row.expires_at > time_reached():
            return _Opened(row, parcel, way.server(parcel.to))
        outcome, error = Message.Outcome.EXPIRED, row.last_error
    except (LockHeld, SealBroken, msgspec.MsgspecError, ValueError) as broken:
        outcome, error = Message.Outcome.REFUSED, type(broken).__name__
    with turn(), transaction.atomic():
        message_end(row.pk, outcome, error)
    return None


def _pause(attempts: int) -> timedelta:
    return min(timedelta(seconds=2 ** min(attempts, 20)), _LONGEST_PAUSE)
