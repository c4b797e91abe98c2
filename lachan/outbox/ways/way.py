"""The base of every way by which messages leave the house.

A way is a folder here with a `way.py` that declares one class; `ways()` finds it, and one contract test holds each
to what is said here. Ways know nothing of one another, of the database, or of why a message is sent.
"""

import dataclasses
import enum
from datetime import timedelta
from functools import cache
from typing import ClassVar

from lachan.kernel.discovery import discover
from lachan.kernel.errors import InvalidInput
from lachan.outbox.records import Urgency


class AddressUnusable(InvalidInput):
    """No address of this way, or one of a service that is not known."""

    code = "address-unusable"


class PayloadUnusable(InvalidInput):
    """Too long, or not what this way carries."""

    code = "payload-unusable"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Parcel:
    """One message, opened to be sent.

    Attributes:
        address: as `address_read` gave it.
        ttl: for how long it still makes sense.
        mark: 16 bytes, the same whenever this message is tried again, of no meaning to others.
    """

    address: str
    payload: bytes
    urgency: Urgency
    ttl: timedelta
    mark: bytes


class Came(enum.Enum):
    """What came of one try."""

    SENT = "the other side took it"
    GONE = "the address is no more"
    REFUSED = "never, as it is"
    LATER = "perhaps later"


@dataclasses.dataclass(frozen=True)
class Tried:
    """Attributes: error: a code, never the other side's words; again: when it asks to be tried again."""

    came: Came
    error: str = ""
    again: timedelta | None = None


class Way:
    """One way out. Its methods are called by several threads at once.

    Attributes:
        name: it rests with each message.
        at_once: how many messages are on their way side by side.
    """

    name: ClassVar[str] = ""
    at_once: ClassVar[int] = 1

    def is_on(self) -> bool:
        """Whether the operator's settings let it send."""
        raise NotImplementedError

    def lacks(self) -> str:
        """What should be set besides, for some to be reached; for the operator."""
        return ""

    def address_read(self, text: str) -> str:
        """The canonical spelling of an address.

        Raises:
            AddressUnusable: it is none; the message says why, and quotes nothing.
        """
        raise NotImplementedError

    def payload_check(self, payload: bytes) -> None:
        """Look whether it can be sent.

        Raises:
            PayloadUnusable: it cannot.
        """
        raise NotImplementedError

    def server(self, address: str) -> str:
        """Whose server is asked for this address: while it is down, others are not held up by it."""
        raise NotImplementedError

    def send(self, parcel: Parcel) -> Tried:
        """Send it. What else goes wrong here counts as `Came.LATER`."""
        raise NotImplementedError

    def examples(self) -> list[tuple[str, bytes]]:
        """Addresses that can be read, each with a payload; for the contract."""
        raise NotImplementedError


@cache
def ways() -> dict[str, Way]:
    """Every way by name."""
    return discover("lachan.outbox.ways", Way, module="way")
