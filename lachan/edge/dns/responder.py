"""What is answered to a packet. The whole rule in plain Python; `packets.py` is its fast half."""

import asyncio
import time

import msgspec

from lachan.edge.dns import answers
from lachan.edge.dns.cache import AnswerCache, Kept
from lachan.edge.dns.failures import Failures
from lachan.edge.dns.local import local_reply
from lachan.edge.dns.message import Reply
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import (
    CLASS_IN,
    TRANSFERS,
    TYPE_ANY,
    Malformed,
    Question,
    Rcode,
    question_parse,
)
from lachan.edge.dns.upstream import FAILURES, Forwarder, UpstreamSilent
from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.reader import Pair, SnapshotReader

IN_FLIGHT_LIMIT = 1_000
STALE_AFTER = 1.8
"""Seconds after which a stale answer is better than none (RFC 8767, section 5)."""


class Counts(msgspec.Struct):
    """What happened, as numbers: no name and no address is ever kept."""

    queries: int = 0
    blocked: int = 0
    local: int = 0
    cached: int = 0
    stale: int = 0
    forwarded: int = 0
    failed: int = 0
    refused: int = 0


def pair_stamp(pair: Pair | None) -> int:
    """A number that changes with every change of the snapshot."""
    return (pair.generation << 32 | pair.delta.word(ly.W_CHANGES)) + 1 if pair else 1


