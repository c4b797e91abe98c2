"""The fast path: what the compiled code sees, the layers' tables, the policies as numbers, the cache.

Everything here is refreshed once a batch, by reading a few words; a new generation, profile or policy costs more,
and happens seldom.
"""

import socket
import time
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lachan.edge.dns import answers, layout, packets
from lachan.edge.dns.asker import UDP, Connection, Policies
from lachan.edge.dns.cache import CompiledCache, Kept
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.message import Reply
from lachan.edge.dns.mmsg import BATCH, Frames
from lachan.edge.dns.policy import ALLOW, EDE_CODES, HELP, KNOWN, UNKNOWN, Policy, family_text
from lachan.edge.dns.profile_rows import Codes, ProfileRows, entry_kind
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.reader import Pair, SnapshotReader
from lachan.formats.snapshot.records import SnapshotCorrupt
from lachan.formats.snapshot.table import Table

Rows = tuple[Policy, ...]


class Kit:
    """The pieces of all policies' blocked answers in one array: `places` and `rcodes` have a row a policy."""

    def __init__(self, policies: Rows) -> None:
        self._policies = policies
        self._bytes = bytearray()
        self._texts: dict[bytes, int] = {}
        pieces = [answers.pieces(policy) for policy in policies]
        self.rcodes = np.array([one.rcode for one in pieces], np.int64)
        self.places = np.array(
            [
                [
                    self._piece(1, answers.soa(0, 0, policy.ttl)),
                    self._piece(*one.ipv4),
                    self._piece(*one.ipv6),
                ]
                for policy, one in zip(policies, pieces, strict=True)
            ],
            np.int64,
        )
        self.array = np.frombuffer(bytes(self._bytes), np.uint8)

    def _piece(self, count: int, raw: bytes) -> tuple[int, int, int]:
        place = len(self._bytes)
        self._bytes += raw
        return place, len(raw), count

    def text(self, row: int, categories: tuple[str, ...]) -> int:
        """Where a policy's OPT for these categories stands; made where it is new, and there once `seal` was called."""
        policy = self._policies[row]
        return self.said(policy.extra_text(categories), policy.ede)

    def said(self, words: str, ede: int) -> int:
        """As `text`, of any words."""
        raw = answers.opt(dnssec=False, ede=ede, text=words)
        place = self._texts.get(raw)
        if place is None:
            place = self._texts[raw] = len(self._bytes)
            self._bytes += len(raw).to_bytes(2, "little") + raw
        return place

    def seal(self) -> None:
        if len(self.array) != len(self._bytes):
            self.array = np.frombuffer(bytes(self._bytes), np.uint8)


