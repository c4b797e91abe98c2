"""Who may ask whether an address is known."""

from django.utils.translation import gettext_lazy as _

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    CHECK = "check.ask"


policy_rows(
    Action,
    """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key  public
check.ask           any      any       any      any            any        any      any   any  any
""",
    keys={
        Action.CHECK: _("check addresses"),
    },
)
