"""Who may do what: the one place.

The table answers every action for every role, for things of one's own organisation and of another's. The
generated test in tests/architecture asks every URL and API operation as everybody, and holds the answers
to it.
"""

import enum
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from lachan.kernel.errors import Refused

from .audit import audit_record
from .audit_actions import MemberAudit
from .records import Actor, ActorKind, Role


class NotAllowed(Refused):
    """The policy says no."""

    code = "not-allowed"

    def __init__(self, action: "Action") -> None:
        super().__init__(f"not allowed: {action.value}")
        self.action = action


class Action(enum.StrEnum):
    """One thing that can be asked for. Names are `<noun>.<verb>`."""

    CASE_READ = "case.read"
    CASE_WORK = "case.work"
    REPORT_ANSWER = "report.answer"
    REPORT_RELEASE = "report.release"
    INDICATOR_READ = "indicator.read"
    INDICATOR_PROPOSE = "indicator.propose"
    INDICATOR_REVIEW = "indicator.review"
    INDICATOR_WITHDRAW = "indicator.withdraw"
    INDICATOR_IMPORT = "indicator.import"
    DISPUTE_OPEN = "dispute.open"
    DISPUTE_ANSWER = "dispute.answer"
    LIST_READ = "list.read"
    CHECK = "check.ask"
    MATCH_LOOKUP = "match.lookup"
    MATCH_HEALTH = "match.health"
    MEMBER_READ = "member.read"
    PEOPLE_READ = "people.read"
    MEMBER_MANAGE = "member.manage"
    NETWORK_MANAGE = "network.manage"
    NETWORK_AUDIT = "network.audit"
    API_KEY_MANAGE = "api_key.manage"
    AUDIT_READ = "audit.read"
    ACCOUNT_SELF = "account.self"


class Scope(enum.IntEnum):
    """How far a right reaches."""

    NONE = 0
    OWN = 1
    ANY = 2


# own: things of one's own organisation, and of nobody's · any: of every organisation's too · -: not at all.
# `none` is a person without a role, `key` an API key whose scopes name the action.
_CELLS = """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key
case.read           own      own       own      -              -          -        -     -
case.work           own      -         own      -              -          -        -     -
report.answer       own      -         own      -              -          -        -     -
report.release      own      -         own      -              -          -        -     -
indicator.read      any      any       any      -              any        any      -     any
indicator.propose   own      own       own      -              own        -        -     own
indicator.review    -        any       any      -              -          -        -     -
indicator.withdraw  own      any       any      -              -          -        -     own
indicator.import    -        own       own      -              -          -        -     -
dispute.open        any      any       any      any            any        any      any   any
dispute.answer      -        any       any      -              -          -        -     -
list.read           any      any       any      any            any        any      any   any
check.ask           any      any       any      any            any        any      any   any
match.lookup        any      any       any      -              any        -        -     any
match.health        -        -         any      any            any        any      -     -
member.read         -        -         any      any            -          any      -     -
people.read         -        -         own      own            -          own      -     -
member.manage       -        -         -        own            -          -        -     -
network.manage      -        -         -        own            -          -        -     -
network.audit       -        -         -        -              -          own      -     -
api_key.manage      -        -         -        own            own        -        -     -
audit.read          -        -         -        own            -          own      -     -
account.self        own      own       own      own            own        own      own   -
"""
_SCOPES = {"own": Scope.OWN, "any": Scope.ANY, "-": Scope.NONE}


def _table() -> dict[Action, dict[str, Scope]]:
    head, *rows = (line.split() for line in _CELLS.strip().splitlines())
    return {
        Action(name): {who: _SCOPES[cell] for who, cell in zip(head, cells, strict=True)}
        for name, *cells in rows
    }


_ALL = _table()
TABLE: dict[Action, dict[Role, Scope]] = {
    action: {role: cells[role.value] for role in Role} for action, cells in _ALL.items()
}
WITHOUT_ROLE = {action: cells["none"] for action, cells in _ALL.items()}
# What an API key can be given: programs check, fetch and propose; people read cases and decide.
KEY_TABLE = {action: cells["key"] for action, cells in _ALL.items()}

# What anyone may ask without saying who he is.
PUBLIC_ACTIONS = frozenset({Action.DISPUTE_OPEN, Action.LIST_READ, Action.CHECK})


def policy_allows(by: Actor, action: Action, *, organisation_id: int | None = None) -> bool:
    """Whether `by` may do `action` to a thing of `organisation_id` (None: a thing of nobody's).

    What belongs to the network as a whole (the list of organisations, the whole trail) counts as a thing
    of the home organisation.
    """
    if by.kind is ActorKind.SYSTEM or action in PUBLIC_ACTIONS:
        return True
    own = organisation_id in (None, by.organisation_id)
    reach = _reach(by, action)
    return reach is Scope.ANY or (reach is Scope.OWN and own)


def _reach(by: Actor, action: Action) -> Scope:
    if by.kind is ActorKind.API_KEY:
        return KEY_TABLE[action] if action.value in by.scopes else Scope.NONE
    if by.kind is ActorKind.PERSON:
        return max(WITHOUT_ROLE[action], *(TABLE[action][role] for role in by.roles), Scope.NONE)
    return Scope.NONE


def policy_check(by: Actor, action: Action, *, organisation_id: int | None = None) -> None:
    """As `policy_allows`, but says no by raising.

    Raises:
        NotAllowed: naming the action, not the thing.
    """
    if not policy_allows(by, action, organisation_id=organisation_id):
        raise NotAllowed(action)


V = TypeVar("V", bound=Callable[..., Any])


class SignInNeeded(Refused):
    """Nobody is signed in; a page sends the person to the door, an API says 401."""

    code = "sign-in-needed"


def requires(action: Action) -> Callable[[V], V]:
    """A view or API operation that needs `action`; `request.actor` says who asks.

    It answers only "may this role do such a thing at all": the service behind it asks again, with the
    organisation whose thing it is.
    """

    def wrap(view: V) -> V:
        @functools.wraps(view)
        def guarded(request: Any, *args: Any, **kwargs: Any) -> Any:
            if request.actor.kind is ActorKind.PUBLIC and action not in PUBLIC_ACTIONS:
                raise SignInNeeded(f"sign-in needed: {action.value}")
            try:
                policy_check(request.actor, action)
                return view(request, *args, **kwargs)
            except NotAllowed as error:
                audit_record(
                    by=request.actor, action=MemberAudit.POLICY_REFUSE, target=error.action.value
                )
                raise

        guarded.policy_action = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def public(view: V) -> V:
    """A view or API operation that anyone may call; the mark is what the generated test looks for."""
    view.policy_action = "public"  # type: ignore[attr-defined]
    return view
