"""Reads: one case, and what hangs on it."""

from typing import Any
from uuid import UUID

from django.db.models import Q

from lachan.cases.models import Case, CaseEvent, CaseLink, CaseNote
from lachan.cases.priority import rate
from lachan.cases.records import Facts, Rating
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.policy import TABLE, Action, policy_allows, policy_check
from lachan.members.records import Actor


def case_get(
    *, by: Actor, uid: UUID, action: Action = Action.CASE_READ, lock: bool = False
) -> Case:
    """The case, if `by` may do `action` to it.

    Args:
        by: who asks.
        uid: of the case.
        action: what `by` wants to do to it.
        lock: hold the row until the transaction ends.

    Raises:
        Refused: this role does no such thing anywhere.
        NotFound: there is none, or it is another organisation's: the two look alike.
    """
    policy_check(by, action)
    rows = Case.objects.select_related("assignee", "organisation")
    if lock:
        rows = Case.objects.select_for_update()
    case = rows.filter(uid=uid).first()
    if case is None or not policy_allows(by, action, organisation_id=case.organisation_id):
        raise NotFound("no such case")
    return case


def case_facts(case: Case) -> Facts:
    """The plain columns, as the rules see them."""
    return Facts(
        category=case.category,
        urgency=case.urgency,
        province=case.province,
        language=case.language,
        status=case.status,
        opened_at=case.opened_at,
        reporter_waits_since=case.reporter_waits_since,
        reopened=case.reopened_at is not None,
        clocks_met=tuple(case.clocks_met),
    )


def case_rating(case: Case) -> Rating:
    """Score, reasons and clocks as of now."""
    return rate(case_facts(case), now())


def note_list(case: Case) -> list[CaseNote]:
    """Notes, still sealed, oldest first."""
    return list(case.notes.select_related("author").order_by("id"))


def timeline_list(case: Case) -> list[CaseEvent]:
    """What happened, latest first."""
    return list(case.timeline.select_related("person").order_by("-at", "-id")[:200])


def link_list(case: Case) -> list[tuple[CaseLink, Case]]:
    """Standing links in both directions, each with the case at the other end."""
    away = case.links.filter(undone_at=None).select_related("other")
    here = case.links_in.filter(undone_at=None).select_related("case")
    return [(link, link.other) for link in away] + [(link, link.case) for link in here]


def colleague_list(case: Case) -> list[Any]:
    """People of the case's organisation who may work on it, by name."""
    moment = now()
    standing = Q(grants__valid_until=None) | Q(grants__valid_until__gt=moment)
    people = case.organisation.people.filter(
        standing,
        is_active=True,
        grants__role__in=[role.value for role, scope in TABLE[Action.CASE_WORK].items() if scope],
    )
    return list(people.distinct().order_by("name", "pk"))
