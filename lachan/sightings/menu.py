from django.utils.translation import gettext_lazy as _

from lachan.members.policy import policy_allows
from lachan.web.menu import MenuEntry, menu_add

from .policy import Action

menu_add(
    MenuEntry(
        order=50,
        title=_("Try a picture"),
        help=_("Is it known? By a fingerprint made on your device."),
        url="/staff/match/",
        shown=lambda actor: policy_allows(actor, Action.MATCH_LOOKUP),
    ),
    MenuEntry(
        order=51,
        title=_("Index health"),
        help=_("What fingerprints are looked up in: how large, how new, how fast."),
        url="/staff/match/health/",
        shown=lambda actor: policy_allows(actor, Action.MATCH_HEALTH),
        in_bar=False,
    ),
)
