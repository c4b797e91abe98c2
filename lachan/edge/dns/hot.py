"""The compiled path's view of the world: the snapshot's tables, the policy as numbers, the cache.

Everything here is refreshed once a batch, by reading a few words; a new generation or profile costs more,
and happens seldom.
"""

import socket
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from lachan.edge.dns import answers, packets, places
from lachan.edge.dns.cache import CompiledCache, Kept
from lachan.edge.dns.message import Reply
from lachan.edge.dns.mmsg import BATCH, Frames
from lachan.edge.dns.policy import UNKNOWN, Policy
from lachan.edge.dns.responder import pair_stamp
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.reader import Pair, SnapshotReader
from lachan.formats.snapshot.records import SnapshotCorrupt
from lachan.formats.snapshot.table import Table, frozen

_NOTHING = frozen(np.zeros(1, np.uint8))
_NO_SLOTS = frozen(np.zeros(1, np.uint64))


class Kit:
    """The pieces of blocked answers in one array, and where each profile's closing OPT stands."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._bytes = bytearray()
        self._texts: dict[tuple[str, ...], int] = {}
        pieces = answers.pieces(policy)
        self.rcode = pieces.rcode
        rows = [(1, answers.soa(0, 0, policy.ttl)), pieces.ipv4, pieces.ipv6]
        self.places = np.array([self._row(count, raw) for count, raw in rows], np.int64)
        self.array = np.frombuffer(bytes(self._bytes), np.uint8)

    def _row(self, count: int, raw: bytes) -> tuple[int, int, int]:
        place = len(self._bytes)
        self._bytes += raw
        return place, len(raw), count

    def text(self, categories: tuple[str, ...]) -> int:
        """Where the OPT for these categories stands; made where it is new."""
        known = self._texts.get(categories[:1])
        if known is None:
            policy = self._policy
            words = policy.extra_text(categories)
            raw = answers.opt(dnssec=False, ede=policy.ede, text=words)
            known = self._texts[categories[:1]] = len(self._bytes)
            self._bytes += len(raw).to_bytes(2, "little") + raw
            self.array = np.frombuffer(bytes(self._bytes), np.uint8)
        return known


class View:
    """One table as the kernel sees it."""

    def __init__(self, table: Table | None, policy: Policy, kit: Kit) -> None:
        self._table, self._policy, self._kit = table, policy, kit
        self.bytes: npt.NDArray[Any] = _NOTHING if table is None else frozen(table.bytes)
        self.slots: npt.NDArray[Any] = _NO_SLOTS if table is None else frozen(table.slots)
        self.known = 0
        self.effects = np.zeros(0, np.uint8)
        self.texts = np.zeros(0, np.int64)
        self.learn()

    def learn(self) -> None:
        """Put profiles that were added since into numbers."""
        count = 0 if self._table is None else self._table.word(ly.W_PROFILES)
        if self._table is None or count == self.known:
            return
        rows = [self._row(self._table, number) for number in range(self.known, count)]
        self.effects = np.append(self.effects, np.array([row[0] for row in rows], np.uint8))
        self.texts = np.append(self.texts, np.array([row[1] for row in rows], np.int64))
        self.known = count

    def _row(self, table: Table, number: int) -> tuple[int, int]:
        """(effect, place of its text) of one profile; a damaged one is left to the plain path."""
        try:
            profile = table.profile(number)
        except SnapshotCorrupt:
            return UNKNOWN, 0
        return self._policy.effect(profile), self._kit.text(profile.categories)


class HotPath:
    """Answers batches on one socket's frames. Set `wanted` to change the policy."""

    def __init__(
        self, frames: Frames, reader: SnapshotReader, policy: Policy, cache: CompiledCache
    ) -> None:
        self.frames, self._reader, self._policy, self._cache = frames, reader, policy, cache
        self.wanted = policy
        self._kit = Kit(policy)
        self._pair: Pair | None = None
        self._base = self._delta = View(None, policy, self._kit)
        self._left = np.zeros(BATCH, np.int64)
        self.counts = np.zeros(4, np.int64)
        self._numbers = np.zeros(places.NUMBERS, np.uint64)
        for place, value in (
            (places.N_CACHE_K0, cache.key[0]),
            (places.N_CACHE_K1, cache.key[1]),
            (places.N_RCODE, self._kit.rcode),
            (places.N_FRAMES, frames.frames.ctypes.data),
        ):
            self._numbers[place] = value

    def answer(self, count: int) -> tuple[int, list[int]]:
        """Answer the `count` frames received; (replies to send, numbers of the frames left over)."""
        self._look()
        frames, base, delta = self.frames, self._base, self._delta
        slots, cached = self._cache.view
        replies, rest = packets.answer_batch(
            count, frames.frames, frames.received, frames.sending, frames.pieces,
            base.bytes, base.slots, base.effects, base.texts,
            delta.bytes, delta.slots, delta.effects, delta.texts,
            self._kit.array, self._kit.places, slots, cached,
            self._numbers, self._left, self.counts,
        )  # fmt: skip
        return replies, self._left[:rest].tolist() if rest else []

    def _look(self) -> None:
        """Bring the view up to date."""
        pair = self._reader.current()
        numbers = self._numbers
        if self.wanted is not self._policy:
            self._policy = self.wanted
            self._kit = Kit(self._policy)
            numbers[places.N_RCODE] = self._kit.rcode
            self._open(pair)
        elif pair is not self._pair:
            self._open(pair)
        self._delta.learn()
        numbers[places.N_NOW] = int(time.time())
        numbers[places.N_STAMP] = pair_stamp(pair)
        numbers[places.N_SERIAL] = pair.sequence if pair else 0

    def _open(self, pair: Pair | None) -> None:
        self._pair = pair
        self._base = View(pair.base if pair else None, self._policy, self._kit)
        self._delta = View(pair.delta if pair else None, self._policy, self._kit)
        self._numbers[places.N_K0], self._numbers[places.N_K1] = pair.key if pair else (0, 0)


def warm() -> None:
    """Compile everything that the path needs, into numba's cache on the disk."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        cache = CompiledCache(1 << 16)
        path = HotPath(Frames(sock), SnapshotReader("/nonexistent"), Policy(), cache)
        path.answer(0)
        nothing = Reply(0, (0, 0, 0), b"", (), 0, (), (), truncated=False)
        cache.put(b"\0" * 6, Kept(nothing, 0), 0)
