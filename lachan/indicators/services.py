"""The doors to change anything: propose, review, withdraw, expire, dispute, import.

    proposed ──approve (second person)──► published ──► withdrawn | expired
        └────reject──► rejected

Order of locks everywhere: the audit trail, the ledger's head, the indicator, its dispute.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from lachan.formats.classification.categories import category_code
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import Observable
from lachan.formats.sharing import Level, Tlp, sees
from lachan.kernel.bounds import moment_checked
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish

from .audit_actions import IndicatorAudit
from .conf import DEFAULT_CONFIDENCE, MAX_EVIDENCE
from .disputes import dispute_answer, dispute_open, dispute_open_public, disputes_settle
from .events import IndicatorProposed, IndicatorRejected
from .importing import list_import
from .ledger import head_lock
from .lifecycle import (
    indicator_expire_due,
    indicator_locked,
    indicator_reshare,
    indicator_withdraw,
    publish,
)
from .listing import listing_record
from .models import Indicator, LedgerHead, Review
from .policy import Action
from .queries import (
    agreed_elsewhere,
    is_proposer,
    raw_kept,
    record,
    shared_between,
    shared_with,
    tlp_checked,
    twin_among,
    two_organisations_asked,
    unchanged_check,
    viewer_of,
    warned,
    warning_fields,
    warnings_answered,
    warnings_now,
    warnings_open,
)
from .records import (
    STANDING,
    FourEyes,
    GuardWarning,
    IndicatorExists,
    IndicatorMoved,
    IndicatorRecord,
    NoSuchIndicator,
    SecondOrganisation,
    Status,
)
from .sitefiles import sites_replace
from .withdrawing import list_withdraw

__all__ = [
    "dispute_answer",
    "dispute_open",
    "dispute_open_public",
    "disputes_settle",
    "indicator_expire_due",
    "indicator_propose",
    "indicator_reshare",
    "indicator_review",
    "indicator_withdraw",
    "list_import",
    "list_withdraw",
    "listing_record",
    "sites_replace",
]


def indicator_propose(
    *,
    by: Actor,
    value: str,
    category: str,
    kind: str | None = None,
    confidence: int = DEFAULT_CONFIDENCE,
    tlp: str = "clear",
    evidence: str = "",
    valid_until: datetime | None = None,
    case_uid: UUID | None = None,
) -> IndicatorRecord:
    """Propose something for publication; a second person reviews it.

    Args:
        by: acts for his organisation, which becomes the source.
        value: as written; read by the rules of `lachan.formats.observables`.
        category: a code or alias of the classification.
        kind: guessed from the value where it is not given.
        confidence: 0–100.
        tlp: TLP 2.0; amber+strict and red stay within the organisation.
        evidence: why, for reviewers; no personal data of a reporter.
        valid_until: when it ends by itself; timezone-aware.
        case_uid: the case that it comes from.

    Returns:
        The indicator, with the guard's warnings that its reviewer will have to answer.

    Raises:
        InvalidObservable, UnknownCategory, InvalidInput: something cannot be used.
        IndicatorExists: it is already proposed by this organisation, or published.
        Refused: by policy.
    """
    policy_check(by, Action.INDICATOR_PROPOSE, organisation_id=by.organisation_id)
    observable = parse(value, kind)
    facts = _checked(by, category, confidence, tlp, evidence, valid_until)
    with transaction.atomic():
        seen = shared_with(by)
        _refuse_twin(by, observable, tlp, seen)
        warnings = warnings_now(observable, seen=seen)
        indicator = Indicator.objects.create(
            kind=observable.kind,
            value=observable.value,
            raw=raw_kept(observable),
            warnings=warning_fields(warnings_open(observable, warnings)),
            organisation_id=by.organisation_id,
            proposed_by_id=by.person_id,
            proposed_label=by.label,
            case_uid=case_uid,
            **facts,
        )
        audit_record(
            by=by, action=IndicatorAudit.INDICATOR_PROPOSE, target=f"indicator:{indicator.uid}"
        )
        event_publish(
            IndicatorProposed(indicator=indicator.uid, kind=indicator.kind, case=case_uid)
        )
    return warned(record(indicator, by=by), warnings)


def _checked(
    by: Actor, category: str, confidence: int, tlp: str, evidence: str, valid_until: datetime | None
) -> dict[str, Any]:
    if not 0 <= confidence <= 100:
        raise InvalidInput("confidence is a whole number from 0 to 100")
    if Tlp(tlp_checked(tlp)).level is Level.CIRCLE and by.organisation_id is None:
        raise InvalidInput("what only one organisation may see needs an organisation")
    if len(evidence) > MAX_EVIDENCE:
        raise InvalidInput("the evidence note is longer than 10,000 letters")
    if valid_until is not None and moment_checked(valid_until) <= now():
        raise InvalidInput("the end of validity is a moment in the future, with its time zone")
    return {
        "category": category_code(category),
        "confidence": confidence,
        "tlp": tlp,
        "evidence": evidence,
        "valid_until": valid_until,
    }


def _refuse_twin(by: Actor, observable: Observable, tlp: str, seen: Sequence[str]) -> None:
    own = by.organisation_id
    mine = Q(status=Status.PROPOSED, organisation_id=own)
    rows = Indicator.objects.filter(
        Q(status__in=STANDING) | mine, kind=observable.kind, value=observable.value
    )
    found = list(rows.order_by("pk"))
    standing = [one for one in found if one.status in STANDING]
    if (twin := twin_among(standing, tlp, own, seen=seen)) is not None:
        raise IndicatorExists("it is already published", twin.uid)
    if waiting := [one for one in found if one.status == Status.PROPOSED]:
        raise IndicatorExists("it is already proposed", waiting[0].uid)


def indicator_review(
    *,
    by: Actor,
    indicator: UUID,
    decision: str,
    note: str = "",
    override_reason: str | None = None,
    seen: str = "",
) -> IndicatorRecord:
    """Decide on a proposal as the second person: `approve` publishes it at once, `reject` ends it.

    What the guard warns of takes reviewers of two organisations, where there are two that have some: the
    first yes is kept, and it stays proposed.

    Args:
        override_reason: what speaks for publishing in spite of the guard; needed where it warns, in three
            words or more.

    Raises:
        SecondOrganisation: one of the same organisation has agreed already.
        FourEyes: the proposer, or somebody who is not a person.
        GuardStands: the guard warns and no reason is given.
        Stale: it is not as `seen`, the mark of `indicator_state` that the page carried.
        IndicatorMoved: already decided. IndicatorExists: the value became published meanwhile.
        NoSuchIndicator, InvalidInput, Refused.
    """
    if decision not in {"approve", "reject"}:
        raise InvalidInput("decision is approve or reject")
    with transaction.atomic():
        audit_record(
            by=by,
            action=IndicatorAudit.INDICATOR_REVIEW,
            target=f"indicator:{indicator}",
            detail={"decision": decision, "override": bool(override_reason)},
        )
        head = head_lock()
        found = indicator_locked(indicator)
        if found is None:
            raise NoSuchIndicator("there is no such indicator")
        _check_reviewer(by, found)
        unchanged_check(found, seen)
        return _decide(by, head, found, decision, note, (override_reason or "").strip())


def _check_reviewer(by: Actor, indicator: Indicator) -> None:
    policy_check(by, Action.INDICATOR_REVIEW, organisation_id=indicator.organisation_id)
    if not sees(viewer_of(by), indicator.reach):
        raise NoSuchIndicator("there is no such indicator")
    if by.kind is not ActorKind.PERSON:
        raise FourEyes("a person reviews, no key and no schedule")
    if is_proposer(by, indicator):
        raise FourEyes("nobody reviews his own proposal")


def _decide(
    by: Actor, head: LedgerHead, indicator: Indicator, decision: str, note: str, override: str
) -> IndicatorRecord:
    observable = Observable(indicator.kind, indicator.value)
    warnings: tuple[GuardWarning, ...] = ()
    if decision == "approve":
        seen = shared_between(by, indicator.organisation_id)
        warnings = warnings_answered(observable, override, seen=seen)
        if not two_organisations_asked(indicator, warnings) or agreed_elsewhere(by, indicator):
            publish(head, indicator, seen=seen)
        elif indicator.status != Status.PROPOSED:
            raise IndicatorMoved("it is already decided")
        elif indicator.reviews.filter(decision="approve", by__isnull=False).exists():
            raise SecondOrganisation("a reviewer of another organisation has to agree")
    else:
        moved = Indicator.objects.filter(pk=indicator.pk, status=Status.PROPOSED)
        if not moved.update(status=Status.REJECTED, decided_at=now()):
            raise IndicatorMoved("it is already decided")
        indicator.refresh_from_db()
        event_publish(
            IndicatorRejected(indicator=indicator.uid, kind=indicator.kind, case=indicator.case_uid)
        )
    kept = warnings_open(observable, warnings)
    Review.objects.create(
        indicator=indicator,
        by_id=by.person_id,
        by_label=by.label,
        decision=decision,
        note=note,
        override_reason=override if warnings else "",
        warnings=warning_fields(kept),
    )
    if kept:
        Indicator.objects.filter(pk=indicator.pk).update(warnings=warning_fields(kept))
    return warned(record(indicator, by=by), warnings)
