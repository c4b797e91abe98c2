from django.utils.translation import gettext as _

from lachan.members.policy import policy_allows
from lachan.members.records import Actor
from lachan.web.start_cards import StartCard, start_card

from .policy import Action
from .records import Status
from .selectors import report_count


@start_card(order=20)
def held_waiting(actor: Actor) -> StartCard | None:
    """The waiting room of busy hours, for those who may let reports go."""
    if not actor.person_id or not policy_allows(actor, Action.REPORT_RELEASE):
        return None
    return StartCard(
        title=_("Reports in the waiting room"),
        url="/staff/held/",
        count=report_count(status=Status.HELD, organisation_id=actor.organisation_id),
        empty=_("When very many reports arrive at once, some wait here. None waits now."),
    )
