"""Writes: a report arrives, is held or let go, is answered, is closed, is forgotten.

The order of work keeps the database's one writer free: keys are derived and words sealed before the
transaction, which then holds two inserts.
"""

import hashlib
import hmac
import secrets
import uuid
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from lachan.formats.classification.categories import category_code
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput, NotFound, Unavailable
from lachan.kernel.sealing.errors import WorkRefused
from lachan.kernel.sealing.receipts import receipt_for
from lachan.kernel.sealing.work import pow_challenge, pow_read, pow_verify
from lachan.members import selectors as members
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind, DeskKeyRecord
from lachan.members.services import audit_record
from lachan.outbox.services import clock_is_believed, durable, event_publish
from lachan.proofs.services import row_require

from . import arrivals, conf
from .audit_actions import ReportAudit
from .events import ReporterWrote, ReportPurged, ReportReceived
from .models import InboxSession, Report
from .policy import Action
from .records import Author, ReportContent, Status, Submitted, Urgency
from .sealing import hour_now, message_seal, report_seal

_HOUR = timedelta(hours=1)


class FormUnknown(InvalidInput):
    """The form's token is not one of ours: the page was altered, or is from another instance."""

    code = "form-unknown"


def form_new() -> str:
    """A one-time token for one form: 128 random bits, dated and signed, and a challenge for proof of work."""
    bits = conf.WORK_BITS_BUSY if arrivals.is_busy() else conf.WORK_BITS_CALM
    return pow_challenge(conf.secret("form"), bits=bits, now=now())


def is_open() -> bool:
    """Whether there is a desk that reports can be sealed to."""
    return members.desk_key_home() is not None


def report_submit(
    *,
    by: Actor,
    form: str,
    category: str,
    urgency: Urgency,
    province: str,
    language: str,
    content: ReportContent,
    work: str = "",
) -> Submitted:
    """Seal and keep a report.

    Args:
        by: usually the public; nothing of it is kept.
        form: a token of `form_new`. The same token again gives the same report and receipt; with other
            words it adds them to that report.
        category: a code of `lachan.formats.classification`.
        urgency: in the reporter's own judgement.
        province: a code, or empty.
        language: of the pages that the reporter saw.
        content: what is sealed.
        work: the answer to the token's challenge. While it is busy the report waits without one, and with
            one of a calmer time: a flood would lay in easy ones beforehand.

    Raises:
        FormUnknown: not a token of ours.
        UnknownCategory: no code of `lachan.formats.classification`.
        Unavailable: there is no desk to seal to.
    """
    token, category = _form_token(form), category_code(category)
    busy = arrivals.is_busy()
    receipt = receipt_for(conf.secret("receipt"), token)
    desk = _desk(members.desk_key_home())
    row = report_seal(desk, receipt=receipt, token=token, content=content)
    earned = not busy or _is_earned(form, work, conf.WORK_BITS_BUSY)
    row.status = Status.OPEN if earned else Status.HELD
    row.category, row.urgency = category, urgency
    row.province, row.language = province, language
    try:
        # The receipt is a promise: it is shown when the report is on the disk.
        with durable(), transaction.atomic():
            row.save(force_insert=True)
            if row.status == Status.OPEN:
                _say_received(row)
    except IntegrityError:
        return _submitted_again(row, content, receipt)
    # Not before: pages with scripts send every form twice, and the second time nothing arrives.
    arrivals.arrival_note()
    return Submitted(report=row.uid, receipt=receipt, again=False, key=desk.number)


def _form_token(form: str) -> bytes:
    try:
        pow_read(conf.secret("form"), form)
    except WorkRefused:
        raise FormUnknown("this form is not one of ours") from None
    return form.encode()


def _is_earned(form: str, work: str, bits: int) -> bool:
    try:
        pow_verify(conf.secret("form"), challenge=form, answer=work, now=now(), bits=bits)
    except WorkRefused:
        return False
    return True


