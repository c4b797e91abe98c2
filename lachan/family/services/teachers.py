"""Writes: which classes an adult of a school has."""

import uuid
from collections.abc import Collection

from django.db import transaction

from lachan.family.models import Adult, Child, Teacher
from lachan.family.policy import Action
from lachan.family.records import Change, Sort
from lachan.kernel.errors import InvalidInput, NotFound
from lachan.members.records import Actor
from lachan.outbox.services import durable

from .acting import acting_adult, history_add
from .households import others_require


def teacher_set(
    *,
    by: Actor,
    adult: uuid.UUID,
    manages: bool,
    classes: Collection[uuid.UUID] = (),
    name: str = "",
) -> None:
    """All of the school, or these classes.

    Raises:
        NotFound: no such adult in this school, or a class of another one.
        LastAdult: nobody would be left who manages it.
    """
    with durable(), transaction.atomic():
        me = acting_adult(by, Action.HOUSEHOLD_MANAGE)
        if me.household.sort != Sort.SCHOOL:
            raise InvalidInput("a family's adults decide together")
        row = me.household.adults.select_related("household").filter(uid=adult).first()
        if row is None:
            raise NotFound("no such adult in this school")
        if not manages:
            others_require(row)
        _set(row, classes, manages=manages)
        about = name or f"#{row.number}"
        history_add(me.household, Change.TEACHER_SET, adult=me.number, about=about)


def _set(row: Adult, classes: Collection[uuid.UUID], *, manages: bool) -> None:
    asked = set() if manages else set(classes)
    known = Child.objects.filter(household=row.household, uid__in=asked)
    if known.count() != len(asked):
        raise NotFound("no such class in this school")
    text = " ".join(sorted(map(str, asked)))
    teacher = Teacher.objects.filter(adult=row).first() or Teacher(adult=row)
    teacher.manages, teacher.classes = manages, text
    teacher.save()
