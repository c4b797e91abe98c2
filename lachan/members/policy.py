"""Who may do what: the one place.

Each room's `policy.py` holds its rows; together they are one table, which answers every action for every
role, for things of one's own organisation and of another's (whole in docs/policy.md). The generated test in tests/architecture asks every URL and API operation as everybody, and holds the answers
to it.
"""

import enum
import functools
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from django.utils.functional import Promise

from lachan.kernel.errors import Refused

from .audit import audit_record
from .audit_actions import MemberAudit
from .records import Actor, ActorKind, Role


class PolicyAction(enum.StrEnum):
    """One thing that can be asked for: the base of each room's own `Action`. Codes are `<noun>.<verb>`.

    An action stands in the lowest room that asks for it, and its row right below, by `policy_rows`.
    """


class Scope(enum.IntEnum):
    """How far a right reaches."""

    NONE = 0
    OWN = 1
    ANY = 2


# own: things of one's own organisation, and of nobody's · any: of every organisation's too · -: not at all.
# `none` is a person without a role, `key` an API key whose scopes name the action, `public` anyone who does
# not say who they are. Those of a household (`adult`, `teacher` of some of a school's classes, and
# `child` by its device) reach things of their own household alone, and have columns of their own: a room's table has either these or those.
STAFF_COLUMNS = (*(role.value for role in Role), "none", "key", "public")
FAMILY_COLUMNS = (ActorKind.ADULT.value, ActorKind.TEACHER.value, ActorKind.CHILD.value)
COLUMNS = (*STAFF_COLUMNS, *FAMILY_COLUMNS)
_SCOPES = {"own": Scope.OWN, "any": Scope.ANY, "-": Scope.NONE}

# Filled by the rooms, whose `policy.py` are found by themselves.
TABLE: dict[PolicyAction, dict[Role, Scope]] = {}
WITHOUT_ROLE: dict[PolicyAction, Scope] = {}
FAMILY_TABLE: dict[PolicyAction, dict[str, Scope]] = {}
# What an API key can be given: programs check, fetch and propose; people read cases and decide.
KEY_TABLE: dict[PolicyAction, Scope] = {}
# What the maker of a key reads of it.
KEY_WORDS: dict[PolicyAction, Promise | str] = {}
# What anyone may ask without saying who they are.
PUBLIC_ACTIONS: set[PolicyAction] = set()
# What makes a role so powerful that a second person has to agree to it.
POWERS: set[PolicyAction] = set()


def policy_rows(
    actions: type[PolicyAction],
    table: str,
    *,
    powers: Collection[PolicyAction] = (),
    keys: Mapping[PolicyAction, Promise | str] = MappingProxyType({}),
) -> None:
    """A room's rows of the policy: a line for each of its actions, a cell for each column.

    Args:
        actions: the room's own.
        table: columns in its first line, `STAFF_COLUMNS` or `FAMILY_COLUMNS`, then `<noun>.<verb>` and the cells.
            In the columns that it lacks stands "-".
        powers: those whose roles a second person has to agree to.
        keys: words for those that an API key can be given.

    Raises:
        ValueError: a row or a cell is missing, is one too many, or another room's.
    """
    head, *lines = (line.split() for line in table.strip().splitlines())
    is_known = tuple(head) in {STAFF_COLUMNS, FAMILY_COLUMNS}
    if not is_known or sorted(line[0] for line in lines) != sorted(actions):
        raise ValueError(
            f"{actions.__module__}: a row for each action, a cell for each of {STAFF_COLUMNS} or {FAMILY_COLUMNS}"
        )
    for code, *cells in lines:
        action = actions(code)
        row = dict.fromkeys(COLUMNS, Scope.NONE)
        row |= {who: _SCOPES[cell] for who, cell in zip(head, cells, strict=True)}
        if action in TABLE or (row["key"] is not Scope.NONE) != (action in keys):
            raise ValueError(f"{code}: stands twice, or a key's words are missing or one too many")
        if row["public"] is Scope.OWN:
            raise ValueError(f"{code}: the public has no organisation of its own")
        if any(row[who] is Scope.ANY for who in FAMILY_COLUMNS):
            raise ValueError(f"{code}: a household reaches its own things alone")
        TABLE[action] = {role: row[role.value] for role in Role}
        FAMILY_TABLE[action] = {who: row[who] for who in FAMILY_COLUMNS}
        WITHOUT_ROLE[action], KEY_TABLE[action] = row["none"], row["key"]
        PUBLIC_ACTIONS.update({action} if row["public"] is Scope.ANY else ())
    KEY_WORDS.update(keys)
    POWERS.update(powers)