def _submitted_again(fresh: Report, content: ReportContent, receipt: str) -> Submitted:
    """The form was sent before. Nothing that was typed may be lost, so other words become a message."""
    row = Report.objects.get(form_mark=fresh.form_mark)
    if not hmac.compare_digest(bytes(row.content_mark), fresh.content_mark):
        words = "\n\n".join(
            part for part in (content.words, content.traces, content.contact) if part
        )
        mark = hashlib.sha256(bytes(fresh.form_mark) + fresh.content_mark).digest()[:16]
        _message_add(row, Author.REPORTER, words, mark)
    shown = receipt if now() < row.received_hour + conf.RETRY else None
    return Submitted(report=row.uid, receipt=shown, again=True)


def report_answer(
    *, by: Actor, report: uuid.UUID, words: str, is_question: bool = False, token: str = ""
) -> None:
    """Write to the reporter; the same `token` with the same words again is the same message.

    Raises:
        Refused: by the policy (`Action.REPORT_ANSWER`).
        NotFound: no such report.
        RowUnproved: it was altered past the product: the words could go to whoever did it.
    """
    row = _row_whole(report)
    policy_check(by, Action.REPORT_ANSWER, organisation_id=row.organisation_id)
    with transaction.atomic():
        mark = _mark(row, token, words)
        if _message_add(row, Author.DESK, words, mark, is_question=is_question):
            audit_record(by=by, action=ReportAudit.REPORT_ANSWER, target=f"report:{report}")


def reporter_write(*, by: Actor, report: uuid.UUID, words: str, token: str = "") -> None:
    """The reporter adds something; the caller has shown to hold the receipt.

    Raises:
        RowUnproved: as `report_answer`.
    """
    row = _row_whole(report)
    _message_add(row, Author.REPORTER, words, _mark(row, token, words))


def _message_add(
    row: Report, author: Author, words: str, mark: bytes, *, is_question: bool = False
) -> bool:
    # Desk and reporter, to whose keys the words are sealed, stand in the row.
    row_require(row)
    desk = _desk(members.desk_key_current(row.organisation_id))
    try:
        with durable(), transaction.atomic():
            number = _number_next(row)
            message = message_seal(desk, row, author=author, words=words, mark=mark, number=number)
            message.is_question = is_question
            message.save(force_insert=True)
            if author is Author.REPORTER:
                event_publish(ReporterWrote(report=row.uid))
    except IntegrityError:
        return False
    return True


def _number_next(row: Report) -> int:
    """The number of the report's next message, counted in the report."""
    mine = Report.objects.filter(pk=row.pk)
    number = mine.select_for_update().values_list("written", flat=True).get() + 1
    mine.update(written=number)
    return number


def report_hold(*, by: Actor, report: uuid.UUID) -> None:
    """Put an open report aside (a flood, a hoax); it can be let go again, and is never thrown away.

    Raises:
        Refused, NotFound: as for `report_answer`, with `Action.REPORT_RELEASE`.
    """
    row = _row(report)
    policy_check(by, Action.REPORT_RELEASE, organisation_id=row.organisation_id)
    with transaction.atomic():
        if Report.objects.filter(pk=row.pk, status=Status.OPEN).update(status=Status.HELD):
            audit_record(by=by, action=ReportAudit.REPORT_HOLD, target=f"report:{report}")


def report_release(*, by: Actor, report: uuid.UUID) -> None:
    """Let a held report go to the desk.

    Raises:
        Refused, NotFound: as for `report_hold`.
    """
    row = _row(report)
    policy_check(by, Action.REPORT_RELEASE, organisation_id=row.organisation_id)
    with transaction.atomic():
        if _let_go(row):
            audit_record(by=by, action=ReportAudit.REPORT_RELEASE, target=f"report:{report}")


def _let_go(row: Report) -> bool:
    if not Report.objects.filter(pk=row.pk, status=Status.HELD).update(status=Status.OPEN):
        return False
    _say_received(row)
    return True


