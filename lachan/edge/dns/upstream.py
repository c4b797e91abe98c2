"""Asking the upstream resolvers: one socket a question, so that a forger must guess port and number.

Source port and identifier are random for each question, the question must come back as it went out, and
a reply that does not fit is not a reply: the socket goes on listening (RFC 5452). Truncated replies are
asked again over TCP. Nothing about the asker is sent along: no client subnet, no cookie.
"""

import asyncio
import contextlib
import secrets
import struct
import time

import msgspec

from lachan.edge.dns.answers import PAYLOAD
from lachan.edge.dns.message import BadReply, Reply, reply_parse
from lachan.edge.dns.question import TYPE_OPT, Question, Rcode

TRY_SECONDS = 1.2
_OPINIONS = 2
REST_SECONDS = 10.0
"""How long an upstream that did not answer is asked last."""


FAILURES = frozenset({Rcode.FORMERR, Rcode.SERVFAIL, Rcode.NOTIMP, Rcode.REFUSED})
"""Replies by which a question is not resolved (RFC 9520, section 2); another upstream may do better."""


class UpstreamSilent(Exception):
    """No upstream gave a usable reply in time."""


class Upstream(msgspec.Struct, frozen=True):
    host: str
    port: int = 53


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, query: bytes, answered: "asyncio.Future[Reply]") -> None:
        self._query, self._answered = query, answered

    def datagram_received(self, data: bytes, addr: object) -> None:
        del addr  # the socket is connected: the kernel lets nobody else through
        if self._answered.done():
            return
        with contextlib.suppress(BadReply):
            self._answered.set_result(reply_parse(data, self._query))

    def error_received(self, exc: Exception) -> None:
        if not self._answered.done():
            self._answered.set_exception(exc)


class Forwarder:
    """Asks the upstreams in order, those that lately were silent last; twice each at most, and not again
    who said that it fails.

    Attributes:
        back: when an upstream that had been silent last answered again; `monotonic` seconds.
    """

    def __init__(self, upstreams: list[Upstream], *, try_seconds: float = TRY_SECONDS) -> None:
        self._upstreams = upstreams
        self._try_seconds = try_seconds
        self._resting: dict[Upstream, float] = {}
        self._plain: set[Upstream] = set()
        self.back = 0.0

    async def ask(self, question: Question) -> Reply:
        """The reply of the first upstream that has a usable one; otherwise the failure that one told.

        Raises:
            UpstreamSilent: none had any.
        """
        failed: dict[Upstream, Reply] = {}
        for upstream in self._order() * 2:
            if upstream in failed:
                continue
            try:
                reply = await self._ask_one(upstream, question)
            except (OSError, TimeoutError, BadReply, asyncio.IncompleteReadError):
                self._resting[upstream] = time.monotonic() + REST_SECONDS
                continue
            if self._resting.pop(upstream, None) is not None:
                self.back = time.monotonic()
            if reply.rcode not in FAILURES:
                return reply
            failed[upstream] = reply
            if len(failed) == _OPINIONS:
                break
        for reply in failed.values():
            return reply
        raise UpstreamSilent

    def _order(self) -> list[Upstream]:
        now = time.monotonic()
        return sorted(self._upstreams, key=lambda one: self._resting.get(one, 0.0) > now)

    async def _ask_one(self, upstream: Upstream, question: Question) -> Reply:
        edns = upstream not in self._plain
        reply = await self._udp(upstream, query_encode(question, edns=edns))
        if edns and reply.rcode in {Rcode.FORMERR, Rcode.NOTIMP}:
            # RFC 6891, section 7: it does not know EDNS; ask as in 1987, and remember.
            self._plain.add(upstream)
            reply = await self._udp(upstream, query_encode(question, edns=False))
            edns = False
        if reply.truncated:
            reply = await self._tcp(upstream, query_encode(question, edns=edns))
        return reply

    async def _udp(self, upstream: Upstream, query: bytes) -> Reply:
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Reply] = loop.create_future()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Listener(query, answered), remote_addr=(upstream.host, upstream.port)
        )
        try:
            transport.sendto(query)
            return await asyncio.wait_for(answered, self._try_seconds)
        finally:
            transport.close()

    async def _tcp(self, upstream: Upstream, query: bytes) -> Reply:
        async with asyncio.timeout(2 * self._try_seconds):
            reader, writer = await asyncio.open_connection(upstream.host, upstream.port)
            try:
                writer.write(struct.pack(">H", len(query)) + query)
                await writer.drain()
                size = int.from_bytes(await reader.readexactly(2), "big")
                return reply_parse(await reader.readexactly(size), query)
            finally:
                writer.close()


def query_encode(question: Question, *, edns: bool) -> bytes:
    """Our own query for an asker's question: a number of ours, lower case, CD and DO as asked."""
    flags = 0x0100 | (0x0010 if question.checking_disabled else 0)
    head = struct.pack(">HHHHHH", secrets.randbits(16), flags, 1, 0, 0, int(edns))
    body = question.wire + b"\0" + question.raw[-4:]
    if not edns:
        return head + body
    ttl = 0x8000 if question.dnssec else 0
    return head + body + struct.pack(">BHHIH", 0, TYPE_OPT, PAYLOAD, ttl, 0)
