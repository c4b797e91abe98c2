from django.utils.translation import gettext_lazy as _

from lachan.web.menu import MenuEntry, menu_add

from .policy import Action, policy_allows

menu_add(
    MenuEntry(
        order=60,
        title=_("Members"),
        help=_("Organisations, people, roles, programmes, keys."),
        url="/staff/members/",
        shown=lambda actor: policy_allows(actor, Action.MEMBER_READ),
    ),
    MenuEntry(
        order=61,
        title=_("API keys"),
        help=_("For programs that check, fetch lists or propose."),
        url="/staff/api-keys/",
        shown=lambda actor: policy_allows(actor, Action.API_KEY_MANAGE),
        in_bar=False,
    ),
    MenuEntry(
        order=70,
        title=_("Audit trail"),
        help=_("Who did what, line by line, never to be altered."),
        url="/staff/audit/",
        shown=lambda actor: policy_allows(actor, Action.AUDIT_READ),
    ),
    MenuEntry(
        order=80,
        title=_("My account"),
        url="/staff/account/",
        shown=lambda actor: policy_allows(actor, Action.ACCOUNT_SELF),
    ),
)
