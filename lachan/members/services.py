"""The room's doors for writing; each lives in the module that is named for its matter."""

from .audit import audit_hash, audit_record
from .desk_keys import desk_key_open, desk_key_rotate, desk_keys_give, desk_keys_withdraw
from .first_link import first_link
from .invitations import (
    invitation_accept,
    invitation_create,
    invitation_withdraw,
    return_create,
)
from .session_keys import session_key, session_key_drop, session_key_hold

__all__ = [
    "audit_hash",
    "audit_record",
    "desk_key_open",
    "desk_key_rotate",
    "desk_keys_give",
    "desk_keys_withdraw",
    "first_link",
    "invitation_accept",
    "invitation_create",
    "invitation_withdraw",
    "return_create",
    "session_key",
    "session_key_drop",
    "session_key_hold",
]
