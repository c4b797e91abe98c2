"""What whoever has a case does with it: answer, wait, go on, say that a clock is met, end it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

from django.db import transaction

from lachan.cases.audit_actions import CaseAudit
from lachan.cases.events import CaseClosed, CaseReopened
from lachan.cases.models import Case, CaseNote
from lachan.cases.records import CaseMoved, CaseTaken, Happening, NoSuchChoice, Status
from lachan.cases.selectors.choices import outcome_list
from lachan.cases.selectors.desk import (
    case_get,
    case_rating,
    case_state,
    duplicate_list,
    report_is_worked_on,
)
from lachan.formats.classification.categories import category_code
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput, NotFound
from lachan.kernel.seen import Stale, state_check
from lachan.members.policy import policy_allows
from lachan.members.records import Actor, system
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish
from lachan.reports.policy import Action
from lachan.reports.records import ReportFacts
from lachan.reports.selectors import report_get
from lachan.reports.services import report_answer, report_close, report_reopen

from .notes import LONGEST, note_write
from .rating import case_rate
from .timeline import happening_record

DUPLICATE = "duplicate"


def case_held(*, by: Actor, uid: UUID) -> Case:
    """The case, locked, if `by` is who works on it.

    Raises:
        CaseTaken: it is nobody's or somebody else's: claim it first.
        CaseMoved: it is closed.
        NotFound, Refused: as `case_get`.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK, lock=True)
    if case.closed_at is not None:
        raise CaseMoved("closed")
    if by.person_id is None or case.assignee_id != by.person_id:
        raise CaseTaken("claim the case first")
    return case


@contextmanager
def case_seen(*, by: Actor, uid: UUID, seen: str, lock: bool = True) -> Iterator[None]:
    """Act on a case as it was seen: what is done inside is one transaction, in which the case is locked.

    Args:
        by: who acts.
        uid: of the case.
        seen: the mark of `case_state` that the page carried; empty where nobody looked at a page.
        lock: False for what locks two cases in an order of its own.

    Raises:
        Stale: the case has changed since, or a reporter wrote.
        NotFound, Refused: as `case_get`.
    """
    with transaction.atomic():
        case = case_get(by=by, uid=uid, action=Action.CASE_WORK, lock=lock)
        state_check(seen, *case_state(case))
        yield


@transaction.atomic
def case_answer(
    *, by: Actor, uid: UUID, words: str, is_question: bool = False, token: str = ""
) -> None:
    """Write to the reporter; a question makes the case wait for the answer.

    Args:
        by: who has the case.
        uid: of the case.
        words: to the reporter.
        is_question: whether an answer is awaited.
        token: the form's own, at least 128 random bits; the same form sent twice with the same words is
            one message.

    Raises:
        InvalidInput: no words.
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`.
    """
    case = case_held(by=by, uid=uid)
    if not words.strip() or len(words) > LONGEST:
        raise InvalidInput(f"some words are needed, at most {LONGEST} characters")
    # The token is kept nowhere: without it neither mark can be used to test a guess at the words.
    mark = hashlib.sha256(f"{token}\n{words}".encode()).hexdigest() if token else ""
    report_answer(by=by, report=case.report_uid, words=words, is_question=is_question, token=mark)
    # Who wrote what has not been read yet still waits: this answers what came before.
    if not case.reporter_unread:
        case.reporter_waits_since = None
    waits = is_question and not case.reporter_unread
    case.status = Status.WAITING if waits else Status.IN_PROGRESS
    case_rate(case)
    key = f"answered:{hashlib.sha256(mark.encode()).hexdigest()[:32]}" if mark else None
    happening_record(case, Happening.ANSWERED, by=by, key=key, question=is_question)


@transaction.atomic
def case_move(*, by: Actor, uid: UUID, to: Status) -> None:
    """Say that work goes on, or that the case waits for somebody.

    Raises:
        NoSuchChoice: `to` is neither `in_progress` nor `waiting`.
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`.
    """
    kinds = {Status.IN_PROGRESS: Happening.STARTED, Status.WAITING: Happening.WAITS}
    if to not in kinds:
        raise NoSuchChoice("in_progress or waiting")
    case = case_held(by=by, uid=uid)
    if case.status == to:
        return
    case.status = to
    case_rate(case)
    happening_record(case, kinds[to], by=by)


