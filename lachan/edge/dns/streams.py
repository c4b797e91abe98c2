"""Connections with many questions each, over TCP alone or TLS: what is the same whatever is spoken on them. Limits:
how many there are, shared by networks; silence; a handshake that does not end; answers that nobody reads.
"""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

import msgspec

from lachan.edge.dns.asker import Connection, Policies
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.shares import Shares, network_of
from lachan.edge.dns.status import Way
from lachan.edge.dns.tls import Tunnel

if TYPE_CHECKING:
    from lachan.edge.dns.fast_path import StreamPath

TLS_CONNECTIONS = 4_000
"""A phone holds its connection open for as long as it may; one costs some 30 KB here."""
PIPELINE = 64
IDLE_SECONDS = 10.0
TLS_IDLE_SECONDS = 30.0
"""A new connection costs a handshake on both sides, and a phone's radio."""
WRITE_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0
LEAVE_SECONDS, UNHEARD = 2.0, 16 << 20
PIECE = 1 << 17


class StreamServer:
    """One way in of this kind.

    Attributes:
        path: the compiled half, once it is there.
        way: what came.
        streams: those that are open.
    """

    def __init__(
        self,
        responder: Responder,
        policies: Policies,
        connection: Connection,
        *,
        certificates: Certificates | None = None,
        names: OwnNames | None = None,
        connections: int = TLS_CONNECTIONS,
        idle_seconds: float | None = None,
    ) -> None:
        """`certificates`: for TLS; `names`: the edge's own, by which a device's label is known."""
        self.responder, self.policies, self.connection = responder, policies, connection
        self.certificates, self.names = certificates, names
        usual = IDLE_SECONDS if certificates is None else TLS_IDLE_SECONDS
        self.idle = usual if idle_seconds is None else idle_seconds
        self.open = Shares(connections)
        self.path: StreamPath | None = None
        self.way = Way()
        self.streams: set[Stream] = set()
        # One for all: what is taken in is used up before the next piece comes.
        self.raw, self.plain = memoryview(bytearray(PIECE)), memoryview(bytearray(PIECE))

    def stream(self) -> "Stream":
        """The one that serves a new connection."""
        raise NotImplementedError

    async def start(self, host: str, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(self.stream, host, port, backlog=1024)

    def close(self) -> None:
        """Cut whatever is connected."""
        for stream in list(self.streams):
            stream.abort()


class Stream(asyncio.BufferedProtocol):
    """One connection."""

    def __init__(self, server: StreamServer) -> None:
        self.server, self.loop = server, asyncio.get_running_loop()
        self._tunnel = Tunnel(server.certificates) if server.certificates else None
        self.connection = server.connection
        self._rest = b""  # of a question that is not whole yet
        self.tasks: set[asyncio.Task[None]] = set()
        self._ended = self.blocked = False
        self._unheard: int | None = None
        self.seen = self.loop.time()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        self.peer = name[0] if name else ""
        way = self.server.way
        way.connections, way.opened = way.connections + 1, way.opened + 1
        self.server.streams.add(self)
        self.server.open.take(network_of(self.peer), self, self.abort)
        patience = HANDSHAKE_SECONDS if self._tunnel else self.server.idle
        self._timer = self.loop.call_later(min(patience, self.server.idle), self._look)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.way.connections -= 1
        self.server.streams.discard(self)
        self.server.open.give(self)
        self._timer.cancel()
        for task in self.tasks:
            task.cancel()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self.server.raw

    def buffer_updated(self, nbytes: int) -> None:
        if self._unheard is not None:
            self._unheard -= nbytes
            if self._unheard < 0:
                self.abort()
            return
        came = self.server.raw[:nbytes]
        if self._tunnel is None:
            self._take(self._rest + came if self._rest else came)
            return
        try:
            self._decrypt(self._tunnel, came)
        except ssl.SSLZeroReturnError:
            self._end()
        except ssl.SSLError:
            # No TLS, or not ours: the alert says what, to whoever understands it.
            self.flush()
            self._transport.close()

    def eof_received(self) -> bool:
        if self._unheard is not None:
            return False
        # The asker may have closed its sending half and still be reading.
        self._end()
        return True

    def pause_writing(self) -> None:
        self.blocked = True
        self._transport.pause_reading()
        self._unread = self.loop.call_later(WRITE_SECONDS, self._transport.abort)

    def resume_writing(self) -> None:
        self.blocked = False
        self._unread.cancel()
        self.go_on()
        self.flush()

    def abort(self) -> None:
        self._transport.abort()

    def leave(self) -> None:
        """Close, but not before the other end has had time to read why: a system that closes on what it has not read
        yet takes its last words back (RFC 9112, section 9.6).
        """
        self._unheard = UNHEARD
        self.farewell()
        if self._tunnel is not None:
            self._tunnel.close()
            self.flush()
        self._timer.cancel()
        self._timer = self.loop.call_later(LEAVE_SECONDS, self.abort)

    # In

    def _decrypt(self, tunnel: Tunnel, came: memoryview) -> None:
        tunnel.receive(came)
        if not tunnel.open:
            done = tunnel.handshake()
            self.flush()
            if not done:
                return
            self.seen = self.loop.time()
            names = self.server.names
            token = names.token_of(tunnel.asked) if names else b""
            self.connection = msgspec.structs.replace(self.connection, token=token)
            self.opened(tunnel)
        plain = self.server.plain
        while True:
            kept = len(self._rest)
            plain[:kept] = self._rest
            got = tunnel.read(plain[kept:])
            if not got or self._unheard is not None:
                break
            self._take(plain[: kept + got])
        self.flush()

    def _take(self, data: memoryview | bytes) -> None:
        used = self.took(data)
        if used:
            self.seen = self.loop.time()
            self.server.open.used(self)
        self._rest = bytes(data[used:])
        self.go_on()

    def go_on(self) -> None:
        """Do what waits, as far as may be, and say whether more is to come in."""
        if not self.is_over:
            self.next()
        if self.is_over:
            return
        if self.is_full or self.blocked:
            self._transport.pause_reading()
        elif self._ended and not self.tasks:
            self.close()
        else:
            self._transport.resume_reading()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is answered."""
        return self._unheard is not None or self._transport.is_closing()

    # What each kind does

    def opened(self, tunnel: Tunnel) -> None:
        """The handshake is done."""

    def took(self, data: memoryview | bytes) -> int:
        """Take what is whole of what came; its bytes."""
        raise NotImplementedError

    def next(self) -> None:
        """Answer what waits, as far as there is room for what is under way."""
        raise NotImplementedError

    @property
    def is_full(self) -> bool:
        """Whether nothing more may come in for now."""
        raise NotImplementedError

    def farewell(self) -> None:
        """Say that the connection ends, where there is a way to say so."""

    # What is under way

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self.tasks.discard(task)
        self.seen = self.loop.time()
        if not task.cancelled() and (error := task.exception()) is not None:
            said = {"message": "a question was not answered", "exception": error}
            self.loop.call_exception_handler(said)
        if self._rest and not self.is_over:
            self._take(self._rest)
        else:
            self.go_on()
        self.flush()

    # Out

    def send(self, framed: bytes) -> None:
        if self._tunnel is None:
            self._transport.write(framed)
        else:
            self._tunnel.write(framed)
            if self._tunnel.unsent > PIECE:
                self.flush()

    def flush(self) -> None:
        if self._tunnel is not None and (out := self._tunnel.to_send()):
            self._transport.write(out)

    def _end(self) -> None:
        """Nothing more comes; what is under way is still answered, for a while."""
        self._ended = True
        if not self.tasks and not self.is_full:
            self.close()

    def close(self) -> None:
        self.farewell()
        if self._tunnel is not None and self._tunnel.open:
            self._tunnel.close()
            self.flush()
        self._transport.close()

    def _look(self) -> None:
        """Close what is silent: no whole question came, and none is under way."""
        if self._tunnel is not None and not self._tunnel.open:
            self._transport.abort()
            return
        left = self.seen + self.server.idle - self.loop.time()
        if left <= 0 and not self.tasks:
            self.close()
            left = WRITE_SECONDS
            self._timer = self.loop.call_later(left, self._transport.abort)
        else:
            self._timer = self.loop.call_later(max(left, 0.1), self._look)
