"""Errors of family.

LachanError
├ NotFound
│   ├ CodeUnknown     these digits open no household
│   └ LinkGone        unknown, used or over: they cannot be told apart
├ Conflict
│   ├ LastAdult       nobody would be left who can open the household
│   └ TooMany         a household, a child or a list is as large as it may be
└ InvalidInput
    └ NameUnusable    not a name that can stand in a rule
"""

from lachan.kernel.errors import Conflict, InvalidInput, NotFound


class CodeUnknown(NotFound):
    code = "household-code-unknown"


class LinkGone(NotFound):
    code = "household-link-gone"


class LastAdult(Conflict):
    code = "last-adult"


class TooMany(Conflict):
    code = "household-full"


class NameUnusable(InvalidInput):
    code = "name-unusable"
