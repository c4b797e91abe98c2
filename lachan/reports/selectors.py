"""Reads. Whoever reads a child's words is written down."""

import uuid
from collections.abc import Iterable, Mapping

import msgspec
from django.db.models import Count

from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.kernel.sealing.bound import unbind
from lachan.kernel.sealing.envelope import unseal
from lachan.kernel.sealing.errors import SealBroken
from lachan.members.policy import Action, policy_check
from lachan.members.records import Actor
from lachan.members.services import audit_record
from lachan.proofs.services import row_holds

from .audit_actions import ReportAudit
from .models import InboxSession, Message, Report
from .records import (
    Author,
    OpenReport,
    ReportContent,
    ReportFacts,
    ReportMessage,
    Status,
    Trust,
    Urgency,
)


def report_get(report: uuid.UUID, *, lock: bool = False) -> ReportFacts:
    """The plain columns.

    Args:
        report: its uid.
        lock: hold the row until the transaction ends.

    Raises:
        NotFound: there is none, or it was purged.
    """
    return facts(_row(report, lock=lock))


def report_list(
    *,
    status: Status | None = None,
    uids: Iterable[uuid.UUID] | None = None,
    organisation_id: int | None = None,
    limit: int = 200,
    offset: int = 0,
) -> list[ReportFacts]:
    """Plain columns of many, oldest hour first; of one organisation's desk when it is named."""
    rows = Report.objects.defer("sealed").order_by("received_hour", "id")
    if status is not None:
        rows = rows.filter(status=status)
    if uids is not None:
        rows = rows.filter(uid__in=list(uids))
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    return [facts(row) for row in rows[offset : offset + limit]]


def report_count(*, status: Status, organisation_id: int | None = None) -> int:
    """How many are in a state; at one organisation's desk when it is named."""
    rows = Report.objects.filter(status=status)
    if organisation_id is not None:
        rows = rows.filter(organisation_id=organisation_id)
    return rows.count()


def report_open(*, by: Actor, report: uuid.UUID, keys: Mapping[uuid.UUID, str]) -> OpenReport:
    """The report and its messages, unsealed, and a line in the audit trail.

    Args:
        by: needs `Action.CASE_READ` for the report's organisation.
        report: its uid.
        keys: private desk keys that this person has unlocked, by the desk key's uid.

    Raises:
        Refused: by the policy.
        SealBroken: none of the keys opens this report.
        NotFound: there is no such report.
    """
    row = _row(report)
    policy_check(by, Action.CASE_READ, organisation_id=row.organisation_id)
    audit_record(by=by, action=ReportAudit.REPORT_OPEN, target=f"report:{report}")
    # Its own key first; the others only where the desk's key changed hands.
    ordered = sorted(keys, key=lambda uid: uid != row.desk_key)
    return opened(row, [keys[uid] for uid in ordered])


def opened(row: Report, keys: list[str]) -> OpenReport:
    """A report with its messages, as far as these keys open them and their rows are to be trusted.

    Raises:
        SealBroken: none of the keys opens this report, which was not altered.
    """
    plain = _unseal(row.sealed, keys)
    words, trust = _trusted(row, plain, "report", row.uid)
    if plain is None and trust is not Trust.BROKEN:
        raise SealBroken("no unlocked key opens this report")
    messages = message_list(row, keys)
    return OpenReport(
        facts=facts(row),
        content=content_read(words) if words is not None else ReportContent(),
        messages=messages,
        trust=trust,
        missing=row.written - len(messages),
    )


def message_list(row: Report, keys: list[str]) -> tuple[ReportMessage, ...]:
    """All messages of a report, oldest first, as far as these keys open them."""
    return tuple(
        _message(message, row.uid, keys) for message in row.messages.order_by("number", "id")
    )


def _message(message: Message, report: uuid.UUID, keys: list[str]) -> ReportMessage:
    plain = _unseal(message.sealed, keys)
    place = ("message", report, message.number, message.author)
    words, trust = _trusted(message, plain, *place)
    return ReportMessage(
        author=Author(message.author),
        words=None if words is None else words.decode(),
        written=message.written_hour,
        is_question=message.is_question,
        trust=trust,
    )


def _trusted(
    row: Report | Message, plain: bytes | None, *place: object
) -> tuple[bytes | None, Trust]:
    """The words, where row and seal agree that they belong there."""
    if not row_holds(row):
        return None, Trust.BROKEN
    if plain is None:
        return None, Trust.PROVED
    try:
        words, is_bound = unbind(plain, *place)
    except SealBroken:
        return None, Trust.BROKEN
    return words, Trust.PROVED if is_bound else Trust.UNBOUND


def message_counts(
    reports: Iterable[uuid.UUID], *, organisation_id: int
) -> dict[tuple[uuid.UUID, Author], int]:
    """How many messages each side wrote after each of these reports, of those that were sent to that
    organisation's desk; none where there is none.
    """
    sent = Message.objects.filter(
        report__uid__in=list(reports), report__organisation_id=organisation_id
    )
    rows = sent.values_list("report__uid", "author")
    counted = rows.annotate(n=Count("id")).order_by()
    return {(report, Author(author)): n for report, author, n in counted}


def inbox_session_get(mark: bytes) -> InboxSession | None:
    """The row, while it may be of use; when exactly it closes, `inbox` finds under its lock."""
    rows = InboxSession.objects.select_related("report")
    return rows.filter(mark=mark, closes_hour__gt=now()).first()


def content_read(plain: bytes) -> ReportContent:
    return msgspec.convert(msgspec.json.decode(plain), ReportContent)


def _row(report: uuid.UUID, *, lock: bool = False) -> Report:
    rows = Report.objects.select_for_update() if lock else Report.objects.all()
    row = rows.filter(uid=report).first()
    if row is None:
        raise NotFound("no such report")
    return row


def _unseal(sealed: bytes, keys: list[str]) -> bytes | None:
    for key in keys:
        try:
            return unseal(bytes(sealed), key=key)
        except SealBroken:
            continue
    return None


def facts(row: Report) -> ReportFacts:
    return ReportFacts(
        uid=row.uid,
        status=Status(row.status),
        category=row.category,
        urgency=Urgency(row.urgency),
        province=row.province,
        language=row.language,
        received=row.received_hour,
        organisation_id=row.organisation_id,
        desk_key=row.desk_key,
    )
