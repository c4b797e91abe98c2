"""Keys for other programs: `Authorization: Bearer lachan_<prefix>_<secret>` (`kernel/bearer`)."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.utils.functional import Promise

from lachan.kernel.bearer import bearer_make, bearer_opens, bearer_prefix
from lachan.kernel.clock import now
from lachan.kernel.errors import InvalidInput
from lachan.proofs.services import row_holds

from .audit import audit_record
from .audit_actions import MemberAudit
from .errors import ApiKeyRefused
from .models import ApiKey, Organisation
from .policy import (
    KEY_TABLE,
    KEY_WORDS,
    Action,
    PolicyAction,
    Scope,
    action_list,
    action_named,
    policy_allows,
    policy_check,
)
from .records import Actor, ActorKind
from .selectors import api_key_scopes

LONGEST = timedelta(days=730)


def scope_list() -> list[PolicyAction]:
    """What a key can be given at all."""
    return [action for action in action_list() if KEY_TABLE[action] is not Scope.NONE]


def scope_word(code: str) -> Promise | str:
    """What a scope is called; its code where there is no such scope any more."""
    action = action_named(code)
    return code if action is None else KEY_WORDS.get(action, code)


def scopes_for(by: Actor, *, organisation_id: int | None) -> list[PolicyAction]:
    """What a key can be given by this maker: nothing that the maker may not do there."""
    return [s for s in scope_list() if policy_allows(by, s, organisation_id=organisation_id)]


@transaction.atomic
def api_key_create(
    *,
    by: Actor,
    organisation: Organisation,
    name: str,
    scopes: Collection[PolicyAction],
    life: timedelta,
) -> tuple[ApiKey, str]:
    """A key and its text, which nobody can see again.

    Raises:
        NotAllowed: neither administrator nor technical contact there, or a scope beyond what the maker
            may do.
        InvalidInput: a scope that keys cannot have, none, or a life longer than two years.
    """
    policy_check(by, Action.API_KEY_MANAGE, organisation_id=organisation.pk)
    if not scopes or not set(scopes) <= set(scope_list()) or not timedelta(0) < life <= LONGEST:
        raise InvalidInput("scopes that keys can have, for two years at most")
    for scope in scopes:
        policy_check(by, scope, organisation_id=organisation.pk)
    prefix, text, kept = bearer_make()
    row = ApiKey.objects.create(
        organisation=organisation,
        name=name.strip(),
        prefix=prefix,
        secret_hash=kept,
        scopes=sorted(scopes),
        made_by=by.label,
        expires_at=now() + life,
    )
    detail = {"scopes": row.scopes}
    audit_record(by=by, action=MemberAudit.API_KEY_MAKE, target=f"api_key:{row.uid}", detail=detail)
    return row, text


@transaction.atomic
def api_key_revoke(*, by: Actor, key: ApiKey) -> None:
    """The key stops working at once."""
    policy_check(by, Action.API_KEY_MANAGE, organisation_id=key.organisation_id)
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now()):
        audit_record(by=by, action=MemberAudit.API_KEY_REVOKE, target=f"api_key:{key.uid}")


def api_key_actor(text: str) -> Actor:
    """Who acts with this key (the text after "Bearer "): within its scopes, and within what its maker may
    do now.

    Raises:
        ApiKeyRefused: malformed, unknown, expired, revoked, of an organisation that is not active, or made
            by somebody who could give it nothing any more.
    """
    prefix = bearer_prefix(text)
    row = ApiKey.objects.select_related("organisation").filter(prefix=prefix).first()
    same = bearer_opens(text, bytes(row.secret_hash) if row else None)
    sound = row is not None and same and _usable(row) and bool(row_holds(row))
    scopes = api_key_scopes(row) if row and sound else frozenset()
    if row is None or not scopes:
        raise ApiKeyRefused("this key does not open anything")
    today = now().date()
    if row.last_used_on != today:
        ApiKey.objects.filter(pk=row.pk).update(last_used_on=today)
    return Actor(
        kind=ActorKind.API_KEY,
        organisation_id=row.organisation_id,
        organisation_type=row.organisation.type,
        scopes=scopes,
        label=f"key:{row.prefix}",
    )


def _usable(row: ApiKey) -> bool:
    return row.revoked_at is None and row.expires_at > now() and _stands(row.organisation)


def _stands(organisation: Organisation) -> bool:
    return organisation.is_standing and bool(row_holds(organisation))
