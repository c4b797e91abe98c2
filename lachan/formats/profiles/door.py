"""What the pages ask the edge's processes by their door (`kernel/doors`): things that are told to whom they concern and
stand nowhere else.

"Does it work?": the page makes a nonce, asks for it here, has the device look up `check_name(…)`, and asks again. Only a nonce that was asked for lately is noticed, so that nobody else can fill the edge's memory.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Literal

import msgspec

from lachan.kernel.doors import doors_ask

KIND = "dns"
WAITED_SECONDS = 300
"""So long a nonce is waited for after it was last asked about."""


class Check(msgspec.Struct, frozen=True, tag="check"):
    """Who looked up this nonce?"""

    nonce: str


Message = Check
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
