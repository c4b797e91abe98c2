"""What is answered to a packet. The whole rule in plain Python; `packets.py` is its fast half."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from lachan.edge.dns import answers
from lachan.edge.dns.asker import Asker, Connection, Policies
from lachan.edge.dns.cache import AnswerCache, Kept
from lachan.edge.dns.failures import Failures
from lachan.edge.dns.known import is_signal
from lachan.edge.dns.layers import Layers
from lachan.edge.dns.local import local_reply
from lachan.edge.dns.message import Reply
from lachan.edge.dns.policy import ALLOW, BLOCK, KNOWN, Policy
from lachan.edge.dns.question import (
    CLASS_IN,
    TRANSFERS,
    TYPE_ANY,
    Malformed,
    Question,
    Rcode,
    question_parse,
)
from lachan.edge.dns.restricted import (
    restricted_nothing,
    restricted_question,
    restricted_reply,
    restricted_target,
)
from lachan.edge.dns.shares import Shares
from lachan.edge.dns.upstream import FAILURES, Forwarder, UpstreamSilent
from lachan.formats.snapshot.records import Verdict

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


class Responder:
    """Answers one packet at a time, to an asker by the asker's own policy; lives in the asyncio thread."""

    def __init__(
        self,
        layers: Layers,
        policies: Policies,
        cache: AnswerCache,
        forwarder: Forwarder,
        shelters: Callable[[bytes], bool] = lambda _: False,
        own: Callable[[Question, Connection], bytes | None] = lambda *_: None,
        told: Callable[[Question, Asker, Verdict], None] = lambda *_: None,
    ) -> None:
        """`shelters`: whether a name is one that no alias blocks (`Shelter.covers`). `own`: answers about the edge
        itself (`OwnAnswers.reply`). `told`: what is blocked, and for whom (`BlockedNames.see`).
        """
        self._layers = layers
        self._policies = policies
        self._cache = cache
        self._forwarder = forwarder
        self._shelters, self._own, self._told = shelters, own, told
        self._in_flight: dict[bytes, asyncio.Task[Kept]] = {}
        self._shares = Shares(IN_FLIGHT_LIMIT)
        self._failures = Failures()
        self.counts = Counts()

    def follow(self, *rows: Policy) -> None:
        """Put these policies in force, in place of those before."""
        if self._policies.rows != rows:
            if self._policies.local_rules != Policies(*rows).local_rules:
                # What some policy answers here from now on may be shown to the compiled path. First, so that its
                # loops never meet the new rows beside it; and nothing is shown meanwhile, for this is the thread.
                self._cache.forget_shown()
            self._policies.replace(rows)

    def at_once(self, packet: bytes, asker: Asker) -> bytes | Question | None:
        """The reply that needs no waiting; the question where it must be asked upstream; None for no reply at all."""
        self.counts.queries += 1
        question = question_parse(packet)
        if question is None:
            return None
        if isinstance(question, Malformed):
            self.counts.refused += 1
            return answers.refusal(question)
        reply = self._at_once(question, asker)
        return reply if isinstance(reply, Question) else _sealed(reply, question, asker)

    def _at_once(  # noqa: PLR0911  one return a rule
        self, question: Question, asker: Asker
    ) -> bytes | Question:
        if question.qclass != CLASS_IN or question.qtype in TRANSFERS:
            # Chaos questions ask for our version: none of their business. Zones are not ours to give.
            self.counts.refused += 1
            return answers.reply(question, Rcode.REFUSED)
        if (own := self._own(question, asker.connection)) is not None:
            self.counts.local += 1
            return own
        if (blocked := self._blocked(question, asker, question.wire, 12)) is not None:
            return blocked
        if question.recursion_desired and (restricted := self._restricted(question, asker)):
            return restricted
        # Not for who does not ask for recursion: he would be told only what others have asked, which is snooping
        # on them.
        kept = self._cache.get(question) if question.recursion_desired else None
        if kept is not None and not kept.fresh(int(time.time())):
            kept = None
        # `local` takes longer than a look at the cache, and most names that are kept are none of its.
        if kept is None or kept.reserved:
            local = local_reply(question, asker.policy.forward, asker.policy.canaries)
            if local is not None:
                self.counts.local += 1
                return local
        if kept is not None:
            self.counts.cached += 1
            return self._fit(question, asker, kept)
        if question.qtype == TYPE_ANY:
            return answers.minimal_any(question)
        if not question.recursion_desired:
            self.counts.refused += 1
            return answers.reply(question, Rcode.REFUSED, ede=answers.EDE_NOT_AUTHORITATIVE)
        return question

    async def answer(self, packet: bytes, asker: Asker) -> bytes | None:
        """The reply to a packet, asked upstream where need be; None for no reply at all."""
        reply = self.at_once(packet, asker)
        return await self.forward(reply, asker) if isinstance(reply, Question) else reply

    async def forward(self, question: Question, asker: Asker) -> bytes:
        """The reply to a question that is asked upstream, in the name of the asker's network (`Shares`)."""
        return _sealed(await self._forward(question, asker), question, asker)

    def _restricted(self, question: Question, asker: Asker) -> bytes | Question | None:
        """As `_at_once`, where the name answers in its restricted mode; None where it does not."""
        target = restricted_target(question, asker.policy)
        if not target:
            return None
        instead = restricted_question(question, target)
        if instead is None:
            self.counts.local += 1
            return restricted_nothing(question, asker.policy.ttl, self._layers.sequence)
        kept = self._cache.get(instead)
        if kept is None or not kept.fresh(int(time.time())):
            return question
        self.counts.cached += 1
        return restricted_reply(question, instead, self._fit(instead, asker, kept))

    async def _forward(self, question: Question, asker: Asker) -> bytes:
        target = restricted_target(question, asker.policy)
        if target and (instead := restricted_question(question, target)):
            return restricted_reply(question, instead, await self._forward(instead, asker))
        stale = self._cache.get(question)
        failure = self._failures.get(question.key, self._forwarder.back)
        if failure is not None:
            return self._failed(question, asker, stale, failure.reply, remembered=True)
        fetched = self._fetch(question, asker.network)
        try:
            if stale is not None:
                kept = await asyncio.wait_for(asyncio.shield(fetched), STALE_AFTER)
            else:
                kept = await asyncio.shield(fetched)
        except (UpstreamSilent, TimeoutError):
            return self._failed(question, asker, stale, None)
        except asyncio.CancelledError:
            if not fetched.cancelled():
                raise
            return self._failed(question, asker, stale, None)  # pushed out
        if kept.reply.rcode in FAILURES:
            return self._failed(question, asker, stale, kept.reply)
        return self._fit(question, asker, kept)

    def _failed(
        self,
        question: Question,
        asker: Asker,
        stale: Kept | None,
        reply: Reply | None,
        *,
        remembered: bool = False,
    ) -> bytes:
        """The reply to a question that is not resolved: a stale answer, or the failure."""
        if stale is not None:
            return self._fit(question, asker, stale)
        if reply is None:
            self.counts.failed += 1
            ede, text = answers.EDE_NO_UPSTREAM, "no upstream answers"
            return answers.reply(question, Rcode.SERVFAIL, ede=ede, text=text)
        if remembered:
            return answers.reply(question, reply.rcode, ede=answers.EDE_CACHED_ERROR)
        return self._fit(question, asker, Kept(reply, int(time.time())))

    def _fetch(self, question: Question, network: bytes) -> "asyncio.Task[Kept]":
        """One task a question, however many ask it; cancelled where it is pushed out by others."""
        key = question.key
        task = self._in_flight.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(self._ask(question))
            self._shares.take(network, key, lambda: self._in_flight.pop(key).cancel())
            self._in_flight[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        else:
            self._shares.lighten(network, key)
        return task

    async def _ask(self, question: Question) -> Kept:
        reply = await self._forwarder.ask(question)
        self.counts.forwarded += 1
        return self._cache.put(question, reply)

    def _landed(self, key: bytes, task: "asyncio.Task[Kept]") -> None:
        if self._in_flight.get(key) is not task:
            return  # pushed out, and whatever stands under its key now is another
        del self._in_flight[key]
        self._shares.give(key)
        if task.cancelled():
            return
        reply = None
        if task.exception() is None:
            reply = task.result().reply
            if reply.rcode not in FAILURES:
                self._failures.drop(key)
                return
        self._failures.put(key, reply, self._forwarder.back)

    def _fit(self, question: Question, asker: Asker, kept: Kept) -> bytes:
        """The reply that was kept, unless it leads to a blocked name; cut where it does not fit."""
        blocked = self._alias_blocked(question, asker, kept)
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
        if len(whole) <= (asker.connection.room or question.room):
            return whole
        cut = answers.head(question.head, reply.rcode, (1, 0, 0, int(bool(tail))), cut=True)
        return cut + question.raw + tail

    def _alias_blocked(self, question: Question, asker: Asker, kept: Kept) -> bytes | None:
        """A harmless name that is an alias of a blocked one is blocked with it; not so a sheltered one, nor what
        it leads to.
        """
        reply = kept.reply
        names = (question.wire, *reply.chain)
        for at, name in enumerate((*reply.chain, *reply.targets), 1):
            if self._layers.decide(asker.policy, name, asker.held)[0] != BLOCK:
                continue
            if not any(self._sheltered(asker, each) for each in names[:at]):
                return self._blocked(question, asker, name, None)
        self._compile(question, kept)
        return None

    def _compile(self, question: Question, kept: Kept) -> None:
        """Show an answer to the compiled path, which asks nothing of `local`: not where a policy answers here."""
        if not kept.fresh(int(time.time())):
            return
        if kept.reserved and any(
            local_reply(question, *rule) is not None for rule in self._policies.local_rules
        ):
            return
        self._cache.compile(question, kept)

    def _sheltered(self, asker: Asker, wire: bytes) -> bool:
        return self._layers.decide(asker.policy, wire, asker.held)[0] == ALLOW or self._shelters(
            wire
        )

    def _blocked(
        self, question: Question, asker: Asker, wire: bytes, start: int | None
    ) -> bytes | None:
        """The reply where `wire` is blocked; `start` is where it stands in the packet, if it does."""
        effect, verdict = self._layers.decide(asker.policy, wire, asker.held)
        if effect != BLOCK or verdict is None:
            return None
        self.counts.blocked += 1
        self._told(question, asker, verdict)
        owner = 12
        if start is not None:
            owner = start + len(wire) - _wire_size(verdict.value)
        policy = asker.policy
        if policy.answer != "nxdomain" and self._is_signal(question.wire, wire):
            policy = msgspec.structs.replace(policy, answer="nxdomain")
        return answers.blocked(question, policy, verdict, owner, self._layers.sequence)

    def _is_signal(self, *wires: bytes) -> bool:
        return KNOWN in self._layers.names and any(map(is_signal, wires))


def _sealed(reply: bytes, question: Question, asker: Asker) -> bytes:
    block = asker.connection.block
    return answers.padded(reply, question, block) if block else reply


def _wire_size(name: str) -> int:
    return len(name) + 1
