"""The rules' advice, kept in columns; and a person's word against it."""

from functools import cache
from uuid import UUID

from django.db import transaction

from lachan.cases.models import Case, CaseNote
from lachan.cases.priority import rate, rules
from lachan.cases.records import Happening
from lachan.cases.selectors.desk import case_facts, case_get
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.members.records import Actor
from lachan.outbox.services import clock_is_believed
from lachan.reports.policy import Action

from .notes import note_write
from .timeline import happening_record

HIGHEST = 999
_BATCH = 500


def case_rate(case: Case) -> None:
    """Ask the rules anew and save what they say."""
    rating = rate(case_facts(case), now())
    case.score = rating.score
    case.reasons = [reason.code for reason in rating.reasons]
    case.priority = rating.score if case.override is None else case.override
    case.due_at, case.next_rating_at = rating.due_at, rating.next_at
    case.rules_version = rules().version
    case.save()


def cases_rate_due() -> int:
    """Rate again what time alone has changed; the number of cases.

    A restart with other rules makes every open case due, in batches. A clock that is doubted changes nothing:
    what it made overdue would stay so.
    """
    if not clock_is_believed():
        return 0
    _new_rules_apply(rules().version)
    due = Case.objects.filter(closed_at=None, next_rating_at__lte=now())
    pks = list(due.order_by("next_rating_at").values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        with transaction.atomic():
            if case := Case.objects.select_for_update().filter(pk=pk, closed_at=None).first():
                case_rate(case)
    return len(pks)


@cache
def _new_rules_apply(version: str) -> None:
    stale = Case.objects.filter(closed_at=None).exclude(rules_version=version)
    stale.update(next_rating_at=now())


@transaction.atomic
def priority_set(*, by: Actor, uid: UUID, priority: int | None, reason: str) -> None:
    """Put a person's judgement above the rules' sum; None gives the word back to the rules.

    Args:
        by: whose judgement it is.
        uid: of the case.
        priority: 0 to 999.
        reason: sealed, since it is about this child.

    Raises:
        InvalidInput: no reason, or a number out of range.
        NotFound, Refused: as `case_get`.
        Unavailable: there is no desk key to seal the reason to.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK, lock=True)
    if priority is not None:
        if not 0 <= priority <= HIGHEST:
            raise InvalidInput(f"a priority is between 0 and {HIGHEST}")
        note_write(case, by=by, words=reason, kind=CaseNote.Kind.PRIORITY)
    case.override = priority
    case_rate(case)
    kind = Happening.PRIORITY_FREED if priority is None else Happening.PRIORITY_SET
    happening_record(case, kind, by=by, to=priority, advised=case.score)
