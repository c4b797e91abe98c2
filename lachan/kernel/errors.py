"""The root of every room's error tree.

    LachanError
    ├ InvalidInput      the caller's value cannot be used; the message says why
    ├ NotFound          no such thing, or none that this caller may know of
    ├ Refused           the caller may not do this
    ├ Conflict          the thing changed, or already is what was asked
    └ Unavailable       a part that is needed does not answer now

A room derives its own from these. `code` is what machines see (problem+json `type`), and docs list it;
messages never hold personal data, because messages reach logs.
"""


class LachanError(Exception):
    """Something went wrong that a person can be told about.

    Attributes:
        code: stable, lower-case, hyphenated; documented in docs/howto/errors.md.
    """

    code = "error"


class InvalidInput(LachanError):
    code = "invalid-input"


class NotFound(LachanError):
    code = "not-found"


class Refused(LachanError):
    code = "refused"


class Conflict(LachanError):
    code = "conflict"


class Unavailable(LachanError):
    code = "unavailable"
