"""Reads: one case, and what hangs on it."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from lachan.cases.models import Case, CaseEvent, CaseLink, CaseNote
from lachan.cases.priority import rate
from lachan.cases.records import Facts, Rating
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.policy import Action as MemberAction
from lachan.members.policy import PolicyAction, policy_allows, policy_check
from lachan.members.records import Actor
from lachan.members.selectors import people_able
from lachan.proofs.services import row_require
from lachan.reports.policy import Action
from lachan.reports.records import Author
from lachan.reports.selectors import message_counts, report_get


def case_get(
    *, by: Actor, uid: UUID, action: PolicyAction = MemberAction.CASE_READ, lock: bool = False
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
        RowUnproved: it was altered past the product: whose it is, and how it stands, is anybody's word.
    """
    policy_check(by, action)
    rows = Case.objects.select_related("assignee", "organisation")
    if lock:
        rows = Case.objects.select_for_update()
    case = rows.filter(uid=uid).first()
    if case is None or not policy_allows(by, action, organisation_id=case.organisation_id):
        raise NotFound("no such case")
    row_require(case)
    return case


def case_is_referred(case: Case) -> bool:
    """Whether the report was sent to another organisation's desk: that one reads it and hears from the
    reporter, this one has what it was told.

    Raises:
        NotFound: the report is gone.
    """
    return report_get(case.report_uid).organisation_id != case.organisation_id


def report_is_worked_on(report: UUID) -> bool:
    """Whether a case of it is open at any desk, or was closed into one that is."""
    cases = Case.objects.filter(report_uid=report)
    return any(case_worked_on(case).closed_at is None for case in cases)


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
    return list(case.notes.select_related("author__organisation").order_by("id"))


def timeline_list(case: Case) -> QuerySet[CaseEvent]:
    """What happened, latest first; lazy."""
    return case.timeline.select_related("person").order_by("-at", "-id")


def link_list(case: Case) -> list[tuple[CaseLink, Case]]:
    """Standing links in both directions, each with the case at the other end."""
    away = case.links.filter(undone_at=None).select_related("other")
    here = case.links_in.filter(undone_at=None).select_related("case")
    return [(link, link.other) for link in away] + [(link, link.case) for link in here]


def duplicate_list(case: Case) -> list[Case]:
    """Everything that was closed into a case, also by way of others."""
    found: list[Case] = []
    waiting, seen = {case.pk}, {case.pk}
    while waiting:
        links = CaseLink.objects.filter(
            other__in=waiting, kind=CaseLink.Kind.DUPLICATE, undone_at=None
        ).select_related("case")
        fresh = [link.case for link in links if link.case_id not in seen]
        found += fresh
        waiting = {one.pk for one in fresh}
        seen |= waiting
    return found


def unread_list(case: Case) -> list[Case]:
    """The case itself and what was closed into it, as far as a reporter wrote and it was not opened since."""
    together = [case, *duplicate_list(case)]
    written = message_counts(
        (one.report_uid for one in together), organisation_id=case.organisation_id
    )
    return [
        one
        for one in together
        if written.get((one.report_uid, Author.REPORTER), 0) > one.reporter_read
    ]


def case_worked_on(case: Case, *, lock: bool = False) -> Case:
    """Along the duplicates to the case that people work on."""
    rows = Case.objects.select_for_update() if lock else Case.objects.all()
    seen = {case.pk}
    while link := CaseLink.objects.filter(
        case=case, kind=CaseLink.Kind.DUPLICATE, undone_at=None
    ).first():
        if link.other_id in seen:
            break
        seen.add(link.other_id)
        case = rows.get(pk=link.other_id)
    return case


def case_state(case: Case) -> tuple[Any, ...]:
    """What a page of the case shows and an act on it could wipe (`kernel/seen`): its columns, its links, and
    how much was written to and by the reporters of it and of what was closed into it.
    """
    reports = [case.report_uid, *(one.report_uid for one in duplicate_list(case))]
    written = message_counts(reports, organisation_id=case.organisation_id)
    links = case.links.filter(undone_at=None) | case.links_in.filter(undone_at=None)
    return (
        case.status,
        case.assignee_id,
        case.outcome,
        case.closed_at,
        case.category,
        case.override,
        sorted(case.clocks_met),
        sorted(links.values_list("pk", flat=True)),
        sum(written.values()),
    )


def colleague_list(case: Case) -> list[Any]:
    """People of the case's organisation who may work on it, by name."""
    people = case.organisation.people.filter(pk__in=people_able(Action.CASE_WORK))
    return list(people.order_by("name", "pk"))
