"""Who may ask what is known of files."""

from django.utils.translation import gettext_lazy as _

from lachan.members.policy import PolicyAction, policy_rows


class Action(PolicyAction):
    MATCH_LOOKUP = "match.lookup"
    MATCH_HEALTH = "match.health"


policy_rows(
    Action,
    """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key  public
match.lookup        any      any       any      -              any        -        -     any  -
match.health        -        -         any      any            any        any      -     -    -
""",
    keys={
        Action.MATCH_LOOKUP: _("look up fingerprints of files in bulk"),
    },
)
