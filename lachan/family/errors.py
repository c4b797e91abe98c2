"""Errors of family.

LachanError
├ NotFound
│   ├ CodeUnknown     these digits open no household
│   └ LinkGone        unknown, used or over: they cannot be told apart
├ Conflict
│   ├ LastAdult       nobody would be left who can open the household
│   └ TooMany         a household, a child or a list is as large as it may be
└ InvalidInput
    ├ NameUnusable    not a name that can stand in a rule
    ├ NetworkUnusable not a network, or not this school's to name
    ├ NothingNamed    a lesson that opens something names nothing
    └ SiteClosed      a lesson would open what the class's own list closes
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


class NetworkUnusable(InvalidInput):
    """Attributes: trouble: why (`class_list.Trouble`); about: the network as it was written."""

    code = "network-unusable"

    def __init__(self, trouble: str, about: str) -> None:
        super().__init__("this network cannot be a class's")
        self.trouble, self.about = trouble, about


class NothingNamed(InvalidInput):
    code = "nothing-named"


class SiteClosed(InvalidInput):
    code = "site-closed"
