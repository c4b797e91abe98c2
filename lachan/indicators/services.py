"""The doors to change anything: propose, review, withdraw, expire, dispute, import.

    proposed ──approve (second person)──► published ──► withdrawn | expired
        └────reject──► rejected

Order of locks everywhere: the audit trail, the ledger's head, the indicator, its dispute.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from lachan.formats.classification.categories import category_code
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import Observable
from lachan.kernel.bounds import moment_checked
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.kernel.seen import state_check
from lachan.members.policy import Action, policy_check
from lachan.members.records import Actor, ActorKind
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish

from .conf import DEFAULT_CONFIDENCE, MAX_EVIDENCE
from .disputes import dispute_answer, dispute_open, dispute_open_public, disputes_settle
from .events import IndicatorProposed, IndicatorRejected
from .importing import list_import
from .lifecycle import indicator_expire_due, indicator_reshare, indicator_withdraw, publish
from .listing import listing_record
from .models import Indicator, Review
from .reading import (
    OPEN,
    agreed_elsewhere,
    indicator_state,
    is_proposer,
    live_same_value,
    raw_kept,
    record,
    shared_between,
    shared_with,
    tlp_checked,
    two_organisations_asked,
    warned,
    warning_fields,
    warnings_answered,
    warnings_now,
)
from .records import (
    FourEyes,
    GuardWarning,
    IndicatorExists,
    IndicatorMoved,
    IndicatorRecord,
    NoSuchIndicator,
    SecondOrganisation,
    Status,
    Tlp,
)
from .sitefiles import sites_replace
from .undoing import list_withdraw

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
        _refuse_twin(by, observable, tlp)
        warnings = warnings_now(observable, seen=OPEN)
        indicator = Indicator.objects.create(
            kind=observable.kind,
            value=observable.value,
            raw=raw_kept(observable),
            warnings=warning_fields(warnings),
            organisation_id=by.organisation_id,
            proposed_by_id=by.person_id,
            proposed_label=by.label,
            case_uid=case_uid,
            **facts,
        )
        audit_record(by=by, action="indicator.propose", target=f"indicator:{indicator.uid}")
        event_publish(
            IndicatorProposed(indicator=indicator.uid, kind=indicator.kind, case=case_uid)
        )
    seen = warnings_now(observable, seen=shared_with(by))
    return warned(record(indicator, by=by), seen)


def _checked(
    by: Actor, category: str, confidence: int, tlp: str, evidence: str, valid_until: datetime | None
) -> dict[str, Any]:
    if not 0 <= confidence <= 100:
        raise InvalidInput("confidence is a whole number from 0 to 100")
    if Tlp(tlp_checked(tlp)).reach > 2 and by.organisation_id is None:
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


def _refuse_twin(by: Actor, observable: Observable, tlp: str) -> None:
    own = by.organisation_id
    if (twin := live_same_value(observable, tlp, own, seen=shared_with(by))) is not None:
        raise IndicatorExists("it is already published", twin.uid)
    waiting = Indicator.objects.filter(
        kind=observable.kind,
        value=observable.value,
        status=Status.PROPOSED,
        organisation_id=by.organisation_id,
    ).first()
    if waiting is not None:
        raise IndicatorExists("it is already proposed", waiting.uid)


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
        found = Indicator.objects.filter(uid=indicator).first()
        if found is None:
            raise NoSuchIndicator("there is no such indicator")
        _check_reviewer(by, found)
        state_check(seen, *indicator_state(found))
        audit_record(
            by=by,
            action="indicator.review",
            target=f"indicator:{indicator}",
            detail={"decision": decision, "override": bool(override_reason)},
        )
        return _decide(by, found, decision, note, (override_reason or "").strip())


def _check_reviewer(by: Actor, indicator: Indicator) -> None:
    policy_check(by, Action.INDICATOR_REVIEW, organisation_id=indicator.organisation_id)
    foreign = by.organisation_id != indicator.organisation_id
    if foreign and indicator.tlp not in shared_with(by) and by.kind is not ActorKind.SYSTEM:
        raise NoSuchIndicator("there is no such indicator")
    if by.kind is not ActorKind.PERSON:
        raise FourEyes("a person reviews, no key and no schedule")
    if is_proposer(by, indicator):
        raise FourEyes("nobody reviews his own proposal")


def _decide(
    by: Actor, indicator: Indicator, decision: str, note: str, override: str
) -> IndicatorRecord:
    observable = Observable(indicator.kind, indicator.value)
    warnings: tuple[GuardWarning, ...] = ()
    if decision == "approve":
        seen = shared_between(by, indicator.organisation_id)
        warnings = warnings_answered(observable, override, seen=seen)
        if not two_organisations_asked(indicator, warnings) or agreed_elsewhere(by, indicator):
            indicator = publish(indicator, seen=seen)
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
    kept = warnings and warnings_now(observable, seen=OPEN)
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
