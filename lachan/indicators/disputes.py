"""Disputes: somebody says that an indicator is wrong; noted once, answered by a person before a deadline."""

import hashlib
import hmac
import json
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from lachan.formats.observables.lookups import parents
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.sharing import ANYBODY, sees
from lachan.kernel.clock import now
from lachan.kernel.country import here
from lachan.kernel.errors import InvalidInput
from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.kernel.sealing.padding import padme
from lachan.members.policy import policy_check
from lachan.members.records import Actor
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish
from lachan.proofs.services import row_require

from .audit_actions import IndicatorAudit
from .conf import MAX_EVIDENCE, deadline
from .events import DisputeAnswered, DisputeOpened
from .ledger import head_lock
from .lifecycle import indicator_withdraw
from .models import Dispute, DisputedValue, Indicator, seen_by
from .policy import Action
from .queries import dispute_record, is_proposer, unchanged_check, viewer_of
from .records import (
    STANDING,
    DisputeRecord,
    FourEyes,
    IndicatorMoved,
    NoSuchDispute,
    NoSuchIndicator,
    Status,
)
from .weighing import dispute_weight

REASONS = ("mistake", "mine", "help", "fixed", "other")
OUTCOMES = ("withdrawn", "kept")
_SETTLED_AT_ONCE = 1000


def dispute_open(
    *, by: Actor, indicator: UUID, reason: str, note: str = "", proven: bool = False
) -> DisputeRecord:
    """Dispute a published indicator, as a member or as anybody.

    Args:
        reason: mistake, mine (the site is the disputer's), help (it helps or teaches), fixed (it was hacked
            and is clean now), other.
        note: a member's words; the public's are not taken, so that nothing personal rests in clear.
        proven: whether the device did a proof of work for it (weighing.py).

    Returns:
        The dispute. The public's disputes of one indicator are one while it is open, and counted.

    Raises:
        NoSuchIndicator: none that the caller may see. IndicatorMoved: it is not published.
        InvalidInput, Refused.
    """
    policy_check(by, Action.DISPUTE_OPEN)
    if reason not in REASONS:
        raise InvalidInput(f"reason is one of {', '.join(REASONS)}")
    if len(note) > MAX_EVIDENCE:
        raise InvalidInput("the note is longer than 10,000 letters")
    with transaction.atomic():
        found = Indicator.objects.select_for_update().filter(uid=indicator).first()
        if found is None or not sees(viewer_of(by), found.reach):
            raise NoSuchIndicator("there is no such indicator")
        if found.status != Status.PUBLISHED:
            raise IndicatorMoved("it is not published")
        dispute = _note(by, found, reason, note, proven=proven)
    return dispute_record(dispute)


def _note(
    by: Actor, indicator: Indicator, reason: str, note: str, *, proven: bool = False
) -> Dispute:
    member = by.organisation_id is not None
    weight = dispute_weight(member=member, warned=bool(indicator.warnings), proven=proven)
    standing = indicator.disputes.filter(outcome="", organisation_id=by.organisation_id).first()
    if standing is not None:
        Dispute.objects.filter(pk=standing.pk).update(
            times=F("times") + 1, weight=Greatest("weight", Value(weight))
        )
        standing.refresh_from_db()
        return standing
    moment = now()
    dispute = Dispute.objects.create(
        indicator=indicator,
        reason=reason,
        note=note if member else "",
        by_id=by.person_id,
        organisation_id=by.organisation_id,
        weight=weight,
        opened_at=moment,
        due_at=moment + deadline("dispute", here().day_of(moment)),
    )
    event_publish(DisputeOpened(dispute=dispute.uid, indicator=indicator.uid))
    return dispute


def dispute_open_public(
    *, by: Actor, value: str, reason: str, proven: bool = False
) -> DisputeRecord | None:
    """Dispute whatever covers an address that was blocked.

    Returns:
        The dispute, where the public may know of the indicator; None where there is none, and also where
        there is one that the public may not know of: that is noted later (`disputes_settle`), and the caller
        is told the same words, after the same work, in both cases.

    Raises:
        InvalidObservable: the value cannot be read. InvalidInput, Refused.
    """
    policy_check(by, Action.DISPUTE_OPEN)
    if reason not in REASONS:
        raise InvalidInput(f"reason is one of {', '.join(REASONS)}")
    told = None
    with transaction.atomic():
        for indicator in _covering(value, seen_by(ANYBODY)):
            dispute = _note(by, indicator, reason, "", proven=proven)
            told = told or dispute_record(dispute)
        # One row for every value, known or not: the same questions and the same writing.
        DisputedValue.objects.create(locked=_locked(value, reason, proven=proven))
    return told


