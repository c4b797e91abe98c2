"""Writes: what a teacher says for one lesson. It ends by itself; the class's rules stay as they are."""

import uuid
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

from django.db import transaction

from lachan.family import conf
from lachan.family.errors import NothingNamed, SiteClosed
from lachan.family.models import Child
from lachan.family.policy import Action
from lachan.family.projecting import name_read, own_hash, profile_changed
from lachan.family.records import Change
from lachan.family.selectors import lesson_of
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.members.records import Actor
from lachan.outbox.services import durable

from .acting import acting_adult, history_add, own_child
from .children import called, depart, departures_end, name_put, override

_SITES_ALONE = frozenset({"lesson"})
"""Names no service: a lesson that opens sites alone, which are own names until its end."""


def lesson_begin(
    *,
    by: Actor,
    key: str,
    child: uuid.UUID,
    minutes: int,
    only: bool,
    services: Collection[str] = (),
    sites: Iterable[str] = (),
) -> datetime:
    """Open services and sites until the lesson's end; with `only`, close everything else. It takes the place of an
    earlier lesson, of a pause and of more time. When it ends.

    Raises:
        NameUnusable, NothingNamed, SiteClosed: what is to be opened cannot be.
        NotAllowed, NotFound: as `own_child`.
    """
    names = {name_read(one) for one in sites}
    if not only and not services and not names:
        raise NothingNamed("a lesson that opens something names it")
    if minutes not in conf.LESSON_MINUTES or len(names) > conf.LESSON_SITES:
        raise InvalidInput("no lesson is so long, or opens so much")
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CLASS_TEACH)
        row = own_child(by, Action.CLASS_TEACH, child)
        _lesson_clear(row)
        until = (now() + timedelta(minutes=minutes)).replace(microsecond=0)
        for name in names:
            _site_open(row, name, until)
        kind, named = "only" if only else "open", frozenset(services)
        depart(row, override(kind, until, services=named if only else named or _SITES_ALONE))
        history_add(
            adult.household, Change.LESSON_BEGUN, adult=adult.number, about=called(row, key)
        )
        profile_changed(row.number)
    return until


def _site_open(row: Child, name: str, until: datetime) -> None:
    own = row.names.filter(key=own_hash(row.number, name), until=None).first()
    if own is None:
        name_put(row, name, allow=True, until=until)
    elif not own.allow:
        raise SiteClosed("the class's own list closes this site")


def _lesson_clear(row: Child) -> None:
    lesson = lesson_of(row)
    if lesson is not None:
        for own in row.names.filter(allow=True, until=datetime.fromtimestamp(lesson.until, UTC)):
            own.delete()
    departures_end(row)


def lesson_end(*, by: Actor, key: str, child: uuid.UUID) -> None:
    """The ordinary rules hold again, before the lesson's end."""
    with durable(), transaction.atomic():
        adult = acting_adult(by, Action.CLASS_TEACH)
        row = own_child(by, Action.CLASS_TEACH, child)
        _lesson_clear(row)
        history_add(
            adult.household, Change.LESSON_ENDED, adult=adult.number, about=called(row, key)
        )
        profile_changed(row.number)
