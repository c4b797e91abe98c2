"""DNS over TCP (RFC 7766) and over TLS (RFC 7858, RFC 8310): many questions on one connection, answered as they are
ready, in any order.

What comes in one piece is answered in one piece: the compiled path takes all whole questions of it at once, and its
replies leave in one write. What that leaves over is answered one by one.
"""

from collections import deque

from lachan.edge.dns.asker import TCP, Asker, Connection, Policies
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.streams import PIPELINE, TLS_CONNECTIONS, Stream, StreamServer

CONNECTIONS = 500


class TcpServer(StreamServer):
    """Limits besides: questions under way on each connection."""

    def __init__(
        self,
        responder: Responder,
        policies: Policies,
        connection: Connection = TCP,
        *,
        certificates: Certificates | None = None,
        names: OwnNames | None = None,
        connections: int | None = None,
        idle_seconds: float | None = None,
    ) -> None:
        usual = CONNECTIONS if certificates is None else TLS_CONNECTIONS
        super().__init__(
            responder,
            policies,
            connection,
            certificates=certificates,
            names=names,
            connections=usual if connections is None else connections,
            idle_seconds=idle_seconds,
        )

    def stream(self) -> "_Questions":
        return _Questions(self)


class _Questions(Stream):
    """One connection."""

    def __init__(self, server: TcpServer) -> None:
        super().__init__(server)
        self._waiting: deque[bytes] = deque()

    @property
    def is_full(self) -> bool:
        return bool(self._waiting)

    def took(self, data: memoryview | bytes) -> int:
        at = self._answer_compiled(data)
        while at + 2 <= len(data):
            end = at + 2 + (data[at] << 8 | data[at + 1])
            if end > len(data):
                break
            self._waiting.append(bytes(data[at + 2 : end]))
            self.server.way.questions += 1
            at = end
        return at

    def _answer_compiled(self, data: memoryview | bytes) -> int:
        """Answer what the compiled path can, and let the rest wait; the bytes of all those questions."""
        at, path = 0, self.server.path
        if path is None:
            return 0
        row = self.server.policies.row_of(self.peer, self.connection)
        while at + 2 <= len(data):
            found = path.answer(data[at:], row, self.connection.block)
            for place, size in found.left:
                self._waiting.append(bytes(data[at + place : at + place + size]))
            if found.replies:
                self.send(found.replies)
            self.server.way.questions += found.asked
            at += found.used
            if not found.used:
                break
        return at

    def next(self) -> None:
        asker: Asker | None = None
        while self._waiting and len(self.tasks) < PIPELINE and not self.blocked:
            packet = self._waiting.popleft()
            asker = asker or self.server.policies.asker(self.peer, self.connection)
            reply = self.server.responder.at_once(packet, asker)
            if isinstance(reply, Question):
                self.start(self._forward(reply, asker))
            elif reply is None:
                self._waiting.clear()
                self.abort()
            else:
                self._write(reply)

    async def _forward(self, question: Question, asker: Asker) -> None:
        self._write(await self.server.responder.forward(question, asker))

    def _write(self, reply: bytes) -> None:
        self.send(len(reply).to_bytes(2, "big") + reply)
