"""Errors of family.

LachanError
├ NotFound
│   ├ CodeUnknown     these digits open no household
│   └ LinkGone        unknown, used or over: they cannot be told apart
├ Conflict
│   ├ LastAdult       nobody would be left who can open the household
│   └ TooMany         a household, a child or a list is as large as it may be
│       └ SlotsFull       so are a child's times
└ InvalidInput
    ├ NameAlwaysOpen  help: nobody can close it, and nobody need ask for it
    └ NameUnusable    not a name that can stand in a rule
        └ NameTooWide     everybody's sites lie below it
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


class SlotsFull(TooMany):
    pass


class NameUnusable(InvalidInput):
    code = "name-unusable"


class NameTooWide(NameUnusable):
    code = "name-too-wide"


class NameAlwaysOpen(InvalidInput):
    code = "name-always-open"
