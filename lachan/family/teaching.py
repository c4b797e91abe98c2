"""Which classes of a school an adult has. In a family every adult has every child."""

import uuid
from typing import Any, TypeVar

from django.db.models import QuerySet

from lachan.members.records import Actor, ActorKind
from lachan.proofs.services import row_holds

from .models import Adult, Teacher
from .records import Sort

Q = TypeVar("Q", bound="QuerySet[Any]")


def manages(adult: Adult) -> bool:
    """Whether all of the household is this adult's to manage."""
    if adult.household.sort == Sort.FAMILY:
        return True
    teacher = teacher_of(adult)
    return teacher is not None and teacher.manages


def teacher_of(adult: Adult) -> Teacher | None:
    """None where nothing was given yet, or the row was altered past the product."""
    teacher: Teacher | None = getattr(adult, "teacher", None)
    return teacher if teacher is not None and row_holds(teacher) else None


def classes_read(teacher: Teacher | None) -> frozenset[uuid.UUID]:
    return frozenset(uuid.UUID(one) for one in teacher.classes.split()) if teacher else frozenset()


def narrowed(by: Actor, rows: Q, child: str = "uid") -> Q:
    """Of rows of children, or of what hangs on them by `child`, those that `by` has."""
    if by.kind is not ActorKind.TEACHER:
        return rows
    found = Teacher.objects.select_related("adult").filter(adult_id=by.member_id).first()
    held = found if found is not None and row_holds(found) else None
    return rows.filter(**{f"{child}__in": classes_read(held)})
