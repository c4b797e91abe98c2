"""The cache of answers: the whole in a bounded dict, the plain ones also where the compiled path finds them.

What is kept is what upstream said, the same for all askers. What somebody's policy makes of it (blocked, answered here,
led astray by an alias) is never kept, but asked of the tables each time: what was found free for one, or a moment ago,
may be blocked for the next.
"""

import os
import struct
import time
from collections import OrderedDict

import msgspec
import numpy as np

from lachan.edge.dns.layout import EXPIRES_LIMIT
from lachan.edge.dns.local import reserved
from lachan.edge.dns.message import Reply
from lachan.edge.dns.question import Question

STALE_LIMIT = 86_400
"""Seconds past its end that an answer may still be given while the upstream is silent (RFC 8767)."""
STALE_TTL = 30
LEADS_LIMIT = 512
"""Bytes of names that an answer leads to, up to which the compiled path gives it: it looks each up, each time."""
OVERHEAD = 500
"""Bytes that a kept answer costs besides its own: objects, key, place."""


class Kept(msgspec.Struct):
    """A cached answer.

    Attributes:
        stored: when it came, in whole Unix seconds.
        reserved: whether the name is one that some policy answers here (`local`): that is to be asked first.
    """

    reply: Reply
    stored: int
    reserved: bool = False

    def fresh(self, now: int) -> bool:
        return now < self.stored + self.reply.lifetime

    def body(self, now: int) -> bytes:
        if self.fresh(now):
            return self.reply.aged(max(0, now - self.stored))
        return self.reply.aged(0, fixed=STALE_TTL)


class CompiledCache:
    """Open addressing over one block of bytes; written by one thread, read by the packet path.

    Nothing is ever freed in it: when it is full, a fresh one takes its place, and what is still asked
    for comes back from the dict, one answer at a time. Until `ready` is set nothing is put: its code may
    still be compiling, and whoever calls it would wait for that.
    """

    def __init__(self, size: int) -> None:
        self._size = max(1 << 16, size)
        self.key = tuple(int.from_bytes(os.urandom(8), "little") for _ in range(2))
        self.view = self._fresh()
        self._used = self._count = 0
        self.ready = False

    def _fresh(self) -> tuple[np.ndarray, np.ndarray]:
        slots = 1 << max(10, (self._size // 128).bit_length())
        return np.zeros(slots, np.uint64), np.zeros(self._size, np.uint8)

    def put(self, key: bytes, kept: Kept) -> None:
        from lachan.edge.dns.cache_compiled import cache_put

        entry = np.frombuffer(_entry(key, kept), np.uint8)
        if len(entry) > self._size // 16:
            return
        k0, k1 = np.uint64(self.key[0]), np.uint64(self.key[1])
        if self._count * 2 >= len(self.view[0]):
            self.clear()
        used = int(cache_put(*self.view, self._used, entry, k0, k1, int(time.time())))
        if used < 0:
            self.clear()
            used = int(cache_put(*self.view, self._used, entry, k0, k1, int(time.time())))
        self._count += used > self._used
        self._used = used

    def clear(self) -> None:
        """Forget all. Called by the thread that calls `put`."""
        self.view = self._fresh()
        self._used = self._count = 0


def _entry(key: bytes, kept: Kept) -> bytes:
    reply, chain = kept.reply, _names(kept.reply.chain)
    leads = chain + _names(kept.reply.targets)
    head = struct.pack(
        "<8HIIHHI",
        len(key),
        len(reply.ttls),
        len(reply.body),
        reply.rcode,
        *reply.counts,
        0,
        kept.stored,
        min(kept.stored + reply.lifetime, EXPIRES_LIMIT),
        len(chain),
        len(leads),
        0,
    )
    return head + key + leads + struct.pack(f"<{len(reply.ttls)}H", *reply.ttls) + reply.body


def _names(names: tuple[bytes, ...]) -> bytes:
    return b"".join(name + b"\0" for name in names)


def _leads_far(reply: Reply) -> bool:
    return reply.leads and sum(map(len, (*reply.chain, *reply.targets))) > LEADS_LIMIT


class AnswerCache:
    """The least recently used go first once `size` bytes are held. Not for two threads."""

    def __init__(self, size: int, *, compiled: bool) -> None:
        self._size = size
        self._held = 0
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.compiled = CompiledCache(size // 2) if compiled else None

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, question: Question) -> Kept | None:
        """The answer kept for a question, fresh or stale; None after the stale limit."""
        kept = self._kept.get(question.key)
        if kept is None:
            return None
        if time.time() > kept.stored + kept.reply.lifetime + STALE_LIMIT:
            self._drop(question.key)
            return None
        self._kept.move_to_end(question.key)
        return kept

    def put(self, question: Question, reply: Reply) -> Kept:
        kept = Kept(reply, int(time.time()), reserved(question.wire))
        if reply.lifetime > 0:
            key = question.key
            self._drop(key)
            self._kept[key] = kept
            self._held += _cost(key, kept)
            while self._held > self._size:
                self._drop(next(iter(self._kept)))
        return kept

    def compile(self, question: Question, kept: Kept) -> None:
        """Show an answer to the compiled path, which gives it to every asker for whom the tables block nothing."""
        reply = kept.reply
        plain = question.qtype < 128 and question.qclass == 1 and len(reply.body) <= 1100
        if self.compiled is not None and self.compiled.ready and plain and not _leads_far(reply):
            self.compiled.put(question.key, kept)

    def forget_shown(self) -> None:
        """Take back all that the compiled path was shown; it is shown again what is still asked for."""
        if self.compiled is not None:
            self.compiled.clear()

    def _drop(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._held -= _cost(key, kept)


def _cost(key: bytes, kept: Kept) -> int:
    return OVERHEAD + len(key) + len(kept.reply.body) + 8 * len(kept.reply.ttls)
