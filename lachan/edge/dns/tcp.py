"""DNS over TCP (RFC 7766) and over TLS (RFC 7858, RFC 8310): many questions on one connection, answered as they are
ready, in any order.

What comes in one piece is answered in one piece: the compiled path takes all whole questions of it at once, and its
replies leave in one write. What that leaves over is answered one by one.
"""

import asyncio
import ssl
from collections import deque
from typing import TYPE_CHECKING, cast

import msgspec

from lachan.edge.dns.asker import TCP, Asker, Connection, Policies
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares, network_of
from lachan.edge.dns.status import Way
from lachan.edge.dns.tls import Tunnel

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath

CONNECTIONS = 500
TLS_CONNECTIONS = 4_000
"""A phone holds its connection open for as long as it may; one costs some 30 KB here."""
PIPELINE = 64
IDLE_SECONDS = 10.0
TLS_IDLE_SECONDS = 30.0
"""A new connection costs a handshake on both sides, and a phone's radio."""
WRITE_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0
_PIECE = 1 << 17


class TcpServer:
    """Limits: connections in all, shared by networks; questions under way on each, silence, and unread replies.

    Attributes:
        path: the compiled half, once it is there.
        way: what came.
    """

    def __init__(
        self,
        responder: Responder,
        policies: Policies,
        connection: Connection = TCP,
        *,
        certificates: Certificates | None = None,
        names: OwnNames | None = None,
        idle_seconds: float | None = None,
    ) -> None:
        """`certificates`: for TLS; `names`: the edge's own, by which a device's label is known."""
        self.responder, self.policies, self.connection = responder, policies, connection
        self.certificates, self.names = certificates, names
        usual = IDLE_SECONDS if certificates is None else TLS_IDLE_SECONDS
        self.idle = usual if idle_seconds is None else idle_seconds
        self.open = Shares(CONNECTIONS if certificates is None else TLS_CONNECTIONS)
        self.path: StreamPath | None = None
        self.way = Way()
        self.streams: set[_Stream] = set()
        # One for all: what is taken in is used up before the next piece comes.
        self.raw, self.plain = memoryview(bytearray(_PIECE)), memoryview(bytearray(_PIECE))

    async def start(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Stream(self), host, port, backlog=1024)

    def close(self) -> None:
        """Cut whatever is connected."""
        for stream in list(self.streams):
            stream.abort()


