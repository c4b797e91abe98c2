"""Who asked for a one-time name, for the page that wants to know: in memory alone, for minutes, and only of names that
the page said it waits for.
"""

import time
from collections import OrderedDict

import msgspec

from lachan.edge.dns.asker import Connection
from lachan.formats.profiles.door import WAITED_SECONDS, Check, Seen, device_digest

NONCES, EACH = 4_096, 8


class _Waited(msgspec.Struct):
    until: float
    seen: list[Seen]


class Checks:
    """What is waited for: at most `NONCES`, the longest unasked go first. For one thread."""

    def __init__(self) -> None:
        self._waited: OrderedDict[bytes, _Waited] = OrderedDict()

    def see(self, nonce: bytes, connection: Connection) -> None:
        """It was looked up."""
        found = self._waited.get(nonce)
        if found is None or found.until < time.monotonic():
            return
        way, device = connection.transport, device_digest(connection.token)
        if len(found.seen) < EACH and all(
            (one.way, one.device) != (way, device) for one in found.seen
        ):
            found.seen.append(Seen(way, device, time.time()))

    def answer(self, raw: bytes) -> bytes:
        """The answer to a message that came by the door.

        Raises:
            ValueError: it is none of ours.
        """
        message = msgspec.msgpack.decode(raw, type=Check)
        return msgspec.msgpack.encode(self._wait(message))

    def _wait(self, check: Check) -> list[Seen]:
        now, nonce = time.monotonic(), check.nonce.lower().encode()
        while self._waited:
            oldest = next(iter(self._waited.values()))
            if oldest.until >= now and len(self._waited) < NONCES:
                break
            self._waited.popitem(last=False)
        found = self._waited.setdefault(nonce, _Waited(0.0, []))
        found.until = now + WAITED_SECONDS
        self._waited.move_to_end(nonce)
        return found.seen
