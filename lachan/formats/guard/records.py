"""What the guard says, and of what it was made."""

import dataclasses
from datetime import date, datetime

from lachan.kernel.errors import InvalidInput


class UnusableList(InvalidInput):
    code = "unusable-list"


@dataclasses.dataclass(frozen=True, slots=True)
class GuardWarning:
    """Why publishing would do harm.

    Attributes:
        rule: stable code, the name of a folder in data/rules/.
        matched: the name or network that the value met.
        reason: in plain English; pages translate the rule.
    """

    rule: str
    matched: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class SiteFile:
    """One file that a list of well-known sites was made of.

    Attributes:
        dated: when it was last changed: how old what it says is.
        taken: its names; `refused`: reason → lines that hold none.
    """

    file: str
    dated: date
    taken: int
    refused: dict[str, int]


@dataclasses.dataclass(frozen=True, slots=True)
class SitesHead:
    """The list of well-known sites, without its names.

    Attributes:
        names: how many it knows, those that stand above listed ones among them.
        check: CRC-32 of its body, which is in `byteorder`.
    """

    made_at: datetime
    files: tuple[SiteFile, ...]
    names: int
    check: int
    byteorder: str

    @property
    def dated(self) -> date:
        """Of the oldest file: from then on it is out of date."""
        return min(file.dated for file in self.files)