class View:
    """One table as the kernel sees it: `words` say where it is, `effects[policy, profile]` what it means to whom."""

    def __init__(
        self, table: Table, layer: str, policies: Rows, kit: Kit, codes: Codes | None
    ) -> None:
        """`codes`: where there are profiles."""
        self._table, self._layer, self._policies, self._kit = table, layer, policies, kit
        self._known, self._codes = 0, codes
        self._kinds: npt.NDArray[Any] = np.zeros((len(policies), 0), np.uint8)
        self._said: npt.NDArray[Any] = np.zeros((len(policies), 0), np.int64)
        self._masks: npt.NDArray[Any] = np.zeros((0, layout.CODE_WORDS), np.uint64)
        self._effects: npt.NDArray[Any] = np.zeros((len(policies), 0), np.uint8)
        self._texts: npt.NDArray[Any] = np.zeros((len(policies), 0), np.int64)
        self.words = np.zeros(layout.L_BASE - layout.L_DELTA, np.uint64)
        for place, value in (
            (layout.T_BYTES, table.bytes.ctypes.data),
            (layout.T_SIZE, len(table.bytes)),
            (layout.T_SLOTS, table.slots.ctypes.data),
            (layout.T_COUNT, len(table.slots)),
        ):
            self.words[place] = value
        self.learn()

    def learn(self) -> bool:
        """Put profiles that were added since into numbers; whether there were any."""
        count = self._table.word(ly.W_PROFILES)
        if count == self._known:
            return False
        rows = range(len(self._policies))
        found = [[self._cell(row, n) for n in range(self._known, count)] for row in rows]
        effects, texts = ([[cell[k] for cell in row] for row in found] for k in (0, 1))
        self._effects = np.concatenate([self._effects, np.array(effects, np.uint8)], axis=1)
        self._texts = np.concatenate([self._texts, np.array(texts, np.int64)], axis=1)
        if self._codes is not None:
            self._learn_for_profiles(self._codes, range(self._known, count))
        self._known = count
        self._kit.seal()
        self.words[layout.T_EFFECTS] = self._effects.ctypes.data
        self.words[layout.T_TEXTS] = self._texts.ctypes.data
        self.words[layout.T_PROFILES] = count
        return True

    def _cell(self, row: int, number: int) -> tuple[int, int]:
        """(effect, place of its text) of one profile; a damaged one is left to the plain path."""
        try:
            profile = self._table.profile(number)
        except SnapshotCorrupt:
            return UNKNOWN, 0
        effect = self._policies[row].effect(profile, self._layer)
        return ALLOW if effect == HELP else effect, self._kit.text(row, profile.categories)

    def _learn_for_profiles(self, codes: Codes, numbers: range) -> None:
        """The same for whose rules are a family's (`profile_rows`)."""
        kinds = np.zeros((len(self._policies), len(numbers)), np.uint8)
        said = np.zeros((len(self._policies), len(numbers)), np.int64)
        masks = np.zeros((len(numbers), layout.CODE_WORDS), np.uint64)
        for at, number in enumerate(numbers):
            for row, policy in enumerate(self._policies):
                try:
                    profile = self._table.profile(number)
                except SnapshotCorrupt:
                    kinds[row, at] = UNKNOWN
                    continue
                kinds[row, at], masks[at] = entry_kind(policy, profile, self._layer, codes)
                leading = family_text(profile.categories[:1], None)
                words = leading if self._layer == KNOWN else policy.extra_text(profile.categories)
                said[row, at] = self._kit.said(words, EDE_CODES["filtered"])
        self._kinds = np.concatenate([self._kinds, kinds], axis=1)
        self._said = np.concatenate([self._said, said], axis=1)
        self._masks = np.concatenate([self._masks, masks])
        self.words[layout.T_KINDS] = self._kinds.ctypes.data
        self.words[layout.T_SAID] = self._said.ctypes.data
        self.words[layout.T_CODES] = self._masks.ctypes.data


class _Compiled:
    """What compiled code is called with, brought up to date before each call."""

    def __init__(self, layers: Layers, policies: Policies, cache: CompiledCache) -> None:
        self._layers, self._policies, self._cache = layers, policies, cache
        self.counts = np.zeros(4, np.int64)
        self._numbers = np.zeros(layout.NUMBERS, np.uint64)
        self._numbers[layout.N_CACHE_K0], self._numbers[layout.N_CACHE_K1] = cache.key
        self._codes = Codes() if policies.profiles else None
        self._profiles = ProfileRows(policies.profiles, self._codes or Codes())
        self._open(policies.rows, layers.current())

    def _look(self) -> None:
        """Bring the view up to date."""
        rows, pairs = self._policies.rows, self._layers.current()
        if rows is not self._known or pairs != self._pairs:
            self._open(rows, pairs)
        if self._codes is not None:
            self._profiles.look()
            self._profiles.ends_learn(self._end_text)
            self._kit.seal()
        for view, words in self._deltas:
            if view.learn():
                words[:] = view.words
        ledger = pairs[-1]
        self._numbers[layout.N_NOW] = int(time.time())
        self._numbers[layout.N_SERIAL] = ledger.sequence if ledger else 0

    def _end_text(self, words: str) -> int:
        return self._kit.said(words, EDE_CODES["filtered"])

    def _open(self, rows: Rows, pairs: tuple[Pair | None, ...]) -> None:
        self._known, self._pairs = rows, pairs
        self._kit = Kit(rows)
        self._profiles.ends_forget()
        self._own_texts = np.array(
            [self._kit.said(family_text(("own",), None), EDE_CODES["filtered"]) for _ in rows],
            np.int64,
        )
        self._kit.seal()
        self._profiles.words[layout.P_OWN_TEXTS] = self._own_texts.ctypes.data
        named = [(n, pair) for n, pair in zip(self._layers.names, pairs, strict=True) if pair]
        self._profiles.words[layout.P_KNOWN] = bool(named and named[0][0] == KNOWN)
        self._words = np.zeros((len(named), layout.LAYER_WORDS), np.uint64)
        self._deltas = []
        self._bases = []
        for words, (name, pair) in zip(self._words, named, strict=True):
            delta = View(pair.delta, name, rows, self._kit, self._codes)
            base = View(pair.base, name, rows, self._kit, self._codes)
            words[layout.L_K0], words[layout.L_K1] = pair.key
            words[layout.L_DELTA : layout.L_BASE] = delta.words
            words[layout.L_BASE :] = base.words
            self._deltas.append((delta, words[layout.L_DELTA : layout.L_BASE]))
            self._bases.append(base)  # what `words` point to must live as long as they do


