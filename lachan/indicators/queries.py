"""Queries that services and selectors both ask, and rows → records."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from lachan.formats.observables.record import Observable
from lachan.formats.sharing import KEEPER, Level, Tlp, Viewer, sees, tlps_within
from lachan.kernel.errors import InvalidInput
from lachan.kernel.seen import state_check
from lachan.members.policy import Action as MemberAction
from lachan.members.policy import policy_allows
from lachan.members.records import Actor, ActorKind
from lachan.members.selectors import (
    api_key_is_used_by,
    circles_of,
    organisation_type,
    organisations_able,
    people_able,
)

from .conf import MIN_REASON_LETTERS, MIN_REASON_WORDS
from .guard import guard_load
from .models import Dispute, Indicator
from .policy import Action
from .records import (
    STANDING,
    DisputeRecord,
    GuardStands,
    GuardWarning,
    IndicatorRecord,
    Status,
)

SHARED = [tlp.value for tlp in tlps_within(Level.MEMBERS)]
# What every member organisation sees.
OPEN = [tlp.value for tlp in tlps_within(Level.COMMUNITY)]
# Of the network, but not of the club that shares amber: they see what the community sees.
COMMUNITY_TYPES = {"school", "partner"}
AGAIN = GuardWarning("withdrawn-before", "", "it was published once and taken back by a person")


def is_community(by: Actor) -> bool:
    """Whether `by` acts for an organisation that sees no amber but its own."""
    return level_of(by.organisation_id, by.organisation_type) == Level.COMMUNITY


def viewer_of(by: Actor) -> Viewer:
    """Whose eyes `by` has on pages and in the API."""
    if by.kind is ActorKind.SYSTEM:
        return KEEPER
    if by.organisation_id is None:
        return Viewer()
    return sight_of(by.organisation_id, by.organisation_type)


def sight_of(organisation_id: int | None, kind: str = "") -> Viewer:
    """What an organisation sees: as much as its sort does, and what is its own; the operator, for whom it is
    None, what all members share.

    Args:
        kind: as in `level_of`.
    """
    circles = frozenset() if organisation_id is None else circles_of(organisation_id)
    return Viewer(level_of(organisation_id, kind), circles)


def audience_of(organisation_id: int, kind: str = "") -> Viewer:
    """What an organisation's lists hold: those of its sort that is of the community hold nothing of its own,
    which its pages show.

    Args:
        kind: as in `level_of`.
    """
    level, circles = level_of(organisation_id, kind), circles_of(organisation_id)
    return Viewer(level, circles if level == Level.MEMBERS else circles - {organisation_id})


def level_of(organisation_id: int | None, kind: str = "") -> Level:
    """Up to which level an organisation sees what others share; the operator, for whom it is None, all.

    Args:
        kind: what sort of organisation it is, where that is known: an actor knows, and each act and each page
            asks this several times.
    """
    if organisation_id is None:
        return Level.MEMBERS
    kind = kind or organisation_type(organisation_id)
    return Level.COMMUNITY if kind in COMMUNITY_TYPES else Level.MEMBERS


def shared_with(by: Actor) -> list[str]:
    """The TLPs under which a member sees what others share, on pages and in the API as in the lists."""
    return _tlps(level_of(by.organisation_id, by.organisation_type))


def shared_of(organisation_id: int | None) -> list[str]:
    """The TLPs under which an organisation sees what others share; the operator, for whom it is None, all."""
    return _tlps(level_of(organisation_id))


def _tlps(level: Level) -> list[str]:
    return [tlp.value for tlp in tlps_within(level)]


def shared_between(by: Actor, owner: int | None) -> list[str]:
    """The TLPs that both `by` and the organisation `owner` see: what one of them does with a thing of the
    other may rest on no more, or its answer would tell the other what is hidden there.
    """
    mine = shared_with(by)
    theirs = mine if owner == by.organisation_id else shared_of(owner)
    return [tlp for tlp in mine if tlp in theirs]


def case_of(by: Actor, indicator: Indicator) -> UUID | None:
    """The case that an indicator comes from, for whoever may read that case: that a child reported it, and
    whom, is nobody else's to know.
    """
    owner = indicator.organisation_id
    if owner is None or not policy_allows(by, MemberAction.CASE_READ, organisation_id=owner):
        return None
    return indicator.case_uid


def is_proposer(by: Actor, indicator: Indicator) -> bool:
    """Whether `by` proposed it, in person or by a key at hand: who must not be the second person."""
    if by.person_id == indicator.proposed_by_id:
        return True
    return api_key_is_used_by(by, indicator.proposed_label)


def raw_kept(observable: Observable) -> str:
    """What is stored of how a value was written."""
    return "" if observable.raw == observable.value else observable.raw


def tlp_checked(tlp: str) -> str:
    """`tlp`, if there is such a one.

    Raises:
        InvalidInput: there is none.
    """
    if tlp not in set(Tlp):
        raise InvalidInput(f"tlp is one of {', '.join(Tlp)}")
    return tlp


def record(indicator: Indicator, *, by: Actor) -> IndicatorRecord:
    """An indicator as `by` may see it."""
    return IndicatorRecord(
        uid=indicator.uid,
        kind=indicator.kind,
        value=indicator.value,
        raw=indicator.raw or indicator.value,
        category=indicator.category,
        confidence=indicator.confidence,
        tlp=indicator.tlp,
        status=Status(indicator.status),
        valid_from=indicator.valid_from,
        valid_until=indicator.ends_at,
        organisation_id=indicator.organisation_id,
        case_uid=case_of(by, indicator),
        seq=indicator.seq,
        warnings=tuple(GuardWarning(*fields) for fields in indicator.warnings),
    )


def indicator_state(indicator: Indicator) -> tuple[Any, ...]:
    """What a page of the indicator shows and an act on it could write over (`kernel/seen`)."""
    open_disputes = indicator.disputes.filter(outcome="").values_list("pk", flat=True)
    return (indicator.status, indicator.tlp, indicator.seq, sorted(open_disputes))


def unchanged_check(indicator: Indicator, seen: str) -> None:
    """Hold an indicator to what the actor saw of it, where he says what: programs do not.

    Raises:
        Stale: it has changed since.
    """
    if seen:
        state_check(seen, *indicator_state(indicator))


def dispute_record(dispute: Dispute) -> DisputeRecord:
    return DisputeRecord(
        uid=dispute.uid,
        indicator=dispute.indicator.uid,
        kind=dispute.indicator.kind,
        value=dispute.indicator.value,
        reason=dispute.reason,
        note=dispute.note,
        times=dispute.times,
        opened_at=dispute.opened_at,
        due_at=dispute.due_at,
        outcome=dispute.outcome,
        answer=dispute.answer,
        answered_at=dispute.answered_at,
    )


def warned(found: IndicatorRecord, warnings: Iterable[GuardWarning]) -> IndicatorRecord:
    return dataclasses.replace(found, warnings=tuple(warnings))


def standing_rows(kind: str, value: str) -> QuerySet[Indicator]:
    """What stands of a value, the oldest first."""
    return Indicator.objects.filter(kind=kind, value=value, status__in=STANDING).order_by("pk")


def twin_among(
    standing: Iterable[Indicator], tlp: str, organisation_id: int | None, *, seen: Sequence[str]
) -> Indicator | None:
    """Of what stands of a value the first beside which a new one of this TLP would say nothing new to whoever
    sees `seen`. What is hidden there is no answer: the two stand side by side.
    """
    own: list[str] = []
    if tlp not in SHARED:
        own = list(Tlp)
    elif tlp not in OPEN:
        own = SHARED
    for one in standing:
        if one.tlp in seen or (one.tlp in own and one.organisation_id == organisation_id):
            return one
    return None


def withdrawn_before(observable: Observable, seen: Sequence[str]) -> tuple[GuardWarning, ...]:
    """A person once took this back: publishing it again must not happen by the way."""
    back = Indicator.objects.filter(
        kind=observable.kind, value=observable.value, status=Status.WITHDRAWN, tlp__in=seen
    )
    return (AGAIN,) if back.exists() else ()


def warnings_now(observable: Observable, *, seen: Sequence[str]) -> tuple[GuardWarning, ...]:
    """What speaks against publishing it as things stand (a member may have joined, or a list changed), to
    whoever sees `seen` of what members share.
    """
    return guard_load().check(observable) + withdrawn_before(observable, seen)


def warnings_open(
    observable: Observable, warnings: Iterable[GuardWarning]
) -> tuple[GuardWarning, ...]:
    """Of the warnings of now those that stand for whoever sees `OPEN`: the guard's do for everybody."""
    warnings = tuple(warnings)
    if AGAIN not in warnings:
        return warnings
    return tuple(w for w in warnings if w != AGAIN) + withdrawn_before(observable, OPEN)


