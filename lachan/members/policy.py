"""Who may do what: the one place.

`TABLE` answers every action for every role, for things of one's own organisation and of another's; a role
that a row does not name may not. The generated test in tests/architecture walks every URL and API operation
and fails on one that names no action.
"""

import enum
import functools
from collections.abc import Callable
from typing import Any, TypeVar

from lachan.kernel.errors import Refused

from .audit import audit_record
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
    MEMBER_READ = "member.read"
    MEMBER_MANAGE = "member.manage"
    API_KEY_MANAGE = "api_key.manage"
    AUDIT_READ = "audit.read"
    ACCOUNT_SELF = "account.self"


class Scope(enum.IntEnum):
    """How far a right reaches."""

    NONE = 0
    OWN = 1
    ANY = 2


R, OWN, ANY = Role, Scope.OWN, Scope.ANY
_EVERYONE = dict.fromkeys(Role, ANY)

TABLE: dict[Action, dict[Role, Scope]] = {
    Action.CASE_READ: {R.ANALYST: OWN, R.REVIEWER: OWN, R.OFFICER: OWN},
    Action.CASE_WORK: {R.ANALYST: OWN, R.OFFICER: OWN},
    Action.REPORT_ANSWER: {R.ANALYST: OWN, R.OFFICER: OWN},
    Action.REPORT_RELEASE: {R.ANALYST: OWN, R.OFFICER: OWN},
    Action.INDICATOR_READ: {
        R.ANALYST: ANY, R.REVIEWER: ANY, R.OFFICER: ANY, R.TECHNICAL: ANY, R.AUDITOR: ANY,
    },
    Action.INDICATOR_PROPOSE: {R.ANALYST: OWN, R.REVIEWER: OWN, R.OFFICER: OWN, R.TECHNICAL: OWN},
    Action.INDICATOR_REVIEW: {R.REVIEWER: ANY, R.OFFICER: ANY},
    Action.INDICATOR_WITHDRAW: {R.REVIEWER: ANY, R.OFFICER: ANY, R.ANALYST: OWN},
    Action.INDICATOR_IMPORT: {R.REVIEWER: OWN, R.OFFICER: OWN},
    Action.DISPUTE_OPEN: _EVERYONE,
    Action.DISPUTE_ANSWER: {R.REVIEWER: ANY, R.OFFICER: ANY},
    Action.LIST_READ: _EVERYONE,
    Action.CHECK: _EVERYONE,
    Action.MEMBER_READ: {R.ADMINISTRATOR: ANY, R.OFFICER: ANY, R.AUDITOR: ANY},
    Action.MEMBER_MANAGE: {R.ADMINISTRATOR: OWN},
    Action.API_KEY_MANAGE: {R.ADMINISTRATOR: OWN, R.TECHNICAL: OWN},
    Action.AUDIT_READ: {R.AUDITOR: ANY, R.ADMINISTRATOR: OWN},
    Action.ACCOUNT_SELF: _EVERYONE,
}  # fmt: skip

# What anyone may ask without saying who he is.
PUBLIC_ACTIONS = frozenset({Action.DISPUTE_OPEN, Action.LIST_READ, Action.CHECK})


def policy_allows(by: Actor, action: Action, *, organisation_id: int | None = None) -> bool:
    """Whether `by` may do `action` to a thing of `organisation_id` (None: a thing of nobody's).

    An API key may do what its scopes name, within its own organisation's reach.
    """
    if by.kind is ActorKind.SYSTEM or action in PUBLIC_ACTIONS:
        return True
    if by.kind is ActorKind.API_KEY:
        own = organisation_id in (None, by.organisation_id)
        return action.value in by.scopes and own
    own = organisation_id in (None, by.organisation_id)
    reach = max((TABLE[action].get(role, Scope.NONE) for role in by.roles), default=Scope.NONE)
    return reach is Scope.ANY or (reach is Scope.OWN and own)


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
                audit_record(by=request.actor, action="policy.refuse", target=error.action.value)
                raise

        guarded.policy_action = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def public(view: V) -> V:
    """A view or API operation that anyone may call; the mark is what the generated test looks for."""
    view.policy_action = "public"  # type: ignore[attr-defined]
    return view
