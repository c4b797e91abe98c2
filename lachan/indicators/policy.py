"""Who may do what with indicators, disputes and lists."""

from django.utils.translation import gettext_lazy as _

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    INDICATOR_READ = "indicator.read"
    INDICATOR_PROPOSE = "indicator.propose"
    INDICATOR_REVIEW = "indicator.review"
    INDICATOR_WITHDRAW = "indicator.withdraw"
    INDICATOR_IMPORT = "indicator.import"
    DISPUTE_OPEN = "dispute.open"
    DISPUTE_ANSWER = "dispute.answer"
    LIST_READ = "list.read"


policy_rows(
    Action,
    """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key  public
indicator.read      any      any       any      -              any        any      -     any  -
indicator.propose   own      own       own      -              own        -        -     own  -
indicator.review    -        any       any      -              -          -        -     -    -
indicator.withdraw  own      any       any      -              -          -        -     own  -
indicator.import    -        own       own      -              -          -        -     -    -
dispute.open        any      any       any      any            any        any      any   any  any
dispute.answer      -        any       any      -              -          -        -     -    -
list.read           any      any       any      any            any        any      any   any  any
""",
    powers={Action.INDICATOR_REVIEW, Action.INDICATOR_IMPORT},
    keys={
        Action.INDICATOR_READ: _("read indicators that members share"),
        Action.INDICATOR_PROPOSE: _("propose indicators"),
        Action.INDICATOR_WITHDRAW: _("withdraw the organisation's own indicators"),
        Action.DISPUTE_OPEN: _("open disputes"),
        Action.LIST_READ: _("fetch lists"),
    },
)
