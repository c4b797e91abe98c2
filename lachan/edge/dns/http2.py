"""HTTP/2 (RFC 9113) at the server's end, apart from its socket, for requests and answers that are small: a request
fits the window that every stream begins with, and an answer that is not read takes the place of a request.

What is not a request costs whoever sends it (frames that ask for nothing, streams that are opened and reset): after so
many of them the connection ends.
"""

import struct

import msgspec

from lachan.edge.dns.hpack import Decoder, HpackFault
from lachan.edge.dns.http2_frames import (
    ACK,
    CALM,
    CANCEL,
    COMPRESSION,
    DATA,
    END_HEADERS,
    END_STREAM,
    FLOW,
    FRAME,
    GOAWAY,
    HEADERS,
    INITIAL_WINDOW,
    MAX_HEADERS,
    MAX_STREAMS,
    MORE,
    NO_ERROR,
    PADDED,
    PING,
    PRIORITY,
    PROTOCOL,
    PUSH,
    REFUSED,
    RESET,
    SETTINGS,
    SIZE,
    UPDATE,
    WITH_PRIORITY,
    Head,
    Request,
    frame,
    head_of,
)
from lachan.edge.dns.http2_windows import FIRST, MOST, TooWide, Windows

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
STREAMS = 100
BODY = 65_535
"""Bytes of a request's body: the window that a stream begins with."""
_READ = 16 << 20
_BLOCK = 16_384
_IDLE_FRAMES = 500
"""Frames one after another that are no request."""
_SAME = 256
_GRANT = 1 << 20


