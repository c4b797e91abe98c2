"""Two cases about one thing: closing one into the other, marking them related, and taking it back."""

from uuid import UUID

from django.db import IntegrityError, transaction

from lachan.cases.models import Case, CaseLink
from lachan.cases.records import CaseMoved, CaseTaken, Happening, NoSuchChoice
from lachan.cases.selectors.desk import case_get
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.records import Actor
from lachan.proofs.services import row_require
from lachan.reports.policy import Action

from .rating import case_rate
from .timeline import happening_record
from .working import DUPLICATE, case_end, reports_reopen


@transaction.atomic
def case_link(*, by: Actor, uid: UUID, other: UUID, kind: str) -> UUID:
    """Link a case to another of the same desk; the link's uid.

    A duplicate is closed into `other` and keeps its report and reporter: what that reporter writes from
    then on marks `other`.

    Raises:
        NoSuchChoice: `kind` is no kind of link.
        CaseMoved: one of them is closed already, they are one case, or they are linked.
        CaseTaken: somebody else works on the case that would be closed.
        NotFound, Refused: as `case_get`.
    """
    if kind not in CaseLink.Kind.values:
        raise NoSuchChoice("duplicate or related")
    # In one order whoever asks: two people linking crosswise must not wait for each other.
    locked = {
        one: case_get(by=by, uid=one, action=Action.CASE_WORK, lock=True)
        for one in sorted({uid, other})
    }
    case, target = locked[uid], locked[other]
    if case.pk == target.pk or case.organisation_id != target.organisation_id:
        raise CaseMoved("one and the same, or of two desks")
    if kind == CaseLink.Kind.DUPLICATE:
        if case.closed_at is not None or target.closed_at is not None:
            raise CaseMoved("closed")
        if case.assignee_id not in {None, by.person_id}:
            raise CaseTaken("somebody else works on it")
    link = CaseLink(
        case=case, other=target, kind=kind, made_by_id=by.person_id, status_before=case.status
    )
    try:
        with transaction.atomic():
            link.save(force_insert=True)
    except IntegrityError:
        raise CaseMoved("linked already") from None
    happening_record(case, Happening.LINKED, by=by, link=kind, to=str(target.uid))
    happening_record(target, Happening.LINKED, by=by, link=kind, of=str(case.uid))
    if kind == CaseLink.Kind.DUPLICATE:
        _closed_into(case, target, by)
    return link.uid


def _closed_into(case: Case, target: Case, by: Actor) -> None:
    waits, unread = case.reporter_waits_since, case.reporter_unread
    if waits is not None or unread:
        target.reporter_unread = True
        target.reporter_waits_since = min(
            filter(None, (waits, target.reporter_waits_since)), default=None
        )
        case_rate(target)
    case_end(case, by=by, outcome=DUPLICATE)


@transaction.atomic
def link_undo(*, by: Actor, uid: UUID) -> None:
    """Take a link back; a duplicate stands again as it stood before.

    Raises:
        NotFound: no such standing link, or none of the actor's desk.
        Refused: as `case_get`.
    """
    link = CaseLink.objects.filter(uid=uid).select_related("case", "other").first()
    if link is None:
        raise NotFound("no such link")
    for one in sorted({link.case.uid, link.other.uid}):
        case_get(by=by, uid=one, action=Action.CASE_WORK, lock=True)
    row_require(link)  # it says how the case stood before
    if not CaseLink.objects.filter(pk=link.pk, undone_at=None).update(undone_at=now()):
        raise NotFound("no such standing link")
    case = Case.objects.get(pk=link.case_id)
    if link.kind == CaseLink.Kind.DUPLICATE and case.outcome == DUPLICATE:
        case.status, case.outcome, case.closed_at = link.status_before, "", None
        case_rate(case)
        # The other case may have ended meanwhile, and with it the reports of both.
        reports_reopen(case, by=by)
    happening_record(case, Happening.UNLINKED, by=by, link=link.kind, to=str(link.other.uid))
    happening_record(link.other, Happening.UNLINKED, by=by, link=link.kind, of=str(case.uid))
