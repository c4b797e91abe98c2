"""The life of an indicator: what moves it on and off the ledger."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from lachan.formats.observables.record import Observable
from lachan.formats.sharing import Tlp, sees
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import policy_check
from lachan.members.records import Actor, system
from lachan.members.services import audit_record
from lachan.outbox.services import clock_is_believed, event_publish
from lachan.proofs.services import row_require

from .audit_actions import IndicatorAudit
from .covering import cover_settle
from .events import IndicatorExpired, IndicatorPublished, IndicatorWithdrawn
from .ledger import head_lock, ledger_append
from .models import Indicator, LedgerHead
from .policy import Action
from .projecting import change_of
from .queries import (
    OPEN,
    SHARED,
    agreed_elsewhere,
    is_proposer,
    record,
    shared_between,
    shared_of,
    standing_rows,
    tlp_checked,
    twin_among,
    two_organisations_asked,
    unchanged_check,
    viewer_of,
    warning_fields,
    warnings_answered,
    warnings_open,
)
from .records import (
    STANDING,
    FourEyes,
    IndicatorExists,
    IndicatorMoved,
    IndicatorRecord,
    NoSuchIndicator,
    SecondOrganisation,
    Status,
)

_EXPIRED_AT_ONCE = 500


def indicator_locked(uid: UUID) -> Indicator | None:
    """An indicator, locked until the transaction ends, with whose it is; the ledger's head is locked before.

    Raises:
        RowUnproved: it was altered past the product, and the ledger would say it from now on.
    """
    rows = Indicator.objects.select_related("organisation", "list_import")
    found = rows.select_for_update(of=("self",)).filter(uid=uid).first()
    if found is not None:
        indicator_require(found)
    return found


def indicator_require(row: Indicator) -> None:
    """As `row_require`, but for what an import has published: the ledger says that (`verifying`).

    Raises:
        RowUnproved: it was not written by the product.
    """
    listed = row.list_import_id is not None and row.seq is not None
    if not (listed and row.proof is None and row.status != Status.PROPOSED):
        row_require(row)


def publish(head: LedgerHead, indicator: Indicator, *, seen: Sequence[str]) -> None:
    """Put a proposed indicator, which the caller has locked, on the ledger.

    Args:
        seen: the TLPs that its source and its reviewer both see.

    Raises:
        IndicatorMoved: it is proposed no longer. IndicatorExists: its value is published meanwhile.
    """
    if indicator.status != Status.PROPOSED:
        raise IndicatorMoved("it is already decided")
    standing = list(standing_rows(indicator.kind, indicator.value).select_for_update())
    twin = twin_among(standing, indicator.tlp, indicator.organisation_id, seen=seen)
    if twin is not None:
        raise IndicatorExists("it is already published", twin.uid)
    if indicator.valid_until is not None and indicator.valid_until <= now():
        raise InvalidInput("its validity ended before it was reviewed")
    cover_settle(head, standing, coming=indicator)
    indicator.status, indicator.decided_at = Status.PUBLISHED, now()
    indicator.seq = ledger_append(head, [change_of(indicator, live=True)])[1]
    indicator.save(update_fields=["status", "decided_at", "seq"])
    event_publish(
        IndicatorPublished(
            indicator=indicator.uid,
            kind=indicator.kind,
            seq=indicator.seq,
            case=indicator.case_uid,
        )
    )


def _end(head: LedgerHead, indicator: Indicator, status: Status, reason: str) -> None:
    if indicator.status == Status.PUBLISHED:
        change = change_of(indicator, live=False, was_tlp=indicator.tlp, reason=reason)
        indicator.seq = ledger_append(head, [change])[1]
    indicator.status, indicator.decided_at = status, now()
    indicator.save(update_fields=["status", "decided_at", "seq"])
    if indicator.tlp in SHARED:
        _cover_anew(head, indicator)
    said = IndicatorExpired if status is Status.EXPIRED else IndicatorWithdrawn
    event_publish(
        said(
            indicator=indicator.uid,
            kind=indicator.kind,
            seq=indicator.seq,
            case=indicator.case_uid,
        )
    )


def _cover_anew(head: LedgerHead, indicator: Indicator, *, coming: Indicator | None = None) -> None:
    standing = standing_rows(indicator.kind, indicator.value).select_for_update()
    cover_settle(head, standing, coming=coming)


def _locked(uid: UUID, by: Actor) -> Indicator:
    indicator = indicator_locked(uid)
    if indicator is None or not sees(viewer_of(by), indicator.reach):
        raise NoSuchIndicator("there is no such indicator")
    return indicator


def indicator_withdraw(
    *, by: Actor, indicator: UUID, reason: str = "", cause: str = "withdrawn", seen: str = ""
) -> IndicatorRecord:
    """Take a published indicator back at once; one person is enough, since it frees and blocks nothing.

    Args:
        reason: in the reviewer's words, for the indicator's page.
        cause: the ledger's word: withdrawn or disputed.
        seen: the mark of `indicator_state` that the page carried.

    Raises:
        Stale: it has changed since.
        IndicatorMoved: it is not published. NoSuchIndicator, Refused.
    """
    with transaction.atomic():
        audit_record(
            by=by,
            action=IndicatorAudit.INDICATOR_WITHDRAW,
            target=f"indicator:{indicator}",
            detail={"cause": cause},
        )
        head = head_lock()
        found = _locked(indicator, by)
        policy_check(by, Action.INDICATOR_WITHDRAW, organisation_id=found.organisation_id)
        if found.status not in STANDING:
            raise IndicatorMoved("it is not published")
        unchanged_check(found, seen)
        _end(head, found, Status.WITHDRAWN, cause)
        found.reviews.create(
            by_id=by.person_id, by_label=by.label, decision="withdraw", note=reason
        )
        return record(found, by=by)


def indicator_reshare(
    *, by: Actor, indicator: UUID, tlp: str, override_reason: str | None = None, seen: str = ""
) -> IndicatorRecord:
    """Change who may see a published indicator. Where it leaves sight, it appears as withdrawn there.

    Narrowing is the source organisation's own affair; widening discloses, and takes a second person: not
    the proposer. The guard is asked anew then: what harms few in one house harms many in the open.

    Args:
        override_reason: what speaks for widening in spite of the guard; needed where it warns, in three
            words or more.
        seen: the mark of `indicator_state` that the page carried.

    Raises:
        Stale: it has changed since.
        GuardStands: the guard warns and no reason is given.
        SecondOrganisation: the guard warns, and only one organisation has agreed.
        FourEyes, IndicatorMoved, IndicatorExists, NoSuchIndicator, InvalidInput, Refused.
    """
    tlp = tlp_checked(tlp)
    with transaction.atomic():
        audit_record(
            by=by,
            action=IndicatorAudit.INDICATOR_RESHARE,
            target=f"indicator:{indicator}",
            detail={"tlp": tlp, "override": bool(override_reason)},
        )
        head = head_lock()
        found = _locked(indicator, by)
        policy_check(by, Action.INDICATOR_REVIEW, organisation_id=found.organisation_id)
        if by.organisation_id != found.organisation_id:
            raise NoSuchIndicator("only its source changes who may see an indicator")
        unchanged_check(found, seen)
        was = found.tlp
        if found.status != Status.PUBLISHED or was == tlp:
            raise IndicatorMoved("it is not published, or already shared so")
        if Tlp(tlp).level < Tlp(was).level:
            _widening_check(by, found, tlp, (override_reason or "").strip())
        _reshare(head, found, tlp)
        return record(found, by=by)


def _widening_check(by: Actor, indicator: Indicator, tlp: str, override: str) -> None:
    if is_proposer(by, indicator):
        raise FourEyes("nobody widens his own proposal")
    observable = Observable(indicator.kind, indicator.value)
    seen = shared_between(by, indicator.organisation_id)
    warnings = warnings_answered(observable, override, seen=seen)
    wider = Indicator(tlp=tlp, organisation_id=indicator.organisation_id)
    if two_organisations_asked(wider, warnings) and not agreed_elsewhere(by, indicator):
        raise SecondOrganisation("it is proposed anew for all, and reviewers of two decide")
    if warnings:
        indicator.reviews.create(
            by_id=by.person_id,
            by_label=by.label,
            decision="widen",
            override_reason=override,
            warnings=warning_fields(warnings_open(observable, warnings)),
        )


def _reshare(head: LedgerHead, indicator: Indicator, tlp: str) -> None:
    was, owner, indicator.tlp = indicator.tlp, indicator.organisation_id, tlp
    widens = Tlp(tlp).level < Tlp(was).level
    same = Indicator.objects.filter(
        kind=indicator.kind, value=indicator.value, status__in=STANDING
    ).exclude(pk=indicator.pk)
    mine = same.filter(organisation_id=owner)
    twin = None
    if widens and tlp in SHARED:
        twin = same.filter(status=Status.PUBLISHED, tlp__in=shared_of(owner)).first()
    elif tlp not in OPEN:
        twin = mine.filter(tlp=Tlp.AMBER).first()
    if twin is not None:
        raise IndicatorExists("it is already published", twin.uid)
    if tlp not in SHARED:
        for own in mine.exclude(tlp__in=SHARED):  # for the same eyes, from now on
            _end(head, own, Status.WITHDRAWN, "shared")
    if widens:
        _cover_anew(head, indicator, coming=indicator)
    indicator.seq = ledger_append(head, [change_of(indicator, live=True, was_tlp=was)])[1]
    indicator.save(update_fields=["tlp", "seq"])
    if not widens:
        _cover_anew(head, indicator)
        indicator.refresh_from_db(fields=["status", "seq"])


def indicator_expire_due() -> int:
    """End every published indicator whose validity is over; how many."""
    ended = 0
    if not clock_is_believed():  # the ledger forgets nothing: an end cannot be taken back
        return ended
    while batch := _expire_batch():
        ended += batch
    return ended


def _expire_batch() -> int:
    with transaction.atomic():
        # One by one: the index holds the published ones alone.
        for status in STANDING:
            due = Indicator.objects.filter(status=status, valid_until__lte=now())
            if due.exists():
                break
        else:
            return 0
        by = system("expiry")
        audit_record(by=by, action=IndicatorAudit.INDICATOR_EXPIRE)
        head = head_lock()
        due = due.select_related("organisation").select_for_update(of=("self",))
        indicators = list(due.order_by("pk")[:_EXPIRED_AT_ONCE])
        for indicator in indicators:
            _end(head, indicator, Status.EXPIRED, "expired")
        return len(indicators)
