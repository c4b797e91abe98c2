"""Cards of cases on the start page, for analysts."""

from django.utils.translation import gettext as _

from lachan.members.policy import policy_allows
from lachan.members.records import Actor, system
from lachan.reports.policy import Action
from lachan.web.start_cards import StartCard, start_card

from .records import Status
from .selectors.queue import queue_counts
from .services.freeing import cases_free


@start_card(order=10)
def cases_without_owner(actor: Actor) -> StartCard | None:
    if not policy_allows(actor, Action.CASE_WORK):
        return None
    cases_free(by=system("cases"))
    counts = queue_counts(by=actor)
    return StartCard(
        title=_("Cases that nobody has taken"),
        url="/staff/cases/?status=new",
        count=counts[Status.NEW],
        note=_("The most urgent is on top."),
        empty=_("Every case has somebody."),
        urgent=True,
    )


@start_card(order=11)
def own_cases(actor: Actor) -> StartCard | None:
    if not policy_allows(actor, Action.CASE_WORK):
        return None
    return StartCard(
        title=_("My open cases"),
        url="/staff/cases/?mine=1",
        count=queue_counts(by=actor)["mine"],
        empty=_("You have none. Take one from the queue."),
    )
