"""Whether the clock can be believed for what cannot be undone.

A clock that runs a year ahead for a minute would purge every report and end every indicator. So the database
keeps the latest moment that was believed, and a leap from there, ahead or back, is believed only after it has
been seen, again and again, for a day. A machine that was off for a week purges a day late.

Many small leaps would add up unseen. So each process, with those that it forks, holds the clock to the time that
has truly passed since it was first believed there, too.
"""

import mmap
import struct
from datetime import datetime, timedelta

from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max

from lachan.kernel.clock import machine_began, now
from lachan.proofs.services import Remembered

from .models import Instance

# The worker looks every few minutes; a machine that is off for a weekend is nothing unusual.
_LEAP = timedelta(days=3)
_DOUBTED_FOR = timedelta(days=1)
_LONGEST_SILENCE = timedelta(hours=18)  # some are switched off at night
# What setting a clock right may take while its leap is watched.
_WANDER = timedelta(hours=1)
# Writes the row no more often than that.
_GRAIN = timedelta(minutes=1)


def instance_row(*, lock: bool = False) -> Instance:
    """The one row; made where there is none, with the moment of the last migration as the one to believe."""
    rows = Instance.objects.select_for_update() if lock else Instance.objects
    return (
        rows.first()
        or Instance.objects.get_or_create(pk=1, defaults={"seen_at": _migrated_at()})[0]
    )


def _migrated_at() -> datetime:
    return MigrationRecorder.Migration.objects.aggregate(at=Max("applied"))["at"] or now()


class Steadiness:
    """Of one process, and all that it forks: how far the clock has been moved, all leaps together, since it was
    first believed.

    In memory that they share: a task lives in a process of its own, and only for a moment. Whoever calls holds
    the row of the database meanwhile.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, 3 * 8)
        self._write(0.0)

    def look(self, moment: datetime) -> bool:
        """Whether it was moved by no more than one leap; or by more, and has since gone on for a day."""
        # When the machine began, by the clock that was believed; the same by one in doubt, and since when.
        began, doubted, since = struct.unpack("3d", self._shared[:])
        present, at = machine_began().timestamp(), moment.timestamp()
        if not began or abs(present - began) <= _LEAP.total_seconds():
            self._write(began)
            return True
        if not doubted or abs(present - doubted) > _WANDER.total_seconds():
            doubted, since = present, at
        if at - since < _DOUBTED_FOR.total_seconds():
            self._write(began, doubted, since)
            return False
        self._write(present)
        return True

    def believe(self) -> None:
        """The clock as it is now is what later moves are reckoned from, where none is yet."""
        began, *doubt = struct.unpack("3d", self._shared[:])
        self._write(began or machine_began().timestamp(), *doubt)

    def _write(self, began: float, doubted: float = 0.0, since: float = 0.0) -> None:
        self._shared[:] = struct.pack("3d", began, doubted, since)


_steadiness = Steadiness()


def clock_is_believed() -> bool:
    """Whether the present moment follows from those before; asked before anything is thrown away or ended."""
    moment = now()
    with transaction.atomic():
        row = instance_row(lock=True)
        is_near, is_steady = abs(moment - row.seen_at) <= _LEAP, _steadiness.look(moment)
        if not (is_near and is_steady) and not (_is_confirmed(row, moment) and is_steady):
            row.save(update_fields=["doubted_from", "doubted_at"])
            return False
        _steadiness.believe()
        if row.doubted_from is not None or abs(moment - row.seen_at) >= _GRAIN:
            row.seen_at, row.doubted_from, row.doubted_at = moment, None, None
            row.save(update_fields=["seen_at", "doubted_from", "doubted_at"])
    return True


def time_reached() -> datetime:
    """The present moment; where the clock has leapt ahead of it, the last that was believed. For the end of
    what must be over at once and for good: a right that was taken back by a clock a year ahead would come
    back with the clock.
    """
    moment, seen = now(), instance_row().seen_at
    return seen if moment - seen > _LEAP else moment


def time_kept() -> datetime:
    """The present moment, for what is kept and later judged by its age; where the clock has fallen far behind
    the last moment that was believed, that one. What a clock of years ago dates would be old, and thrown
    away, as soon as the clock is right.
    """
    moment, seen = now(), _seen.get()
    return seen if seen is not None and seen - moment > _LEAP else moment


def _seen_at() -> datetime | None:
    return Instance.objects.values_list("seen_at", flat=True).first()


_seen = Remembered(Instance.objects.all, _seen_at)  # each report asks


def _is_confirmed(row: Instance, moment: datetime) -> bool:
    """Note a moment after a leap; whether time has gone on from there, without another leap, for long enough."""
    begun, last = row.doubted_from, row.doubted_at
    goes_on = last is not None and timedelta(0) <= moment - last <= _LONGEST_SILENCE
    row.doubted_from, row.doubted_at = (begun if goes_on else moment), moment
    return bool(moment - row.doubted_from >= _DOUBTED_FOR)


def clock_leap() -> timedelta | None:
    """How far the clock is from the last moment that was believed; None where it follows from that."""
    row = Instance.objects.first()
    away = now() - row.seen_at if row is not None and row.doubted_from else timedelta(0)
    return away if abs(away) > _LEAP else None