class Responder:
    """Answers one packet at a time; lives in the asyncio thread."""

    def __init__(
        self, reader: SnapshotReader, policy: Policy, cache: AnswerCache, forwarder: Forwarder
    ) -> None:
        self._reader = reader
        self.policy = policy
        self._cache = cache
        self._forwarder = forwarder
        self._in_flight: dict[bytes, asyncio.Task[Kept]] = {}
        self._failures = Failures()
        self.counts = Counts()

    def at_once(  # noqa: PLR0911  one return a rule
        self, packet: bytes, room: int | None = None
    ) -> bytes | Question | None:
        """The reply that needs no waiting; the question where it must be asked upstream; None for no
        reply at all. `room` is the transport's own limit, the asker's UDP buffer where None.
        """
        self.counts.queries += 1
        question = question_parse(packet)
        if question is None:
            return None
        if isinstance(question, Malformed):
            self.counts.refused += 1
            return answers.refusal(question)
        if question.qclass != CLASS_IN or question.qtype in TRANSFERS:
            # Chaos questions ask for our version: none of their business. Zones are not ours to give.
            self.counts.refused += 1
            return answers.reply(question, Rcode.REFUSED)
        if (blocked := self._blocked(question, question.wire, 12)) is not None:
            return blocked
        # Before `local`, which takes longer: what is answered here is never kept.
        kept = self._cache.get(question)
        if kept is not None and kept.fresh(int(time.time())):
            self.counts.cached += 1
            return self._fit(question, kept, room)
        local = local_reply(question, self.policy.forward, self.policy.canaries)
        if local is not None:
            self.counts.local += 1
            return local
        if question.qtype == TYPE_ANY:
            return answers.minimal_any(question)
        if not question.recursion_desired:
            # Only what others have asked would be told: that is snooping on them.
            self.counts.refused += 1
            return answers.reply(question, Rcode.REFUSED, ede=answers.EDE_NOT_AUTHORITATIVE)
        return question

    async def answer(self, packet: bytes, room: int | None = None) -> bytes | None:
        """The reply to a packet, asked upstream where need be; None for no reply at all."""
        reply = self.at_once(packet, room)
        return await self.forward(reply, room) if isinstance(reply, Question) else reply

    async def forward(self, question: Question, room: int | None) -> bytes:
        stale = self._cache.get(question)
        failure = self._failures.get(question.key, self._forwarder.back)
        if failure is not None:
            return self._failed(question, stale, failure.reply, room, remembered=True)
        try:
            fetched = self._fetch(question)
            if stale is not None:
                kept = await asyncio.wait_for(asyncio.shield(fetched), STALE_AFTER)
            else:
                kept = await asyncio.shield(fetched)
        except (UpstreamSilent, TimeoutError):
            return self._failed(question, stale, None, room)
        if kept.reply.rcode in FAILURES:
            return self._failed(question, stale, kept.reply, room)
        return self._fit(question, kept, room)

    def _failed(
        self,
        question: Question,
        stale: Kept | None,
        reply: Reply | None,
        room: int | None,
        *,
        remembered: bool = False,
    ) -> bytes:
        """The reply to a question that is not resolved: a stale answer, or the failure."""
        if stale is not None:
            return self._fit(question, stale, room)
        if reply is None:
            self.counts.failed += 1
            ede, text = answers.EDE_NO_UPSTREAM, "no upstream answers"
            return answers.reply(question, Rcode.SERVFAIL, ede=ede, text=text)
        if remembered:
            return answers.reply(question, reply.rcode, ede=answers.EDE_CACHED_ERROR)
        return self._fit(question, Kept(reply, int(time.time())), room)

    def _fetch(self, question: Question) -> "asyncio.Task[Kept]":
        """One task a question, however many ask it.

        Raises:
            UpstreamSilent: too much is under way.
        """
        key = question.key
        task = self._in_flight.get(key)
        if task is None:
            if len(self._in_flight) >= IN_FLIGHT_LIMIT:
                raise UpstreamSilent
            task = asyncio.get_running_loop().create_task(self._ask(question))
            self._in_flight[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return task

    async def _ask(self, question: Question) -> Kept:
        reply = await self._forwarder.ask(question)
        self.counts.forwarded += 1
        return self._cache.put(question, reply)

    def _landed(self, key: bytes, task: "asyncio.Task[Kept]") -> None:
        self._in_flight.pop(key, None)
        reply = None
        if not task.cancelled() and task.exception() is None:
            reply = task.result().reply
            if reply.rcode not in FAILURES:
                self._failures.drop(key)
                return
        self._failures.put(key, reply, self._forwarder.back)

    def _fit(self, question: Question, kept: Kept, room: int | None) -> bytes:
        """The reply that was kept, unless it leads to a blocked name; cut where it does not fit."""
        blocked = self._alias_blocked(question, kept)
        if blocked is not None:
            return blocked
        now = int(time.time())
        reply, ede = kept.reply, None
        if not kept.fresh(now) and reply.lifetime:
            self.counts.stale += 1
            ede = answers.EDE_STALE
        body = kept.body(now) if reply.lifetime else reply.body
        tail = answers.opt(dnssec=question.dnssec, ede=ede) if question.edns else b""
        counts = (1, reply.counts[0], reply.counts[1], reply.counts[2] + bool(tail))
        whole = answers.head(question.head, reply.rcode, counts) + question.raw + body + tail
        if len(whole) <= (room or question.room):
            return whole
        cut = answers.head(question.head, reply.rcode, (1, 0, 0, int(bool(tail))), cut=True)
        return cut + question.raw + tail

    def _alias_blocked(self, question: Question, kept: Kept) -> bytes | None:
        """A harmless name that is an alias of a blocked one is blocked with it."""
        stamp = pair_stamp(self._reader.current())
        for name in kept.reply.chain:
            blocked = self._blocked(question, name, None)
            if blocked is not None:
                return blocked
        if kept.fresh(int(time.time())):
            self._cache.compile(question, kept, stamp)
        return None

    def _blocked(self, question: Question, wire: bytes, start: int | None) -> bytes | None:
        """The reply where `wire` is blocked; `start` is where it stands in the packet, if it does."""
        verdict = self.policy.decide(self._reader.covering_wire(wire))
        if verdict is None:
            return None
        self.counts.blocked += 1
        owner = 12
        if start is not None:
            owner = start + len(wire) - _wire_size(verdict.value)
        return answers.blocked(
            question, self.policy, verdict.categories, owner, self._reader.sequence
        )


def _wire_size(name: str) -> int:
    return len(name) + 1