def disputes_settle(*, by: Actor) -> int:
    """Note what the public disputed and may not know of, since the last time; how many values were looked at."""
    rows = list(DisputedValue.objects.all()[:_SETTLED_AT_ONCE])
    for row in rows:
        with transaction.atomic():
            try:
                value, reason, proven = _unlocked(bytes(row.locked))
                hidden = _covering(value, ~seen_by(ANYBODY))
            except (LockHeld, InvalidObservable):  # of another secret, or read by other rules now
                hidden, reason, proven = [], "", False
            for indicator in hidden:
                _note(by, indicator, reason, "", proven=proven)
            row.delete()
    return len(rows)


def _locked(value: str, reason: str, *, proven: bool) -> bytes:
    said = json.dumps([value, reason, proven])  # ASCII: as many bytes as characters
    return lock_with(said.ljust(padme(len(said))), secret=_keys()[0])


def _unlocked(locked: bytes) -> tuple[str, str, bool]:
    present, *former = _keys()
    value, reason, proven = json.loads(unlock_with(locked, secret=present, former=former))
    return value, reason, proven


def _keys() -> list[bytes]:
    """By the present secret, then by the former ones."""
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(one.encode(), b"lachan disputed value", hashlib.sha256) for one in held]


def _covering(value: str, which: Q) -> list[Indicator]:
    wanted: dict[str, set[str]] = {}
    for kind, key in parents(parse(value)):
        keys = {f"http://{key}", f"https://{key}"} if kind == "url" else {key}
        wanted.setdefault(kind, set()).update(keys)
    found: list[Indicator] = []
    for kind, keys in wanted.items():
        rows = Indicator.objects.filter(which, kind=kind, value__in=keys, status=Status.PUBLISHED)
        found += rows.select_for_update().order_by("pk")
    return found


def dispute_answer(
    *, by: Actor, dispute: UUID, outcome: str, answer: str, seen: str = ""
) -> DisputeRecord:
    """Answer a dispute: `withdrawn` takes the indicator back at once, `kept` leaves it.

    Args:
        answer: in plain words; whoever disputed reads it.
        seen: the mark of `indicator_state` that the page carried.

    Raises:
        FourEyes: keeping is decided by somebody else than the proposer.
        Stale: the indicator has changed since.
        IndicatorMoved: already answered. NoSuchDispute, InvalidInput, Refused.
    """
    if outcome not in OUTCOMES:
        raise InvalidInput(f"outcome is one of {', '.join(OUTCOMES)}")
    if not answer.strip():
        raise InvalidInput("whoever disputed is owed an answer in words")
    with transaction.atomic():
        audit_record(
            by=by,
            action=IndicatorAudit.DISPUTE_ANSWER,
            target=f"dispute:{dispute}",
            detail={"outcome": outcome},
        )
        found = _answerable(by, dispute, withdraws=outcome == "withdrawn")
        unchanged_check(found.indicator, seen)
        if outcome == "withdrawn" and found.indicator.status in STANDING:
            indicator_withdraw(
                by=by, indicator=found.indicator.uid, reason=answer, cause="disputed"
            )
        elif outcome == "kept" and is_proposer(by, found.indicator):
            raise FourEyes("nobody keeps his own proposal against a dispute")
        found.outcome, found.answer = outcome, answer
        found.answered_by_id, found.answered_at = by.person_id, now()
        found.save(update_fields=["outcome", "answer", "answered_by", "answered_at"])
        event_publish(
            DisputeAnswered(dispute=found.uid, indicator=found.indicator.uid, outcome=outcome)
        )
        return dispute_record(found)


def _answerable(by: Actor, uid: UUID, *, withdraws: bool) -> Dispute:
    known = Dispute.objects.select_related("indicator").filter(uid=uid).first()
    if known is None or not sees(viewer_of(by), known.indicator.reach):
        raise NoSuchDispute("there is no such dispute")
    policy_check(by, Action.DISPUTE_ANSWER, organisation_id=known.indicator.organisation_id)
    if withdraws:
        head_lock()
    # In the order of whoever disputes it at this moment: the other way round, both wait for each other.
    indicator = Indicator.objects.select_for_update().get(pk=known.indicator_id)
    dispute = Dispute.objects.select_for_update().get(pk=known.pk)
    dispute.indicator = indicator
    if not sees(viewer_of(by), indicator.reach):
        raise NoSuchDispute("there is no such dispute")
    row_require(dispute)
    if dispute.outcome:
        raise IndicatorMoved("it is already answered")
    return dispute
