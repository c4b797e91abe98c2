"""Opening a report: written down each time, and the one moment at which its addresses can be compared."""

from collections.abc import Mapping
from uuid import UUID

from django.db import transaction

from lachan.cases.fingerprints import fingerprints
from lachan.cases.models import Case, CaseFingerprint
from lachan.cases.records import Happening
from lachan.cases.selectors.candidates import observables
from lachan.cases.selectors.desk import case_get, case_worked_on, unread_list
from lachan.formats.observables.record import Observable
from lachan.kernel.clock import now
from lachan.kernel.errors import Refused
from lachan.members import selectors as members
from lachan.members.policy import Action
from lachan.members.records import Actor
from lachan.members.services import desk_key_open
from lachan.reports.records import Author, OpenReport
from lachan.reports.selectors import report_get, report_open

from .timeline import happening_record


def case_keys(*, by: Actor, uid: UUID, unlocked: str) -> dict[UUID, str]:
    """The desk keys that a case needs: its report's own, and those of its desk for what was written later.

    Args:
        by: who wants to read.
        uid: of the case.
        unlocked: the person's private key, from the session.

    Raises:
        Refused: with code `key-missing`, where the person holds no copy of any.
        NotFound: as `case_get`.
    """
    case = case_get(by=by, uid=uid)
    wanted = set(members.desk_key_uids(case.organisation_id, since=case.opened_at))
    report = report_get(case.report_uid)
    if report.organisation_id == case.organisation_id:
        wanted.add(report.desk_key)
    keys: dict[UUID, str] = {}
    missing: Refused | None = None
    for key in sorted(wanted):
        try:
            keys[key] = desk_key_open(by=by, unlocked=unlocked, uid=key)
        except Refused as error:
            if error.code != "key-missing":
                raise
            missing = error
    if missing is not None and not keys:
        raise missing
    return keys


def case_report_open(*, by: Actor, uid: UUID, keys: Mapping[UUID, str]) -> OpenReport:
    """The report of a case, unsealed. Its reader is audited; its addresses leave keyed fingerprints.

    Raises:
        SealBroken: none of the keys opens it.
        NotFound, Refused: as `case_get`; or it was sent to another organisation's desk.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_READ)
    opened = report_open(by=by, report=case.report_uid, keys=keys)
    with transaction.atomic():
        _fingerprint(case, observables(opened), keys)
        if case_worked_on(case).assignee_id == by.person_id:
            _read(case, opened)
        # One line a person and day: the audit trail has each opening, the timeline stays readable.
        key = f"opened:{by.label}:{now().date().isoformat()}"
        happening_record(case, Happening.REPORT_OPENED, by=by, key=key)
    return opened


def _read(case: Case, opened: OpenReport) -> None:
    """Count what was opened; the mark of unread words goes when none is left, here or in a duplicate."""
    read = sum(message.author is Author.REPORTER for message in opened.messages)
    Case.objects.filter(pk=case.pk, reporter_read__lt=read).update(reporter_read=read)
    locked = Case.objects.select_for_update().get(pk=case.pk)
    if locked.reporter_unread and not unread_list(locked):
        Case.objects.filter(pk=case.pk).update(reporter_unread=False)


def _fingerprint(case: Case, found: list[Observable], keys: Mapping[UUID, str]) -> None:
    rows = {row for key in keys.values() for row in fingerprints(found, desk_key=key)}
    known = {(k, bytes(d)) for k, d in case.fingerprints.values_list("kind", "digest")}
    CaseFingerprint.objects.bulk_create(
        [CaseFingerprint(case=case, kind=k, digest=d) for k, d in rows - known],
        ignore_conflicts=True,
    )
