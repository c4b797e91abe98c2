"""The door to referral: another organisation's desk gets a case of its own, and the words that are meant for it."""

from uuid import UUID

from django.db import IntegrityError, transaction

from lachan.cases.audit_actions import CaseAudit
from lachan.cases.models import Case, CaseNote
from lachan.cases.records import CaseMoved, Happening, NoSuchChoice
from lachan.cases.selectors.desk import case_is_referred
from lachan.kernel.clock import hour
from lachan.kernel.errors import NotFound, Refused
from lachan.members.records import Actor, system
from lachan.members.selectors import desk_key_current, organisation_acting
from lachan.members.services import audit_record

from .notes import note_write
from .opening import case_begin
from .timeline import happening_record
from .working import case_held


@transaction.atomic
def case_refer(*, by: Actor, uid: UUID, to: UUID, words: str) -> UUID:
    """Open a case of another organisation for the report of a case; its uid.

    That desk gets the plain columns and `words`, sealed to its own key: neither the report nor what the reporter
    writes, nor anything of the case here. What it does with its case is not seen here.

    Args:
        by: who has the case.
        uid: of the case.
        to: the organisation's uid.
        words: what it should know.

    Raises:
        NoSuchChoice: that organisation may not act now, keeps no desk, or is the case's own.
        CaseMoved: closed, its report is gone, or it was referred there before.
        InvalidInput: no words, or more than 20,000 characters.
        Refused: the report was sent to another desk, which alone refers it.
        CaseTaken, NotFound, Refused: as `case_held`.
    """
    case = case_held(by=by, uid=uid)
    try:
        if case_is_referred(case):
            raise Refused("only the desk that a report was sent to refers it")
    except NotFound:
        raise CaseMoved("its report is gone") from None
    there = organisation_acting(to)
    if there in {None, case.organisation_id} or desk_key_current(there) is None:
        raise NoSuchChoice("that organisation keeps no desk")
    fresh = Case(
        report_uid=case.report_uid,
        organisation_id=there,
        category=case.category,
        urgency=case.urgency,
        province=case.province,
        language=case.language,
        opened_at=hour(),
    )
    try:
        case_begin(fresh, by=system("cases"))
    except IntegrityError:
        raise CaseMoved("referred there before") from None
    note_write(fresh, by=by, words=words, kind=CaseNote.Kind.REFERRAL)
    happening_record(case, Happening.REFERRED, by=by, organisation=str(to))
    audit_record(by=by, action=CaseAudit.CASE_REFERRED, target=f"case:{case.uid}")
    return fresh.uid
