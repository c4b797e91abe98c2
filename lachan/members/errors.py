"""Errors of members.

LachanError
├ Refused
│   ├ KeyLocked         the session does not hold the person's private key: the password opens it again
│   ├ KeyMissing        this person holds no copy of the desk's key
│   ├ SignInRefused     unknown name, wrong password or code: they cannot be told apart
│   ├ SelfGrant         nobody gives a role to himself
│   ├ SecondNeeded      another administrator has to agree
│   ├ SignInPaused      too many failures; wait
│   └ ApiKeyRefused     unknown, expired or revoked: they cannot be told apart
├ NotFound
│   └ InvitationGone    unknown, used or expired: they cannot be told apart
│       └ InvitationWaits it opens when a second administrator has agreed, or at its time
└ Conflict
    ├ AlreadyMember     the address belongs to someone here
    └ LastAdministrator nobody would be left who can let people in
"""

from datetime import datetime

from lachan.kernel.errors import Conflict, NotFound, Refused


class KeyLocked(Refused):
    code = "key-locked"


class KeyMissing(Refused):
    code = "key-missing"


class SignInRefused(Refused):
    code = "sign-in-refused"


class SignInPaused(Refused):
    """Attributes:
    seconds: how long to wait.
    """

    code = "sign-in-paused"

    def __init__(self, seconds: int) -> None:
        super().__init__("too many failures")
        self.seconds = seconds


class ApiKeyRefused(Refused):
    code = "api-key-refused"


class SelfGrant(Refused):
    code = "self-grant"


class SecondNeeded(Refused):
    code = "second-needed"


class InvitationGone(NotFound):
    code = "invitation-gone"


class InvitationWaits(InvitationGone):
    """Attributes:
    opens_at: when it opens without a second administrator's yes.
    """

    code = "invitation-waits"

    def __init__(self, opens_at: datetime) -> None:
        super().__init__("this link waits for a second administrator's yes")
        self.opens_at = opens_at


class AlreadyMember(Conflict):
    code = "already-member"


class LastAdministrator(Conflict):
    code = "last-administrator"