def action_list() -> list[PolicyAction]:
    """Those of all rooms, by room, in the order of their tables."""
    return sorted(TABLE, key=lambda action: type(action).__module__)


def cells_of(action: PolicyAction) -> list[str]:
    """Its row as it is written."""
    words = {scope: word for word, scope in _SCOPES.items()}
    public = Scope.ANY if action in PUBLIC_ACTIONS else Scope.NONE
    staff = (*TABLE[action].values(), WITHOUT_ROLE[action], KEY_TABLE[action], public)
    row = (*staff, *FAMILY_TABLE[action].values())
    return [words[scope] for scope in row]


def action_named(code: str) -> PolicyAction | None:
    """None where no room knows it: a key may name one of old."""
    return next((action for action in TABLE if action.value == code), None)


class Action(PolicyAction):
    """Of this room; and of reading cases, for the desk's key lies here."""

    CASE_READ = "case.read"
    MEMBER_READ = "member.read"
    PEOPLE_READ = "people.read"
    MEMBER_MANAGE = "member.manage"
    NETWORK_MANAGE = "network.manage"
    NETWORK_AUDIT = "network.audit"
    API_KEY_MANAGE = "api_key.manage"
    AUDIT_READ = "audit.read"
    ACCOUNT_SELF = "account.self"


policy_rows(
    Action,
    """
                    analyst  reviewer  officer  administrator  technical  auditor  none  key  public
case.read           own      own       own      -              -          -        -     -    -
member.read         -        -         any      any            -          any      -     -    -
people.read         -        -         own      own            -          own      -     -    -
member.manage       -        -         -        own            -          -        -     -    -
network.manage      -        -         -        own            -          -        -     -    -
network.audit       -        -         -        -              -          own      -     -    -
api_key.manage      -        -         -        own            own        -        -     -    -
audit.read          -        -         -        own            -          own      -     -    -
account.self        own      own       own      own            own        own      own   -    -
""",
    powers={Action.MEMBER_MANAGE},
)


def policy_allows(
    by: Actor,
    action: PolicyAction,
    *,
    organisation_id: int | None = None,
    household_id: int | None = None,
) -> bool:
    """Whether `by` may do `action` to a thing of `organisation_id`, or of `household_id` (None: of nobody's).

    What belongs to the network as a whole (the list of organisations, the whole trail) counts as a thing
    of the home organisation.
    """
    if by.kind is ActorKind.SYSTEM or action in PUBLIC_ACTIONS:
        return True
    own = organisation_id in (None, by.organisation_id) and household_id in (None, by.household_id)
    reach = _reach(by, action)
    return reach is Scope.ANY or (reach is Scope.OWN and own)


def _reach(by: Actor, action: PolicyAction) -> Scope:
    if by.kind is ActorKind.API_KEY:
        return KEY_TABLE[action] if action.value in by.scopes else Scope.NONE
    if by.kind is ActorKind.PERSON:
        return max(WITHOUT_ROLE[action], *(TABLE[action][role] for role in by.roles), Scope.NONE)
    return FAMILY_TABLE[action].get(by.kind.value, Scope.NONE)


class NotAllowed(Refused):
    """The policy says no."""

    code = "not-allowed"

    def __init__(self, action: PolicyAction) -> None:
        super().__init__(f"not allowed: {action.value}")
        self.action = action


def policy_check(
    by: Actor,
    action: PolicyAction,
    *,
    organisation_id: int | None = None,
    household_id: int | None = None,
) -> None:
    """As `policy_allows`, but says no by raising.

    Raises:
        NotAllowed: naming the action, not the thing.
    """
    if not policy_allows(by, action, organisation_id=organisation_id, household_id=household_id):
        raise NotAllowed(action)


V = TypeVar("V", bound=Callable[..., Any])


class SignInNeeded(Refused):
    """Nobody is signed in; a page sends the person to the door, an API says 401."""

    code = "sign-in-needed"


def requires(action: PolicyAction) -> Callable[[V], V]:
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
                # A household's people stand in no trail of staff.
                if request.actor.household_id is None:
                    audit_record(
                        by=request.actor,
                        action=MemberAudit.POLICY_REFUSE,
                        target=error.action.value,
                    )
                raise

        guarded.policy_action = action  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return wrap


def public(view: V) -> V:
    """A view or API operation that anyone may call; the mark is what the generated test looks for."""
    view.policy_action = "public"  # type: ignore[attr-defined]
    return view