@transaction.atomic
def case_classify(*, by: Actor, uid: UUID, category: str) -> None:
    """Put a case under another category: a child chooses by a few words, the desk has read the whole.

    Raises:
        UnknownCategory: no such code.
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`.
    """
    case = case_held(by=by, uid=uid)
    before, case.category = case.category, category_code(category)
    if before == case.category:
        return
    case_rate(case)
    happening_record(case, Happening.CLASSIFIED, by=by, before=before, now=case.category)


@transaction.atomic
def clock_meet(*, by: Actor, uid: UUID, clock: str) -> None:
    """Say that what a clock asks for is done.

    Raises:
        NoSuchChoice: no such clock runs for this case.
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`.
    """
    case = case_held(by=by, uid=uid)
    if clock not in {running.code for running in case_rating(case).clocks}:
        raise NoSuchChoice("no such clock runs")
    if clock in case.clocks_met:
        return
    case.clocks_met = [*case.clocks_met, clock]
    case_rate(case)
    happening_record(case, Happening.CLOCK_MET, by=by, clock=clock)


@transaction.atomic
def case_close(*, by: Actor, uid: UUID, outcome: str, words: str = "") -> None:
    """End a case. Its report's days of retention run from now on, and those of its duplicates', where no
    other desk works on it.

    Args:
        by: who has the case.
        uid: of the case.
        outcome: a code of `data/outcomes.json` that holds today.
        words: what colleagues should know later; sealed.

    Raises:
        NoSuchChoice: no such outcome.
        Stale: the reporter wrote something that who has the case has not read.
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`.
    """
    if outcome not in {choice.code for choice in outcome_list()}:
        raise NoSuchChoice("no such outcome")
    case = case_held(by=by, uid=uid)
    if case.reporter_unread:
        raise Stale("the reporter wrote, and nobody has read it")
    if words.strip():
        note_write(case, by=by, words=words, kind=CaseNote.Kind.OUTCOME)
    case_end(case, by=by, outcome=outcome)
    for report in _reports(case):
        with suppress(NotFound):  # deleted when its time of keeping ended
            # Of two desks that end at once the second sees that the first has.
            facts = report_get(report, lock=True)
            if not report_is_worked_on(report):
                report_close(by=_for_report(by, facts), report=report)


def case_end(case: Case, *, by: Actor, outcome: str) -> None:
    """The columns and lines of an end; `case` is locked."""
    case.status, case.outcome, case.closed_at = Status.CLOSED, outcome, now()
    case.reporter_waits_since, case.reporter_unread = None, False
    case_rate(case)
    happening_record(case, Happening.CLOSED, by=by, outcome=outcome)
    audit_record(by=by, action=CaseAudit.CASE_CLOSE, target=f"case:{case.uid}")
    event_publish(CaseClosed(case=case.uid, report=case.report_uid, outcome=outcome))


@transaction.atomic
def case_reopen(*, by: Actor, uid: UUID) -> None:
    """Work on a closed case again; it becomes the actor's.

    Raises:
        CaseMoved: it is open, it was closed into another (undo the link instead), or its report is gone.
        NotFound, Refused: as `case_get`.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK, lock=True)
    if case.closed_at is None or case.outcome not in {o.code for o in outcome_list(all_days=True)}:
        raise CaseMoved("not closed by an outcome")
    if by.person_id is None:
        raise CaseTaken("only a person works on a case")
    try:
        report_reopen(by=_for_report(by, report_get(case.report_uid)), report=case.report_uid)
    except NotFound:
        raise CaseMoved("its report is gone") from None
    case.status, case.outcome, case.closed_at = Status.CLAIMED, "", None
    case.assignee_id, case.reopened_at = by.person_id, now()
    case_rate(case)
    reports_reopen(case, by=by)
    happening_record(case, Happening.REOPENED, by=by)
    event_publish(CaseReopened(case=case.uid, report=case.report_uid))


def reports_reopen(case: Case, *, by: Actor) -> None:
    """The days of retention stop for the reports of a case and of what was closed into it."""
    for report in _reports(case):
        with suppress(NotFound):  # deleted when its time of keeping ended
            report_reopen(by=_for_report(by, report_get(report)), report=report)


def _reports(case: Case) -> list[UUID]:
    """Of a case, and of everything that was closed into it; in one order, since they are locked."""
    return sorted({case.report_uid, *(one.report_uid for one in duplicate_list(case))})


def _for_report(by: Actor, facts: ReportFacts) -> Actor:
    """Who stops or starts a report's days: not somebody of a desk to which it was only referred, whose act says
    no more than that.
    """
    may = policy_allows(by, Action.CASE_WORK, organisation_id=facts.organisation_id)
    return by if may else system("cases")
