"""DNS over HTTPS (RFC 8484): HTTP/2, and HTTP/1.1 for who speaks nothing newer.

Questions that come in one piece are answered in one piece, as over TLS alone. Nothing of what is asked is written
anywhere: there is no access log, and no word of a question in an error.
"""

from collections import deque
from functools import lru_cache

import msgspec

from lachan.edge.dns.answers import least_ttl
from lachan.edge.dns.asker import HTTPS, Asker, Connection, Policies
from lachan.edge.dns.certificates import Certificates
from lachan.edge.dns.doh import MEDIA, TEXT, Refused, question_of, token_of
from lachan.edge.dns.http1 import Http1Fault, answer_encode, request_read
from lachan.edge.dns.http2 import Http2, Http2Fault
from lachan.edge.dns.http2_frames import Head, Request, fields_encode
from lachan.edge.dns.names import OwnNames
from lachan.edge.dns.question import Question
from lachan.edge.dns.responder import Responder
from lachan.edge.dns.streams import PIPELINE, Stream, StreamServer
from lachan.edge.dns.tls import Tunnel

PROTOCOLS = ["h2", "http/1.1"]
_ALLOW, _CACHE = 22, 24
_NO_STORE = b"no-store"


class HttpsServer(StreamServer):
    """One way in."""

    names: OwnNames

    def __init__(
        self, responder: Responder, policies: Policies, certificates: Certificates, names: OwnNames
    ) -> None:
        super().__init__(responder, policies, HTTPS, certificates=certificates, names=names)
        self.names = names

    def stream(self) -> Stream:
        return _Link(self)


class _Link(Stream):
    """One connection."""

    server: HttpsServer

    def __init__(self, server: HttpsServer) -> None:
        super().__init__(server)
        self._http: Http2 | None = None
        self._waiting: deque[tuple[int, bytes, Connection]] = deque()

    def opened(self, tunnel: Tunnel) -> None:
        # The label of a device stands in each request: names of TLS are the same for many (RFC 9113, section 9.1.1).
        self.connection = self.server.connection
        if tunnel.protocol == "h2":
            self._http = Http2()

    @property
    def is_full(self) -> bool:
        if self._http is None:
            return bool(self.tasks)
        return len(self.tasks) >= PIPELINE

    def took(self, data: memoryview | bytes) -> int:
        if self._http is None:
            return self._took_http1(bytes(data))
        try:
            used, requests = self._http.receive(data)
        except Http2Fault:
            self.leave()
            return 0
        self._answer(requests)
        self._push()
        return used

    def next(self) -> None:
        while self._waiting and len(self.tasks) < PIPELINE:
            stream, packet, connection = self._waiting.popleft()
            asker = self.server.policies.asker(self.peer, connection)
            reply = self.server.responder.at_once(packet, asker)
            if isinstance(reply, Question):
                self.start(self._forward(stream, reply, asker))
            else:
                self._give(stream, reply)
        self._push()

    def farewell(self) -> None:
        if self._http is not None:
            self._http.close()
            self._push()

    # HTTP/2

    def _answer(self, requests: list[Request]) -> None:
        asked: dict[bytes, list[tuple[int, bytes]]] = {}
        for request in requests:
            try:
                token = token_of(request.head, self.server.names)
                packet = question_of(request.head, request.body)
            except Refused as refused:
                self._refuse(request.stream, refused)
                continue
            self.server.way.questions += 1
            asked.setdefault(token, []).append((request.stream, packet))
        for token, questions in asked.items():
            connection = self._under(token)
            left = self._answer_compiled(questions, connection)
            self._waiting.extend((stream, packet, connection) for stream, packet in left)

    def _under(self, token: bytes) -> Connection:
        return msgspec.structs.replace(self.connection, token=token) if token else self.connection

    def _answer_compiled(
        self, questions: list[tuple[int, bytes]], connection: Connection
    ) -> list[tuple[int, bytes]]:
        """Answer what the compiled path can; what it leaves over."""
        path, over = self.server.path, list[tuple[int, bytes]]()
        if path is None:
            return questions
        row = self.server.policies.row_of(self.peer, connection)
        framed = b"".join([len(packet).to_bytes(2, "big") + packet for _, packet in questions])
        start, number = 0, 0
        while start < len(framed):
            found = path.answer(framed[start:], row, connection.block)
            left, at, place = {place for place, _ in found.left}, 0, 2
            for stream, packet in questions[number : number + found.asked]:
                if place in left:
                    over.append((stream, packet))
                else:
                    end = at + 2 + int.from_bytes(found.replies[at : at + 2], "big")
                    self._give(stream, found.replies[at + 2 : end])
                    at = end
                place += 2 + len(packet)
            start, number = start + found.used, number + found.asked
        return over

    async def _forward(self, stream: int, question: Question, asker: Asker) -> None:
        self._give(stream, await self.server.responder.forward(question, asker))
        self._push()

    def _give(self, stream: int, reply: bytes | None) -> None:
        if reply is None:
            self._refuse(stream, Refused(400, "that is no question of DNS"))
        elif self._http is not None:
            self._http.respond(stream, _found(least_ttl(reply), len(reply)), reply)
        else:
            cache = b"max-age=%d" % least_ttl(reply)
            self._say(200, MEDIA, reply, [(b"cache-control", cache)])

    def _refuse(self, stream: int, refused: Refused) -> None:
        words = refused.words
        if self._http is not None:
            more = [(_CACHE, _NO_STORE), *([(_ALLOW, b"GET, POST")] if refused.allow else [])]
            block = fields_encode(refused.status, TEXT, len(words), *more)
            self._http.respond(stream, block, words)
        else:
            fields = [(b"allow", b"GET, POST")] if refused.allow else []
            self._say(refused.status, TEXT, words, [(b"cache-control", _NO_STORE), *fields])

    def _push(self) -> None:
        if self._http is not None and self._http.out:
            for piece in self._http.out:
                self.send(piece)
            self._http.out.clear()

    # HTTP/1.1

    _last = False

    def _took_http1(self, data: bytes) -> int:
        """One request after another: the next is looked at when this one is answered."""
        at = 0
        while at < len(data) and not self.tasks and not self._waiting and not self._last:
            try:
                request = request_read(data[at:])
            except Http1Fault as fault:
                self._last = True
                words = {
                    413: "a question has 65,535 bytes at most",
                    411: "say how long the body is",
                }
                self._refuse(
                    0, Refused(fault.status, words.get(fault.status, "that is no request"))
                )
                return len(data)
            if request is None:
                break
            at += request.size
            self._last = request.last
            self._ask_http1(request.head, request.body)
            self.next()
        return at

    def _ask_http1(self, head: Head, body: bytes) -> None:
        try:
            connection = self._under(token_of(head, self.server.names))
            packet = question_of(head, body)
        except Refused as refused:
            self._refuse(0, refused)
            return
        self.server.way.questions += 1
        left = self._answer_compiled([(0, packet)], connection)
        self._waiting.extend((0, packet, connection) for _, packet in left)

    def _say(
        self, status: int, kind: bytes, body: bytes, fields: list[tuple[bytes, bytes]]
    ) -> None:
        self.send(answer_encode(status, kind, body, fields, last=self._last))
        if self._last:
            self.leave()


@lru_cache(maxsize=4096)
def _found(ttl: int, size: int) -> bytes:
    return fields_encode(200, MEDIA, size, (_CACHE, b"max-age=%d" % ttl))
