"""What other rooms may hold of a report."""

import dataclasses
import enum
import uuid
from datetime import datetime


class Urgency(enum.StrEnum):
    """How long it can wait, in the reporter's own judgement; the most urgent first."""

    DANGER = "danger"
    SOON = "soon"
    CALM = "calm"


class About(enum.StrEnum):
    """Whom it happened to. Sealed with the words: "me" and a province can be enough to know a child."""

    ME = "me"
    FRIEND = "friend"
    CHILD = "child"
    OTHER = "other"


class Status(enum.StrEnum):
    """HELD waits behind the quarantine for busy hours; OPEN is being worked on; CLOSED waits to be purged."""

    HELD = "held"
    OPEN = "open"
    CLOSED = "closed"


class Trust(enum.StrEnum):
    """Whether words are those that were written, there and by whom it says.

    PROVED: row and seal say so. UNBOUND: the row is the product's, but the words were sealed when they did
    not yet say where they belong. BROKEN: altered, moved or put in past the product; never shown.
    """

    PROVED = "proved"
    UNBOUND = "unbound"
    BROKEN = "broken"


class Author(enum.StrEnum):
    DESK = "desk"
    REPORTER = "reporter"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportContent:
    """What is sealed on arrival.

    Attributes:
        about: an `About`, or empty.
        words: the reporter's own.
        traces: addresses, phone numbers, accounts, as typed, one a line or not.
        contact: how to reach the reporter, if he or she wants to be reached.
    """

    about: str = ""
    words: str = ""
    traces: str = ""
    contact: str = ""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportFacts:
    """The plain columns: enough to route, too little to know a child by.

    Attributes:
        received: rounded down to the hour. A clock that runs from it ends early, never late.
        desk_key: uid of the desk key that the report was sealed to.
    """

    uid: uuid.UUID
    status: Status
    category: str
    urgency: Urgency
    province: str
    language: str
    received: datetime
    organisation_id: int | None
    desk_key: uuid.UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportMessage:
    """One message after the report. `written` is rounded down to the hour.

    `is_question` means that the desk waits for an answer. An unreadable one (sealed to an older desk key)
    has `words` None, and so has one that is not to be trusted.
    """

    author: Author
    words: str | None
    written: datetime
    is_question: bool = False
    trust: Trust = Trust.PROVED


@dataclasses.dataclass(frozen=True, kw_only=True)
class OpenReport:
    """A report, unsealed for someone who may read it.

    Attributes:
        trust: of facts and content; where it is broken, the content is empty.
        missing: how many messages there were and are gone, or more than there were (below zero).
    """

    facts: ReportFacts
    content: ReportContent
    messages: tuple[ReportMessage, ...]
    trust: Trust = Trust.PROVED
    missing: int = 0

    @property
    def is_sound(self) -> bool:
        """Nothing of it was altered, moved, put in or taken away past the product."""
        parts = (self.trust, *(message.trust for message in self.messages))
        return self.missing == 0 and Trust.BROKEN not in parts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Submitted:
    """What the reporter gets.

    Attributes:
        receipt: 28 digits; None for a form sent again so late that the receipt is not shown any more.
        again: the report was here already.
        key: the number of the desk's key to which it was sealed; empty for one that was here.
    """

    report: uuid.UUID
    receipt: str | None
    again: bool
    key: str = ""
