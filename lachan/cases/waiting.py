"""Cards of cases on the start page, for analysts."""

from django.utils.translation import gettext as _

from lachan.members.policy import policy_allows
from lachan.members.records import Actor, system
from lachan.reports.policy import Action
from lachan.web.start import Waiting, waits

from .records import Status
from .selectors.queue import queue_counts
from .services.freeing import cases_free


@waits(order=10)
def cases_without_owner(actor: Actor) -> Waiting | None:
    if not policy_allows(actor, Action.CASE_WORK):
        return None
    cases_free(by=system("cases"))
    counts = queue_counts(by=actor)
    return Waiting(
        title=_("Cases that nobody has taken"),
        url="/staff/cases/?status=new",
        count=counts[Status.NEW],
        note=_("The most urgent is on top."),
        empty=_("Every case has somebody."),
        urgent=True,
    )


@waits(order=11)
def own_cases(actor: Actor) -> Waiting | None:
    if not policy_allows(actor, Action.CASE_WORK):
        return None
    return Waiting(
        title=_("My open cases"),
        url="/staff/cases/?mine=1",
        count=queue_counts(by=actor)["mine"],
        empty=_("You have none. Take one from the queue."),
    )
