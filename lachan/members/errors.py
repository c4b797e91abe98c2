"""What members can refuse.

LachanError
├ Refused
│   ├ KeyLocked         the session does not hold the person's private key: the password opens it again
│   ├ KeyMissing        this person holds no copy of the desk's key
│   ├ SignInRefused     unknown name, wrong password or code: they cannot be told apart
│   ├ SelfGrant         nobody gives a role to himself
│   ├ SignInPaused      too many failures; wait
│   └ ApiKeyRefused     unknown, expired or revoked: they cannot be told apart
├ NotFound
│   └ InvitationGone    unknown, used or expired: they cannot be told apart
└ Conflict
    ├ AlreadyMember     the address belongs to someone here
    └ LastAdministrator nobody would be left who can let people in
"""

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


class InvitationGone(NotFound):
    code = "invitation-gone"


class AlreadyMember(Conflict):
    code = "already-member"


class LastAdministrator(Conflict):
    code = "last-administrator"
