"""What other rooms may hold of the outbox."""

import dataclasses
import enum
from datetime import datetime

import msgspec


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failing:
    """A handler at which events failed.

    Attributes:
        handler: its name.
        waiting: events that failed there and are tried again.
        gave_up: those that are not, unless somebody asks for it.
        attempts: the most that any of them took.
        since: the hour in which the oldest of them was said.
        next_at: when the next one is tried again; None where none is.
        errors: the classes of the last errors.
    """

    handler: str
    waiting: int
    gave_up: int
    attempts: int
    since: datetime
    next_at: datetime | None
    errors: tuple[str, ...]


class Urgency(enum.StrEnum):
    """How soon a phone should be woken for a message (RFC 8030, section 5.3)."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class MailNote(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that an e-mail says: that there is something new here. What it is stays here.

    Attributes:
        language: of its words, one of the product's.
        link: where to read it, on a host of this instance.
        unsubscribe: where one click ends such e-mails (RFC 8058: it takes a POST without a cookie); empty where
            there is no such address.
    """

    language: str
    link: str
    unsubscribe: str = ""

    def payload(self) -> bytes:
        return msgspec.json.encode(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class WayStand:
    """How one way of messages stands; numbers alone.

    Attributes:
        is_on: whether the operator's settings let it send.
        lacks: what should be set, for some to be reached; empty where nothing.
        waiting: messages that are still to go out.
        failing: those among them that failed at least once.
        oldest: the hour in which the oldest that waits was given.
        errors: codes of the last errors of what fails, or was refused.
        sent, gone, refused, expired, dropped: how those of the past week ended; dropped ones had no reason any more.
    """

    way: str
    is_on: bool
    lacks: str
    waiting: int
    failing: int
    oldest: datetime | None
    errors: tuple[str, ...]
    sent: int
    gone: int
    refused: int
    expired: int
    dropped: int
