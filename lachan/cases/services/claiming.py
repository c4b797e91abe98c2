"""Whose case it is. A claim is one conditional update: of two who press at once, one gets it."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from lachan.cases.audit_actions import CaseAudit
from lachan.cases.models import Case, CaseNote
from lachan.cases.records import CaseMoved, CaseTaken, Happening, NoSuchChoice, Status
from lachan.cases.selectors.desk import case_get, colleague_list
from lachan.kernel.errors import Refused
from lachan.members.records import Actor
from lachan.members.selectors import people_able
from lachan.members.services import audit_record
from lachan.reports.policy import Action

from .notes import note_write
from .rating import case_rate
from .timeline import happening_record

_AUDIT = {
    Happening.CLAIMED: CaseAudit.CASE_CLAIMED,
    Happening.RELEASED: CaseAudit.CASE_RELEASED,
    Happening.HANDED_OVER: CaseAudit.CASE_HANDED_OVER,
}


@transaction.atomic
def case_claim(*, by: Actor, uid: UUID) -> None:
    """Take a case that nobody has, or nobody who may still work on it; taking one's own again does nothing.

    Raises:
        CaseTaken: somebody else has it.
        CaseMoved: it is closed.
        NotFound, Refused: as `case_get`.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK)
    if by.person_id is None:
        raise Refused("only a person works on a case")
    # What was somebody's who can no longer act is nobody's, also before it is put back into the queue.
    nobodys = Q(assignee=None) | ~Q(assignee__in=people_able(Action.CASE_WORK))
    free = Case.objects.filter(nobodys, pk=case.pk, closed_at=None)
    if not free.update(assignee_id=by.person_id, status=Status.CLAIMED):
        case = Case.objects.get(pk=case.pk)
        if case.assignee_id == by.person_id and case.closed_at is None:
            return
        raise CaseMoved("closed") if case.closed_at else CaseTaken("somebody else works on it")
    _moved(case, Happening.CLAIMED, by)


@transaction.atomic
def case_release(*, by: Actor, uid: UUID) -> None:
    """Give a case back to the queue.

    Raises:
        CaseMoved: it is not the actor's any more.
        NotFound, Refused: as `case_get`.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK)
    mine = Case.objects.filter(pk=case.pk, assignee_id=by.person_id, closed_at=None)
    if by.person_id is None or not mine.update(assignee=None, status=Status.NEW):
        raise CaseMoved("it is not yours")
    _moved(case, Happening.RELEASED, by)


@transaction.atomic
def case_hand_over(*, by: Actor, uid: UUID, to: UUID, words: str = "") -> None:
    """Give a case to a colleague, also one that somebody else has: people fall ill.

    Args:
        by: a colleague, who need not have it.
        uid: of the case.
        to: the colleague's uid; of the case's organisation, and allowed to work on cases.
        words: what the colleague should know; sealed.

    Raises:
        NoSuchChoice: that person cannot take it.
        CaseMoved: closed.
        NotFound, Refused: as `case_get`.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK, lock=True)
    if case.closed_at is not None:
        raise CaseMoved("closed")
    colleague = next((p for p in colleague_list(case) if p.uid == to), None)
    if colleague is None:
        raise NoSuchChoice("this person cannot take the case")
    if words.strip():
        note_write(case, by=by, words=words, kind=CaseNote.Kind.HANDOVER)
    status = Status.CLAIMED if case.status == Status.NEW else case.status
    Case.objects.filter(pk=case.pk).update(assignee_id=colleague.pk, status=status)
    _moved(case, Happening.HANDED_OVER, by, to=str(to))


def _moved(case: Case, kind: Happening, by: Actor, **detail: str) -> None:
    case.refresh_from_db()
    case_rate(case)
    happening_record(case, kind, by=by, **detail)
    audit_record(by=by, action=_AUDIT[kind], target=f"case:{case.uid}")