def reports_release(*, by: Actor, limit: int = conf.RELEASED_PER_MINUTE) -> int:
    """Let the next held reports go, the most urgent first, then those of the oldest hour.

    The trail keeps no line of it: the minute in which a report was let go by itself is the one after that in
    which it came.
    """
    rank = Case(
        *(When(urgency=u, then=Value(i)) for i, u in enumerate(Urgency)),
        output_field=IntegerField(),
    )
    waiting = (
        Report.objects.defer("sealed")
        .filter(status=Status.HELD)
        .order_by(rank, "received_hour", "id")
    )
    gone = 0
    for row in list(waiting[:limit]):
        with transaction.atomic():
            gone += _let_go(row)
    return gone


def report_close(*, by: Actor, report: uuid.UUID) -> None:
    """The work is done: from now on the retention rule's days run.

    Raises:
        Refused, NotFound: as for `report_answer`, with `Action.CASE_WORK`.
    """
    row = _row(report)
    policy_check(by, Action.CASE_WORK, organisation_id=row.organisation_id)
    with transaction.atomic():
        open_ones = Report.objects.filter(pk=row.pk).exclude(status=Status.CLOSED)
        if open_ones.update(status=Status.CLOSED, closed_hour=hour_now()):
            audit_record(by=by, action=ReportAudit.REPORT_CLOSE, target=f"report:{report}")


def report_reopen(*, by: Actor, report: uuid.UUID) -> None:
    """The work goes on: the retention rule's days stop. An open report stays as it is.

    Raises:
        Refused, NotFound: as for `report_close`.
    """
    row = _row(report)
    policy_check(by, Action.CASE_WORK, organisation_id=row.organisation_id)
    with transaction.atomic():
        closed = Report.objects.filter(pk=row.pk, status=Status.CLOSED)
        reopened = closed.update(status=Status.OPEN, closed_hour=None)
        # Not where the reporter's own words open it again: the trail has exact times, and would tell when he
        # wrote. The case's timeline says it, by the hour.
        if reopened and by.kind is not ActorKind.SYSTEM:
            audit_record(by=by, action=ReportAudit.REPORT_REOPEN, target=f"report:{report}")


def reports_purge(*, by: Actor) -> int:
    """Forget what the retention rules say; the number of reports that went. None, while the clock is doubted."""
    moment = now()
    over = Q(closes_hour__lte=moment) | Q(closes_hour__gt=moment + 2 * _HOUR)
    InboxSession.objects.filter(over).delete()
    gone = 0
    if not clock_is_believed():
        return gone
    for rule in conf.retention_rules():
        field = "closed_hour" if rule["status"] == Status.CLOSED else "received_hour"
        until = now() - timedelta(days=rule["days"])
        for row in Report.objects.filter(status=rule["status"], **{f"{field}__lt": until}):
            with transaction.atomic():
                event_publish(ReportPurged(report=row.uid))
                audit_record(by=by, action=ReportAudit.REPORT_PURGE, target=f"report:{row.uid}")
                row.delete()
            gone += 1
    return gone


def _say_received(row: Report) -> None:
    event_publish(
        ReportReceived(
            report=row.uid,
            category=row.category,
            urgency=str(row.urgency),
            province=row.province,
            language=row.language,
        )
    )


def _desk(desk: DeskKeyRecord | None) -> DeskKeyRecord:
    if desk is None:
        raise Unavailable("no organisation receives reports yet: make a desk key first")
    return desk


def _mark(row: Report, token: str, words: str) -> bytes:
    # With the words: what is sent again and differs must not be lost. Without the token, which is not
    # kept, it cannot be used to test a guess at them.
    same = f"{row.uid}\n{token}\n{words}".encode()
    return hashlib.sha256(same).digest()[:16] if token else secrets.token_bytes(16)


def _row(report: uuid.UUID) -> Report:
    return _found(Report.objects.defer("sealed"), report)


def _row_whole(report: uuid.UUID) -> Report:
    """As it can be held to its proof."""
    return _found(Report.objects.all(), report)


def _found(rows: QuerySet[Report], report: uuid.UUID) -> Report:
    row = rows.filter(uid=report).first()
    if row is None:
        raise NotFound("no such report")
    return row