def is_reason(text: str) -> bool:
    """Whether a colleague could read it as a reason: ten letters, in three different words, none of them
    one letter over and over.
    """
    words = {"".join(filter(str.isalnum, word)) for word in text.casefold().split()}
    told = [word for word in words if len(set(word)) > 1]
    return len(told) >= MIN_REASON_WORDS and sum(map(len, told)) >= MIN_REASON_LETTERS


def two_organisations_asked(indicator: Indicator, warnings: Iterable[GuardWarning]) -> bool:
    """Whether reviewers of two organisations must agree: others would see what the guard warns of, and there
    are two organisations with reviewers who may know of it.
    """
    if indicator.tlp not in SHARED or not any(w.rule != AGAIN.rule for w in warnings):
        return False
    able = organisations_able(Action.INDICATOR_REVIEW)
    return sum(sees(sight_of(*each), indicator.reach) for each in able.items()) > 1


def agreed_elsewhere(by: Actor, indicator: Indicator) -> bool:
    """Whether a reviewer of another organisation than that of `by`, one still, has agreed already."""
    able = people_able(Action.INDICATOR_REVIEW)
    yes = indicator.reviews.filter(decision="approve", by__in=able)
    return yes.exclude(by__organisation_id=by.organisation_id).exists()


def warnings_answered(
    observable: Observable, override: str, *, seen: Sequence[str]
) -> tuple[GuardWarning, ...]:
    """`warnings_now`, each of them answered by `override`.

    Raises:
        GuardStands: there are some, and `override` is no reason.
    """
    warnings = warnings_now(observable, seen=seen)
    if warnings and not is_reason(override):
        raise GuardStands(f"the guard stands: {', '.join(w.rule for w in warnings)}")
    return warnings


def warning_fields(warnings: Iterable[GuardWarning]) -> list[list[str]]:
    """Warnings as a row keeps them, which every member that sees the row reads: those alone that stand for
    whoever sees `OPEN`.
    """
    return [[w.rule, w.matched, w.reason] for w in warnings]
