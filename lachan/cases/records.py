import dataclasses
import enum
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from lachan.kernel.errors import Conflict, InvalidInput

# LachanError
# ├ Conflict
# │  ├ CaseTaken       somebody else works on it
# │  └ CaseMoved       it is no longer in the state that the act needs
# └ InvalidInput
#    └ NoSuchChoice    a code that today's data does not hold


class CaseTaken(Conflict):
    code = "case-taken"


class CaseMoved(Conflict):
    code = "case-moved"


class NoSuchChoice(InvalidInput):
    code = "no-such-choice"


class ValueRefused(InvalidInput):
    code = "value-refused"


class Status(enum.StrEnum):
    """Where a case stands. `new` means that nobody has it."""

    NEW = "new"
    CLAIMED = "claimed"
    IN_PROGRESS = "in_progress"
    WAITING = "waiting"
    CLOSED = "closed"


class Happening(enum.StrEnum):
    """What a line of a case's timeline says."""

    OPENED = "opened"
    REPORTER_WROTE = "reporter_wrote"
    CLAIMED = "claimed"
    RELEASED = "released"
    FREED = "freed"
    HANDED_OVER = "handed_over"
    REFERRED = "referred"
    REPORT_OPENED = "report_opened"
    ANSWERED = "answered"
    NOTED = "noted"
    STARTED = "started"
    WAITS = "waits"
    CLASSIFIED = "classified"
    PRIORITY_SET = "priority_set"
    PRIORITY_FREED = "priority_freed"
    CLOCK_MET = "clock_met"
    LINKED = "linked"
    UNLINKED = "unlinked"
    PROPOSED = "proposed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """The plain columns that rules look at; nothing that was sealed.

    Attributes:
        opened_at: when the report was received.
        reporter_waits_since: since when the reporter waits for an answer; None when nobody waits.
    """

    category: str
    urgency: str
    province: str
    language: str
    status: str
    opened_at: datetime
    reporter_waits_since: datetime | None = None
    reopened: bool = False
    clocks_met: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why a rule gave points: its code, its weight, its words in each language."""

    code: str
    weight: int
    text: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Clock:
    """A due time.

    Attributes:
        legal: whether a law sets it; otherwise the desk set it for itself.
        source: the law's article or the house rule, by language.
        met: somebody has said that it is done.
    """

    code: str
    text: Mapping[str, str]
    source: Mapping[str, str]
    legal: bool
    due_at: datetime
    met: bool = False


@dataclasses.dataclass(frozen=True)
class Rating:
    """What the rules advise at one moment.

    Attributes:
        score: the sum of the reasons' weights.
        next_at: when the answer can change by the passing of time alone; None when it cannot.
    """

    score: int
    reasons: tuple[Reason, ...]
    clocks: tuple[Clock, ...]
    next_at: datetime | None

    @property
    def due_at(self) -> datetime | None:
        """The earliest clock that still runs."""
        return min((clock.due_at for clock in self.clocks if not clock.met), default=None)


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a case ended, as data says."""

    code: str
    text: dict[str, str]


@dataclasses.dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """What of the queue is asked for; an empty text means all.

    Attributes:
        status: one of `Status`, `open` (all but closed) or `all`.
    """

    status: str = "open"
    category: str = ""
    province: str = ""
    mine: bool = False


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """A case that may be about the same thing, and why.

    Attributes:
        shared: how many addresses, numbers or accounts both reports name, by kind.
        near: same category and province within a short time.
    """

    uid: UUID
    category: str
    province: str
    opened_at: datetime
    status: str
    shared: dict[str, int]
    near: bool


@dataclasses.dataclass(frozen=True)
class Candidate:
    """An address, number or account that a report names, for a person to tick or to leave.

    Attributes:
        shown: the value as people read it.
        own: it is the reporter's own way to be reached: never to be proposed.
        known: where it stands in the exchange (an indicator's status), or empty.
        indicator: the uid of what is known there.
        warnings: codes of the exchange's guard: why publishing it would do harm.
        tlp: how far it should go unless the person thinks otherwise: what names somebody, not everywhere.
    """

    kind: str
    value: str
    shown: str
    own: bool
    known: str
    indicator: UUID | None
    warnings: tuple[str, ...]
    tlp: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pick:
    """What a person ticked to propose.

    Attributes:
        confidence: 0 to 100.
        tlp: a Traffic Light Protocol 2.0 label.
    """

    kind: str
    value: str
    category: str
    confidence: int
    tlp: str


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What became of a pick.

    Attributes:
        indicator: its uid in the exchange; None where nothing is there for this person to see.
        fault: the stable code of the error that stopped it, or empty.
    """

    pick: Pick
    indicator: UUID | None
    fault: str = ""
