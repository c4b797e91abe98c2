"""The room's doors for writing; each lives in the module that is named for its matter."""

from .api_keys import api_key_create, api_key_revoke
from .audit import audit_hash_at, audit_head, audit_head_keep, audit_record, audit_verify
from .confirmations import confirmation_give, confirmation_stop
from .entry.factors import factor_secrets_open
from .entry.first_link import first_link
from .entry.invitations import (
    invitation_accept,
    invitation_create,
    invitation_withdraw,
    operator_link,
    return_create,
)
from .keys.desk_keys import desk_key_open, desk_key_rotate, desk_keys_give, desk_keys_withdraw
from .keys.recovery import recovery_split, recovery_use
from .keys.session_keys import session_key, session_key_drop, session_key_hold
from .organisations import organisation_save, programme_save
from .people import person_deactivate, role_grant, role_revoke

__all__ = [
    "api_key_create",
    "api_key_revoke",
    "audit_hash_at",
    "audit_head",
    "audit_head_keep",
    "audit_record",
    "audit_verify",
    "confirmation_give",
    "confirmation_stop",
    "desk_key_open",
    "desk_key_rotate",
    "desk_keys_give",
    "desk_keys_withdraw",
    "factor_secrets_open",
    "first_link",
    "invitation_accept",
    "invitation_create",
    "invitation_withdraw",
    "operator_link",
    "organisation_save",
    "person_deactivate",
    "programme_save",
    "recovery_split",
    "recovery_use",
    "return_create",
    "role_grant",
    "role_revoke",
    "session_key",
    "session_key_drop",
    "session_key_hold",
]
