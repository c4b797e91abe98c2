from django.utils.translation import gettext_lazy as _

from lachan.members.policy import Action, policy_allows
from lachan.web.menu import MenuEntry, menu_add

menu_add(
    MenuEntry(
        order=10,
        title=_("Cases"),
        help=_("Reports become cases here: read, decide, answer."),
        url="/staff/cases/",
        shown=lambda actor: policy_allows(actor, Action.CASE_READ),
    ),
)
