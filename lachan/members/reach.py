"""The reach of an administrator, whose things he manages: the own organisation's, and at home every
organisation's.
"""

from .models import Organisation
from .policy import Action, PolicyAction, policy_allows, policy_check
from .records import Actor
from .selectors import organisation_home


def network_allows(by: Actor, action: PolicyAction = Action.NETWORK_MANAGE) -> bool:
    """Whether `by` acts for the home organisation in matters of the whole network."""
    home = organisation_home()
    return home is not None and policy_allows(by, action, organisation_id=home.pk)


def manage_allows(by: Actor, organisation: Organisation) -> bool:
    """Whether `by` may let people in there and give them roles."""
    own = policy_allows(by, Action.MEMBER_MANAGE, organisation_id=organisation.pk)
    return own or network_allows(by)


def manage_check(by: Actor, organisation: Organisation) -> None:
    """As `manage_allows`, but says no by raising.

    Raises:
        NotAllowed: it is not so.
    """
    if not manage_allows(by, organisation):
        policy_check(by, Action.MEMBER_MANAGE, organisation_id=organisation.pk)


def network_check(by: Actor) -> None:
    """Raises:
    NotAllowed: `by` does not act for the home organisation in matters of the whole network.
    """
    home = organisation_home()
    policy_check(by, Action.NETWORK_MANAGE, organisation_id=home.pk if home else -1)
