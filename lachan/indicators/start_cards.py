"""Cards of indicators on the start page, for reviewers."""

from django.utils.translation import gettext as _

from lachan.members.policy import policy_allows
from lachan.members.records import Actor
from lachan.web.start_cards import StartCard, start_card

from .policy import Action
from .selectors import dispute_rows, indicator_count_ended_by_others, indicator_count_proposed


@start_card(order=30)
def to_review(actor: Actor) -> StartCard | None:
    if not policy_allows(actor, Action.INDICATOR_REVIEW):
        return None
    return StartCard(
        title=_("Proposals to review"),
        url="/staff/reviews/",
        count=indicator_count_proposed(by=actor),
        note=_("Nothing blocks before a second person has looked."),
        empty=_("Proposals of colleagues and partners come here."),
    )


@start_card(order=31)
def disputes_open(actor: Actor) -> StartCard | None:
    if not policy_allows(actor, Action.DISPUTE_ANSWER):
        return None
    return StartCard(
        title=_("Disputes to answer"),
        url="/staff/disputes/",
        count=dispute_rows(by=actor, aside=False).count(),
        note=_("Somebody says that a block is wrong."),
        empty=_("Nobody says that a block is wrong."),
        urgent=True,
    )


@start_card(order=32)
def disputes_aside(actor: Actor) -> StartCard | None:
    """A flood's, until they are answered; on the page only while there are some."""
    if not policy_allows(actor, Action.DISPUTE_ANSWER):
        return None
    if not (count := dispute_rows(by=actor, aside=True).count()):
        return None
    return StartCard(
        title=_("Disputes set aside"),
        url="/staff/disputes/?aside=1",
        count=count,
        empty=_("No dispute is set aside."),
    )


@start_card(order=33)
def ended_by_others(actor: Actor) -> StartCard | None:
    """Any reviewer may free what is shared: whose it was is told."""
    if not policy_allows(actor, Action.INDICATOR_REVIEW):
        return None
    if not (count := indicator_count_ended_by_others(by=actor)):
        return None
    return StartCard(
        title=_("Yours, taken back by others"),
        url="/staff/indicators/?status=withdrawn",
        count=count,
        note=_("In the last two weeks; each says by whom and why."),
    )
