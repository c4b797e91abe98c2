"""The cache of failures: questions that could not be answered, remembered so that askers cannot hammer what
fails (RFC 9520).
"""

import time
from collections import OrderedDict

import msgspec

from lachan.edge.dns.message import Reply

LEAST_SECONDS, FIRST_SECONDS, MOST_SECONDS = 1.0, 5.0, 30.0
"""The RFC asks for one second at least and five minutes at most. The first failure holds for five seconds, each
in a row for twice as long, and half a minute is the most: what is mended should be noticed while somebody
still waits."""
LIMIT = 10_000


class Failure(msgspec.Struct, frozen=True):
    """One question's last failure.

    Attributes:
        reply: what upstream said, such as SERVFAIL; None where nobody gave a usable answer.
        since: when it failed, in `monotonic` seconds.
        seconds: for how long it holds.
    """

    reply: Reply | None
    since: float
    seconds: float

    def until(self, back: float) -> float:
        """When it is over. `back`: when an upstream that had been silent answered again; with that, silence
        is over too.
        """
        over = self.reply is None and back > self.since
        return self.since + (LEAST_SECONDS if over else self.seconds)


class Failures:
    """The failures of the last `LIMIT` questions. Not for two threads."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Failure] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: bytes, back: float) -> Failure | None:
        """The failure for which a question is not asked now; `back` as in `Failure.until`."""
        failure = self._kept.get(key)
        return failure if failure is not None and time.monotonic() < failure.until(back) else None

    def put(self, key: bytes, reply: Reply | None, back: float) -> None:
        """It failed; in a row, where it did so lately."""
        now, before = time.monotonic(), self._kept.pop(key, None)
        seconds = FIRST_SECONDS
        if before is not None and now < before.until(back) + MOST_SECONDS:
            over = before.reply is None and back > before.since
            seconds = FIRST_SECONDS if over else min(MOST_SECONDS, 2 * before.seconds)
        self._kept[key] = Failure(reply, now, seconds)
        while len(self._kept) > LIMIT:
            self._kept.popitem(last=False)

    def drop(self, key: bytes) -> None:
        """It was answered."""
        self._kept.pop(key, None)