class _Stream(asyncio.BufferedProtocol):
    """One connection."""

    def __init__(self, server: TcpServer) -> None:
        self._server, self._loop = server, asyncio.get_running_loop()
        self._tunnel = Tunnel(server.certificates) if server.certificates else None
        self._connection = server.connection
        self._rest = b""  # of a question that is not whole yet
        self._waiting: deque[bytes] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = self._blocked = False
        self._seen = self._loop.time()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self._peer = name[0] if name else ""
        way = self._server.way
        way.connections, way.opened = way.connections + 1, way.opened + 1
        self._server.streams.add(self)
        self._server.open.take(network_of(self._peer), self, self.abort)
        patience = HANDSHAKE_SECONDS if self._tunnel else self._server.idle
        self._timer = self._loop.call_later(min(patience, self._server.idle), self._look)

    def connection_lost(self, error: Exception | None) -> None:
        self._server.way.connections -= 1
        self._server.streams.discard(self)
        self._server.open.give(self)
        self._timer.cancel()
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._server.raw

    def buffer_updated(self, nbytes: int) -> None:
        came = self._server.raw[:nbytes]
        if self._tunnel is None:
            self._take(self._rest + came if self._rest else came)
            return
        try:
            self._decrypt(self._tunnel, came)
        except ssl.SSLZeroReturnError:
            self._end()
        except ssl.SSLError:
            # No TLS, or not ours: the alert says what, to whoever understands it.
            self._flush()
            self._transport.close()

    def eof_received(self) -> bool:
        # The asker may have closed its sending half and still be reading.
        self._end()
        return True

    def pause_writing(self) -> None:
        self._blocked = True
        self._transport.pause_reading()
        self._unread = self._loop.call_later(WRITE_SECONDS, self._transport.abort)

    def resume_writing(self) -> None:
        self._blocked = False
        self._unread.cancel()
        self._next()
        self._flush()

    def abort(self) -> None:
        self._transport.abort()

    # In

    def _decrypt(self, tunnel: Tunnel, came: memoryview) -> None:
        tunnel.receive(came)
        if not tunnel.open:
            done = tunnel.handshake()
            self._flush()
            if not done:
                return
            self._seen = self._loop.time()
            names = self._server.names
            token = names.token_of(tunnel.asked) if names else b""
            self._connection = msgspec.structs.replace(self._connection, token=token)
        plain = self._server.plain
        while True:
            kept = len(self._rest)
            plain[:kept] = self._rest
            got = tunnel.read(plain[kept:])
            if not got:
                break
            self._take(plain[: kept + got])
        self._flush()

    def _take(self, data: memoryview | bytes) -> None:
        """Answer the whole questions in `data`, and keep the rest."""
        at = self._answer_compiled(data)
        while at + 2 <= len(data):
            end = at + 2 + (data[at] << 8 | data[at + 1])
            if end > len(data):
                break
            self._waiting.append(bytes(data[at + 2 : end]))
            self._server.way.questions += 1
            at = end
        if at:
            self._seen = self._loop.time()
            self._server.open.used(self)
        self._rest = bytes(data[at:])
        self._next()

    def _answer_compiled(self, data: memoryview | bytes) -> int:
        """Answer what the compiled path can, and let the rest wait; the bytes of all those questions."""
        at, path = 0, self._server.path
        if path is None:
            return 0
        row = self._server.policies.row_of(self._peer, self._connection)
        while at + 2 <= len(data):
            found = path.answer(data[at:], row, self._connection.block)
            for place, size in found.left:
                self._waiting.append(bytes(data[at + place : at + place + size]))
            if found.replies:
                self._send(found.replies)
            self._server.way.questions += found.asked
            at += found.used
            if not found.used:
                break
        return at

    def _next(self) -> None:
        """Answer what waits, as far as there is room for questions under way."""
        asker: Asker | None = None
        while self._waiting and len(self._tasks) < PIPELINE and not self._blocked:
            packet = self._waiting.popleft()
            asker = asker or self._server.policies.asker(self._peer, self._connection)
            reply = self._server.responder.at_once(packet, asker)
            if isinstance(reply, Question):
                task = self._loop.create_task(self._forward(reply, asker))
                self._tasks.add(task)
                task.add_done_callback(self._done)
            elif reply is None:
                self._waiting.clear()
                self._transport.close()
            else:
                self._write(reply)
        if self._transport.is_closing():
            return
        if self._waiting or self._blocked:
            self._transport.pause_reading()
        elif self._ended and not self._tasks:
            self._close()
        else:
            self._transport.resume_reading()

    async def _forward(self, question: Question, asker: Asker) -> None:
        self._write(await self._server.responder.forward(question, asker))
        self._flush()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._seen = self._loop.time()
        if not self._transport.is_closing():
            self._next()
            self._flush()

    # Out

    def _write(self, reply: bytes) -> None:
        self._send(len(reply).to_bytes(2, "big") + reply)

    def _send(self, framed: bytes) -> None:
        if self._tunnel is None:
            self._transport.write(framed)
        else:
            self._tunnel.write(framed)
            if self._tunnel.unsent > _PIECE:
                self._flush()

    def _flush(self) -> None:
        if self._tunnel is not None and (out := self._tunnel.to_send()):
            self._transport.write(out)

    def _end(self) -> None:
        """Nothing more comes; what is under way is still answered, for a while."""
        self._ended = True
        if not self._tasks and not self._waiting:
            self._close()

    def _close(self) -> None:
        if self._tunnel is not None and self._tunnel.open:
            self._tunnel.close()
            self._flush()
        self._transport.close()

    def _look(self) -> None:
        """Close what is silent: no whole question came, and none is under way."""
        if self._tunnel is not None and not self._tunnel.open:
            self._transport.abort()
            return
        left = self._seen + self._server.idle - self._loop.time()
        if left <= 0 and not self._tasks:
            self._close()
            left = WRITE_SECONDS
            self._timer = self._loop.call_later(left, self._transport.abort)
        else:
            self._timer = self._loop.call_later(max(left, 0.1), self._look)
