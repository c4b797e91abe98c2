"""What was blocked for a child's device in the last ten minutes, for that device's own page: a browser shows its own error
for a blocked https name, never ours.

In memory alone, and sealed at once to the key of the device's page (`formats/profiles/device_keys`): whoever reads this
process's answers, or its memory afterwards, finds no name. Nothing is remembered for a network, which several people
share, nor for a device on which nobody opened the page.
"""

import hashlib
import os
import time
from collections import OrderedDict
from functools import cache

import msgspec

from lachan.edge.dns.asker import Asker
from lachan.edge.dns.profiles import Profiles
from lachan.edge.dns.question import Question
from lachan.formats.classification.categories import category_lineage, classification
from lachan.formats.known_names.overlay import known_as
from lachan.formats.known_names.records import NEVER
from lachan.formats.observables.wire import wire_to_domain
from lachan.formats.profiles.door import Blocked, BlockedAsk, BlockedName, Kept, device_digest
from lachan.formats.snapshot.records import Verdict

KEPT_SECONDS = 600
EACH, ALL = 32, 8_192
"""Names of one device, and of all together; one is some 1,400 bytes. The oldest go first."""
RATE, BURST = 2.0, 32.0
RATE_ALL, BURST_ALL = 200.0, 400.0
"""Seals a second, of one device and of all: one costs some 0.15 ms, and names are answered in the same thread."""


class _Bucket:
    """What may be spent: so much a second, so much at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst, self._left, self._at = rate, burst, burst, 0.0

    def take(self, now: float) -> bool:
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class _Device:
    """Attributes: names: by a keyed hash, when each was last asked for and its seal, the oldest first; more: until when
    it is said that there was more.
    """

    def __init__(self) -> None:
        self.names: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self.bucket = _Bucket(RATE, BURST)
        self.more = 0.0


class BlockedNames:
    """For one thread. Attributes: since: Unix time from which on it remembers."""

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._devices: OrderedDict[str, _Device] = (
            OrderedDict()
        )  # by digest, the longest silent first
        self._count = 0
        self._bucket = _Bucket(RATE_ALL, BURST_ALL)
        # By it the same name is known again. It goes with the process, and so does what the hashes could tell.
        self._key = os.urandom(32)
        self.since = time.time()

    def see(self, question: Question, asker: Asker, verdict: Verdict) -> None:
        """A name was not answered, and why."""
        token = asker.connection.token
        if not asker.held.number or not token:
            return
        public = self._profiles.device_key(token)
        if not public:
            return
        name = wire_to_domain(question.wire)
        if _is_nobodys_business(name) or _is_nobodys_business(verdict.value):
            return
        said = _said(name, verdict)
        raw, now, device = msgspec.msgpack.encode(said), time.monotonic(), device_digest(token)
        # The key too: once the page was opened anew, the last seals open nothing there.
        mark = hashlib.blake2b(raw + public.encode(), key=self._key, digest_size=12).digest()
        held = self._devices.setdefault(device, _Device())
        self._devices.move_to_end(device)
        before = held.names.pop(mark, None)
        if before is not None:
            held.names[mark] = now, before[1]
            return
        if not (held.bucket.take(now) and self._bucket.take(now)):
            held.more = now + KEPT_SECONDS
            return
        if (sealed := _sealed(raw, public)) is not None:
            held.names[mark] = now, sealed
            self._count += 1
        self._fit(held, now)

    def answer(self, message: BlockedAsk) -> Blocked:
        """What is remembered for a device."""
        now, unix = time.monotonic(), time.time()
        held = self._devices.get(message.device)
        if held is None:
            return Blocked(since=self.since, kept=[])
        kept = [
            Kept(unix - (now - at), sealed)
            for at, sealed in held.names.values()
            if now - at < KEPT_SECONDS
        ]
        return Blocked(since=self.since, kept=kept, more=held.more > now)

    def forget(self) -> None:
        """Drop what is older than ten minutes."""
        old = time.monotonic() - KEPT_SECONDS
        for device, held in list(self._devices.items()):
            while held.names and next(iter(held.names.values()))[0] <= old:
                held.names.popitem(last=False)
                self._count -= 1
            if not held.names and held.more <= old + KEPT_SECONDS:
                del self._devices[device]

    def _fit(self, held: _Device, now: float) -> None:
        if len(held.names) > EACH:
            held.names.popitem(last=False)
            held.more = now + KEPT_SECONDS
            self._count -= 1
        while self._count > ALL:
            device, longest = next(iter(self._devices.items()))
            if longest.names:
                longest.names.popitem(last=False)
                longest.more = now + KEPT_SECONDS
                self._count -= 1
            if not longest.names:
                del self._devices[device]


def _said(name: str, verdict: Verdict) -> BlockedName:
    """What is to be told of a block. A list of what is unlisted would be its directory, on a child's page too: such a
    name is told by its category alone.
    """
    named = all(_unlisted().isdisjoint(category_lineage(word)) for word in verdict.categories)
    return BlockedName(
        name=name if named else "",
        rule=verdict.value if named else "",
        words=verdict.categories,
        source=verdict.source,
        until=verdict.valid_until or 0,
        indicator=verdict.indicator if named else "",
    )


@cache
def _unlisted() -> frozenset[str]:
    return classification().unlisted


def _is_nobodys_business(name: str) -> bool:
    """Help, health, identity: whatever a family's own rule says of such a name, nothing tells that it was asked for."""
    known = known_as(name)
    return known is not None and any(word.startswith(NEVER) for word in known.categories)


def _sealed(raw: bytes, public: str) -> bytes | None:
    from lachan.kernel.sealing.envelope import seal  # the edge starts without it
    from lachan.kernel.sealing.errors import KeyUnusable

    try:
        return seal(raw, to=[public])
    except KeyUnusable:
        return None  # the table was just being written: the next question meets the whole key
