"""What the pages ask the edge's processes by their door (`kernel/doors`): things that are told to whom they concern and
stand nowhere else.

"Does it work?": the page makes a nonce, asks for it here, has the device look up `check_name(…)`, and asks again. Only a
nonce that was asked for lately is noticed, so that nobody else can fill the edge's memory.

"What was blocked here?": the page of a child's device asks for what was blocked for that device in the last minutes; each
process gives what it has, sealed to that device. Only the browser with the other half of the key opens it.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from lachan.kernel.doors import doors_ask

KIND = "dns"
FAMILY = "family"
"""The source of what is blocked by a family's own rule and not by a list."""
WAITED_SECONDS = 300
"""So long a nonce is waited for after it was last asked about."""


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Who looked up this nonce?"""

    nonce: str


class BlockedAsk(msgspec.Struct, frozen=True, tag="blocked"):
    """What was blocked for this device? (`device_digest`)"""

    device: str


Message = Check | BlockedAsk
"""Of all of them, by their tag."""


class Seen(msgspec.Struct, frozen=True):
    """Somebody did.

    Attributes:
        way: how it was asked.
        device: `device_digest` of the label by which it came; empty for none.
        at: Unix time.
    """

    way: Literal["udp", "tcp", "tls", "https"]
    device: str
    at: float


class BlockedName(msgspec.Struct, frozen=True, kw_only=True):
    """One name that was not answered, as it stands inside its seal.

    Attributes:
        name: that was asked for, as it is looked up; empty where it is not to be named.
        rule: the name that the rule is about, itself or one above it; empty with `name`.
        words: which rule: categories of the exchange, or what a family's own rule says (`edge.dns.policy`).
        source: who says so: an organisation, a list; "family" for a family's own rule.
        until: Unix seconds; 0 where no end is known.
        indicator: of the exchange, its outward identifier.
    """

    name: str
    rule: str
    words: tuple[str, ...]
    source: str
    until: int
    indicator: str = ""


class Kept(msgspec.Struct, frozen=True):
    """Attributes: at: when it was last asked for, Unix time; sealed: a `BlockedName`, to the device's key."""

    at: float
    sealed: bytes


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """What a process has for a device.

    Attributes:
        since: when the process began to remember, Unix time: what was before is not known.
        kept: the last names, in no order.
        more: there was more than is remembered of one device.
    """

    since: float
    kept: list[Kept]
    more: bool = False


def nonce_new() -> str:
    """A nonce that nobody guesses, as a label of a name."""
    return secrets.token_hex(10)


def check_name(nonce: str, host: str) -> str:
    """The name that a device looks up, where the edge's own is `host` (LACHAN_DNS_NAME)."""
    return f"{nonce}.{check_host(host)}"


def check_host(host: str) -> str:
    """What one-time names lie below. Browsers ask nobody for names below `localhost`, where a trial is: it has another,
    which is nobody's (RFC 6761, section 6.2).
    """
    return "check.lachan.test" if host.endswith("localhost") else f"check.{host}"


def device_digest(label: str | bytes) -> str:
    """By which a device's label is compared; empty for no label."""
    raw = label.encode() if isinstance(label, str) else label
    return hashlib.sha256(b"lachan device\0" + raw.lower()).hexdigest()[:32] if raw else ""


def check(home: Path, nonce: str) -> tuple[list[Seen], int]:
    """Who looked a nonce up until now, by all of the edge's processes that run, and how many those are. From now on
    it is waited for.
    """
    answers = doors_ask(home, KIND, msgspec.msgpack.encode(Check(nonce)))
    found = [one for raw in answers for one in msgspec.msgpack.decode(raw, type=list[Seen])]
    return sorted(found, key=lambda one: one.at), len(answers)


def blocked(home: Path, device: str) -> list[Blocked]:
    """What each of the edge's processes that run has for a device (`device_digest`)."""
    answers = doors_ask(home, KIND, msgspec.msgpack.encode(BlockedAsk(device)))
    return [msgspec.msgpack.decode(raw, type=Blocked) for raw in answers]