class Http2Fault(Exception):
    """The connection ends; `out` says why to the other end."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Coming(msgspec.Struct):
    head: Head
    body: bytearray
    size: int = 0


class Http2:
    """One connection.

    Attributes:
        out: what is to be sent, in order: an answer a piece. Each goes in a record of TLS of its own, for there are
            clients that find one answer in what they read at once, and no more.
    """

    def __init__(self) -> None:
        self.out: list[bytes] = [_settings()]
        self._begun = False
        self._decoder = Decoder()
        self._same: dict[bytes, Head] = {}
        self._same_at = 0
        self._coming: dict[int, _Coming] = {}
        self._answering: set[int] = set()
        self._last = self._idle = self._taken_back = 0
        self._block: tuple[int, int, bytearray] | None = None
        self._windows = Windows()
        self._granted = 0
        self.ended = False

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for anything."""
        return not (self._answering or self._coming or self._windows.waiting)

    def receive(self, data: memoryview | bytes) -> tuple[int, list[Request]]:
        """(bytes of whole frames in `data`, the requests that are whole now).

        Raises:
            Http2Fault: it was no HTTP/2, or too much of it.
        """
        at, found = 0, list[Request]()
        if not self._begun:
            if bytes(data[: len(PREFACE)]) != PREFACE[: len(data)]:
                raise self._fault(PROTOCOL)
            if len(data) < len(PREFACE):
                return 0, found
            at, self._begun = len(PREFACE), True
        while at + 9 <= len(data):
            size = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
            if size > FRAME:
                raise self._fault(SIZE)
            end = at + 9 + size
            if end > len(data):
                break
            kind, flags = data[at + 3], data[at + 4]
            stream = int.from_bytes(data[at + 5 : at + 9], "big") & MOST
            request = self._one(kind, flags, stream, bytes(data[at + 9 : end]))
            if request is not None:
                found.append(request)
            at = end
        return at, found

    def respond(self, stream: int, block: bytes, body: bytes) -> None:
        """Answer a request; one that was taken back meanwhile is left alone.

        Args:
            block: the fields, as `hpack.literal` and the static table give them.
        """
        if stream not in self._answering:
            return
        self._answering.discard(stream)
        self._taken_back = max(0, self._taken_back - 1)
        head = frame(HEADERS, END_HEADERS | (0 if body else END_STREAM), stream, block)
        self.out.append(head + self._windows.send(stream, body))

    def close(self, code: int = NO_ERROR) -> None:
        """Say that no more requests are taken."""
        if not self.ended:
            self.ended = True
            self.out.append(frame(GOAWAY, 0, 0, struct.pack(">II", self._last, code)))

    # Frames in

    def _one(self, kind: int, flags: int, stream: int, body: bytes) -> Request | None:
        if self._block is not None and (kind != MORE or stream != self._block[0]):
            raise self._fault(PROTOCOL)
        if kind == HEADERS:
            return self._headers(flags, stream, body)
        if kind == MORE:
            return self._more(flags, stream, body)
        if kind == DATA:
            return self._body(flags, stream, body)
        self._idle += 1
        if self._idle > _IDLE_FRAMES:
            raise self._fault(CALM)
        self._control(kind, flags, stream, body)
        return None

    def _control(self, kind: int, flags: int, stream: int, body: bytes) -> None:
        """What asks for nothing."""
        if kind == SETTINGS:
            self._settings(flags, stream, body)
        elif kind == UPDATE:
            self._update(stream, body)
        elif kind == PING:
            if len(body) != 8 or stream:
                raise self._fault(SIZE if len(body) != 8 else PROTOCOL)
            if not flags & ACK:
                self.out.append(frame(PING, ACK, 0, body))
        elif kind == RESET:
            self._reset(stream, body)
        elif kind == GOAWAY:
            self.ended = True
        elif kind == PUSH or (kind == PRIORITY and (len(body) != 5 or not stream)):
            raise self._fault(PROTOCOL)

    def _headers(self, flags: int, stream: int, body: bytes) -> Request | None:
        body = self._unpadded(flags, body)
        if flags & WITH_PRIORITY:
            if len(body) < 5:
                raise self._fault(SIZE)
            body = body[5:]
        if not flags & END_HEADERS:
            self._block = stream, flags, bytearray(body)
            return None
        return self._opened(stream, flags, body)

    def _more(self, flags: int, stream: int, body: bytes) -> Request | None:
        if self._block is None:
            raise self._fault(PROTOCOL)
        self._idle += 1
        first, whole = self._block[1], self._block[2]
        whole += body
        if len(whole) > _BLOCK or self._idle > _IDLE_FRAMES:
            raise self._fault(CALM)
        if not flags & END_HEADERS:
            return None
        self._block = None
        return self._opened(stream, first, bytes(whole))

    def _opened(self, stream: int, flags: int, block: bytes) -> Request | None:
        ends = flags & END_STREAM
        if len(block) > _BLOCK:
            raise self._fault(CALM)
        head = self._head(block)
        if (coming := self._coming.get(stream)) is not None:  # trailers
            if not ends:
                raise self._fault(PROTOCOL)
            return self._whole(stream, coming)
        if stream <= self._last or stream % 2 == 0:
            raise self._fault(PROTOCOL)
        self._last = stream
        if head is None:
            self._stop(stream, PROTOCOL)
            return None
        under_way = len(self._answering) + len(self._coming) + len(self._windows.waiting)
        if self.ended or under_way >= STREAMS:
            self._stop(stream, REFUSED)
            return None
        self._windows.begin(stream)
        coming = _Coming(head, bytearray())
        if ends:
            return self._whole(stream, coming)
        self._coming[stream] = coming
        return None

    def _head(self, block: bytes) -> Head | None:
        """What a block says; None where that is no request. Most say what others before them did."""
        if self._same_at != self._decoder.changes:
            self._same.clear()
            self._same_at = self._decoder.changes
        if (known := self._same.get(block)) is not None:
            return known
        try:
            head = head_of(self._decoder.decode(block))
        except HpackFault:
            raise self._fault(COMPRESSION) from None
        if head and self._same_at == self._decoder.changes and len(self._same) < _SAME:
            self._same[block] = head
        return head

    def _body(self, flags: int, stream: int, body: bytes) -> Request | None:
        size = len(body)
        self._granted += size
        if self._granted > _GRANT // 2:
            self.out.append(frame(UPDATE, 0, 0, self._granted.to_bytes(4, "big")))
            self._granted = 0
        plain = self._unpadded(flags, body)
        if not plain:
            self._idle += 1
            if self._idle > _IDLE_FRAMES:
                raise self._fault(CALM)
        coming = self._coming.get(stream)
        if coming is None:
            if stream > self._last or not stream:
                raise self._fault(PROTOCOL)
            return None  # of one that was answered or taken back
        coming.size += size
        if coming.size <= BODY:
            coming.body += plain
        if flags & END_STREAM:
            return self._whole(stream, coming)
        # Who sends too much hears why only if it is read to the end; beyond this it is cut.
        if coming.size > _READ:
            self._stop(stream, CANCEL)
        elif coming.size >= BODY and size:
            coming.body.clear()
            self.out.append(frame(UPDATE, 0, stream, size.to_bytes(4, "big")))
        return None

    def _whole(self, stream: int, coming: _Coming) -> Request | None:
        self._coming.pop(stream, None)
        length, kept = coming.head.length, coming.size <= BODY
        if kept and coming.body and length not in {None, b"%d" % len(coming.body)}:
            self._stop(stream, PROTOCOL)
            return None
        self._answering.add(stream)
        self._idle = 0
        return Request(stream, coming.head, bytes(coming.body) if kept else None)

    def _settings(self, flags: int, stream: int, body: bytes) -> None:
        if stream or (flags & ACK and body) or len(body) % 6:
            raise self._fault(PROTOCOL if stream else SIZE)
        if flags & ACK:
            return
        for name, value in struct.iter_unpack(">HI", body):
            if name == INITIAL_WINDOW:
                try:
                    self._windows.first_set(value)
                except TooWide:
                    raise self._fault(FLOW) from None
        self.out.append(frame(SETTINGS, ACK, 0, b""))
        self.out += self._windows.send_waiting()

    def _update(self, stream: int, body: bytes) -> None:
        if len(body) != 4:
            raise self._fault(SIZE)
        more = int.from_bytes(body, "big") & MOST
        if more == 0:
            raise self._fault(PROTOCOL)
        try:
            known = self._windows.grant(stream, more)
        except TooWide:
            raise self._fault(FLOW) from None
        if not known and stream > self._last:
            raise self._fault(PROTOCOL)
        self.out += self._windows.send_waiting()

    def _reset(self, stream: int, body: bytes) -> None:
        if len(body) != 4 or not stream or stream > self._last:
            raise self._fault(SIZE if len(body) != 4 else PROTOCOL)
        # Opened and reset, again and again: the work is done all the same (CVE-2023-44487).
        self._taken_back += stream in self._answering
        if self._taken_back > STREAMS:
            raise self._fault(CALM)
        self._forget(stream)

    # Out

    def _stop(self, stream: int, code: int) -> None:
        self.out.append(frame(RESET, 0, stream, code.to_bytes(4, "big")))
        self._idle += 5
        self._forget(stream)

    def _forget(self, stream: int) -> None:
        self._coming.pop(stream, None)
        self._answering.discard(stream)
        self._windows.forget(stream)

    def _unpadded(self, flags: int, body: bytes) -> bytes:
        if not flags & PADDED:
            return body
        if not body or body[0] >= len(body):
            raise self._fault(PROTOCOL)
        return body[1 : len(body) - body[0]]

    def _fault(self, code: int) -> Http2Fault:
        self.close(code)
        return Http2Fault(code)


def _settings() -> bytes:
    said = struct.pack(">HIHI", MAX_STREAMS, STREAMS, MAX_HEADERS, _BLOCK)
    grant = (_GRANT - FIRST).to_bytes(4, "big")
    return frame(SETTINGS, 0, 0, said) + frame(UPDATE, 0, 0, grant)
