from django.utils.translation import gettext_lazy as _

from lachan.members.policy import policy_allows
from lachan.web.menu import MenuEntry, menu_add

from .policy import Action

menu_add(
    MenuEntry(
        order=20,
        title=_("Indicators"),
        help=_("Addresses, numbers and accounts that harm children."),
        url="/staff/indicators/",
        shown=lambda actor: policy_allows(actor, Action.INDICATOR_READ),
    ),
    MenuEntry(
        order=30,
        title=_("To review"),
        help=_("Nothing is blocked before a second person agrees."),
        url="/staff/reviews/",
        shown=lambda actor: policy_allows(actor, Action.INDICATOR_REVIEW),
    ),
    MenuEntry(
        order=40,
        title=_("Disputes"),
        help=_("Somebody says that we are wrong. Each gets an answer."),
        url="/staff/disputes/",
        shown=lambda actor: policy_allows(actor, Action.DISPUTE_ANSWER),
    ),
)