class FastPath(_Compiled):
    """Answers batches on one socket's frames.

    Attributes:
        rows: the policy row of each frame's asker.
    """

    def __init__(
        self,
        frames: Frames,
        layers: Layers,
        policies: Policies,
        cache: CompiledCache,
        connection: Connection = UDP,
    ) -> None:
        super().__init__(layers, policies, cache)
        self.frames = frames
        self.rows = np.full(BATCH, connection.row, np.int64)
        self._left = np.zeros(BATCH, np.int64)
        self._numbers[layout.N_FRAMES] = frames.frames.ctypes.data

    def answer(self, count: int) -> tuple[int, list[int]]:
        """Answer the `count` frames received; (replies to send, numbers of the frames left over)."""
        self._look()
        frames, kit = self.frames, self._kit
        slots, cached = self._cache.view
        replies, rest = packets.answer_batch(
            count, frames.frames, frames.received, frames.sending, frames.pieces,
            self.rows, self._words, self._profiles.words, kit.array, kit.places, kit.rcodes, slots, cached,
            self._numbers, self._left, self.counts,
        )  # fmt: skip
        return replies, self._left[:rest].tolist() if rest else []


class Streamed(NamedTuple):
    """What became of a piece of a stream.

    Attributes:
        used: bytes of its whole questions.
        asked: how many they are.
        replies: as they are sent.
        left: (place, length) of the questions left over.
    """

    used: int
    asked: int
    replies: bytes
    left: list[list[int]]


class StreamPath(_Compiled):
    """Answers what came in one piece on a connection. For one thread."""

    def __init__(self, layers: Layers, policies: Policies, cache: CompiledCache) -> None:
        super().__init__(layers, policies, cache)
        self._out = np.zeros(1 << 17, np.uint8)
        self._left = np.zeros((256, 2), np.int64)

    def answer(self, data: memoryview | bytes, row: int, block: int) -> Streamed:
        """Answer by a policy's row, in blocks of so many bytes whoever asks for padding. Where there is much, not all
        at once: until no more is used up.
        """
        self._look()
        kit = self._kit
        slots, cached = self._cache.view
        came = np.frombuffer(data, np.uint8)
        used, asked, filled, rest = packets.answer_stream(
            came, len(came), self._out, block, row,
            self._words, self._profiles.words, kit.array, kit.places, kit.rcodes, slots, cached,
            self._numbers, self._left, self.counts,
        )  # fmt: skip
        left = self._left[:rest].tolist() if rest else []
        return Streamed(used, asked, self._out[:filled].tobytes(), left)


def warm() -> None:
    """Compile everything that the path needs, into numba's cache on the disk."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        cache = CompiledCache(1 << 16)
        layers = Layers(SnapshotReader("/nonexistent"))
        FastPath(Frames(sock), layers, Policies(Policy()), cache).answer(0)
        # A piece may come in memory that must not be written to, or not: numba has a function for each.
        stream = StreamPath(layers, Policies(Policy()), cache)
        for piece in (b"\0", memoryview(bytearray(1))):
            stream.answer(piece, 0, 0)
        nothing = Reply(0, (0, 0, 0), b"", (), 0, (), (), truncated=False)
        cache.put(b"\0" * 6, Kept(nothing, 0))
