"""From a case to the exchange: what a person ticked is proposed; what becomes of it is heard of later."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from lachan.cases.models import Case
from lachan.cases.records import Happening, Pick, Proposal, Status
from lachan.indicators.policy import Action
from lachan.indicators.records import IndicatorExists
from lachan.indicators.services import indicator_propose
from lachan.kernel.errors import LachanError
from lachan.members.policy import policy_check
from lachan.members.records import Actor

from .rating import case_rate
from .timeline import happening_record
from .working import case_held


def indicators_propose(*, by: Actor, uid: UUID, picks: Iterable[Pick]) -> list[Proposal]:
    """Propose what was ticked, each by itself: a bad one is named, and the others are proposed all the same.

    Nothing of the report goes with it but the value: no words, no evidence text, only the case's uid.

    Raises:
        CaseTaken, CaseMoved, NotFound, Refused: as `case_held`; or the role proposes nothing.
    """
    policy_check(by, Action.INDICATOR_PROPOSE, organisation_id=by.organisation_id)
    with transaction.atomic():
        case = case_held(by=by, uid=uid)
        if case.status == Status.CLAIMED:
            case.status = Status.IN_PROGRESS
            case_rate(case)
    return [_proposed(case, pick, by) for pick in picks]


def _proposed(case: Case, pick: Pick, by: Actor) -> Proposal:
    try:
        with transaction.atomic():
            made = indicator_propose(
                by=by,
                value=pick.value,
                kind=pick.kind or None,
                category=pick.category,
                confidence=pick.confidence,
                tlp=pick.tlp,
                case_uid=case.uid,
            )
            key = f"proposed:{made.uid}"
            happening_record(
                case, Happening.PROPOSED, by=by, key=key, indicator=str(made.uid), what=made.kind
            )
    except IndicatorExists as error:
        return Proposal(pick, error.uid, error.code)
    except LachanError as error:
        return Proposal(pick, None, error.code)
    return Proposal(pick, made.uid)


@transaction.atomic
def indicator_outcome_record(
    *, by: Actor, case: UUID, indicator: UUID, kind: Happening, what: str, seq: int | None
) -> None:
    """Show on a case's timeline what became of its indicator; once, however often it is heard.

    Args:
        by: the system: who reviewed is on the indicator's page.
        case: its uid; one that is not ours is passed over.
        indicator: its uid.
        kind: published, withdrawn, rejected or expired.
        what: the kind of observable.
        seq: in the ledger, where the decision stands there.
    """
    row = Case.objects.filter(uid=case).first()
    if row is None:
        return
    key = f"{kind}:{indicator}:{seq or ''}"
    happening_record(row, kind, by=by, key=key, indicator=str(indicator), what=what, seq=seq)
