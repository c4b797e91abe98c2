"""A report becomes a case, comes back to life when the reporter writes, and is forgotten with its report."""

from uuid import UUID

from django.db import IntegrityError, transaction

from lachan.cases.events import CaseOpened
from lachan.cases.models import Case
from lachan.cases.records import Happening, Status
from lachan.cases.selectors.desk import case_worked_on
from lachan.kernel.clock import hour, now
from lachan.kernel.errors import NotFound
from lachan.members.records import Actor
from lachan.outbox.services import event_publish
from lachan.reports.selectors import report_get

from .rating import case_rate
from .timeline import happening_record
from .working import reports_reopen

FORGOTTEN = "forgotten"


@transaction.atomic(savepoint=False)  # each report that arrives passes here
def case_open(*, by: Actor, report: UUID) -> UUID:
    """Open the case of a report at the desk to which it was sent, once; the case's uid.

    Times are those of the report, by the hour: an exact one could be laid beside a school's log.

    Raises:
        NotFound: there is no such report.
    """
    facts = report_get(report)
    same = Case.objects.filter(report_uid=report, organisation_id=facts.organisation_id)
    if (known := same.values_list("uid", flat=True).first()) is not None:
        return known
    case = Case(
        report_uid=report,
        organisation_id=facts.organisation_id,
        category=facts.category,
        urgency=facts.urgency,
        province=facts.province,
        language=facts.language,
        opened_at=facts.received,
    )
    try:
        case_begin(case, by=by)
    except IntegrityError:  # another worker opened it meanwhile
        return same.get().uid
    return case.uid


def case_begin(case: Case, *, by: Actor) -> None:
    """Save a fresh case and say so.

    Raises:
        IntegrityError: that desk has a case of that report; the transaction can go on.
    """
    with transaction.atomic():
        case_rate(case)
    happening_record(case, Happening.OPENED, by=by, at=case.opened_at)
    event_publish(CaseOpened(case=case.uid, report=case.report_uid))


@transaction.atomic
def case_mark_written(*, by: Actor, report: UUID) -> None:
    """The reporter wrote to the desk: mark its case, and open it again if it was closed. Other desks that have
    one hear nothing.

    What is written to a duplicate counts for the case that it was closed into. Hearing it twice marks
    what is marked.
    """
    try:
        desk = report_get(report).organisation_id
    except NotFound:  # deleted meanwhile
        return
    cases = Case.objects.select_for_update().filter(report_uid=report)
    case = cases.filter(organisation_id=desk).first()
    if case is None:
        return
    case = case_worked_on(case, lock=True)
    began = hour()
    case.reporter_unread = True
    case.reporter_waits_since = case.reporter_waits_since or began
    if case.status == Status.CLOSED:
        case.status, case.assignee, case.outcome = Status.NEW, None, ""
        case.closed_at, case.reopened_at = None, began
        reports_reopen(case, by=by)
        happening_record(case, Happening.REOPENED, by=by, at=began)
    elif case.status == Status.WAITING:
        case.status = Status.IN_PROGRESS if case.assignee_id else Status.NEW
    happening_record(
        case, Happening.REPORTER_WROTE, by=by, at=began, key=f"wrote:{report}:{began.isoformat()}"
    )
    case_rate(case)


@transaction.atomic
def case_forget(*, by: Actor, report: UUID) -> None:
    """The report is gone by the rule of retention: so go the notes and the fingerprints, at every desk."""
    for case in Case.objects.select_for_update().filter(report_uid=report).order_by("pk"):
        case.notes.all().delete()
        case.fingerprints.all().delete()
        if case.status != Status.CLOSED:
            case.status, case.outcome, case.closed_at = Status.CLOSED, FORGOTTEN, now()
            case.save(update_fields=["status", "outcome", "closed_at"])
            happening_record(case, Happening.CLOSED, by=by, outcome=FORGOTTEN)
