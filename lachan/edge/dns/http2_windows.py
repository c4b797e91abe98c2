"""What HTTP/2's other end has room for (RFC 9113, section 5.2): answers wait for that here, each for its own."""

from collections import deque

from lachan.edge.dns.http2_frames import DATA, END_STREAM, FRAME, frame

FIRST, MOST = 65_535, (1 << 31) - 1


class TooWide(Exception):
    """The other end grants more than can be."""


class Windows:
    """One connection's. Attributes: waiting: streams whose answers are not sent whole."""

    def __init__(self) -> None:
        self._whole, self._first = FIRST, FIRST
        self._streams: dict[int, int] = {}
        self.waiting: deque[tuple[int, bytes]] = deque()

    def begin(self, stream: int) -> None:
        self._streams[stream] = self._first

    def first_set(self, size: int) -> None:
        """What each stream begins with, and those that began have so much more, or less.

        Raises:
            TooWide.
        """
        more, self._first = size - self._first, size
        self._streams = {one: left + more for one, left in self._streams.items()}
        if max(size, *self._streams.values(), 0) > MOST:
            raise TooWide

    def grant(self, stream: int, more: int) -> bool:
        """Room for so many more bytes, of all streams together where it is 0; whether that stream is known.

        Raises:
            TooWide.
        """
        if stream == 0:
            self._whole += more
        elif stream in self._streams:
            self._streams[stream] += more
        if max(self._whole, self._streams.get(stream, 0)) > MOST:
            raise TooWide
        return stream == 0 or stream in self._streams

    def send(self, stream: int, body: bytes) -> bytes:
        """The frames of as much as there is room for; the rest waits."""
        size, left = len(body), self._streams.get(stream, 0)
        if size <= FRAME and size <= self._whole and size <= left:
            self._whole -= size
            self._streams.pop(stream, None)
            return frame(DATA, END_STREAM, stream, body) if size else b""
        room = max(0, min(self._whole, left, size))
        frames = b""
        for at in range(0, room, FRAME):
            piece = body[at : min(room, at + FRAME)]
            frames += frame(DATA, END_STREAM if at + len(piece) == size else 0, stream, piece)
        self._whole -= room
        if room == size:
            del self._streams[stream]
        else:
            self._streams[stream] = left - room
            self.waiting.append((stream, body[room:]))
        return frames

    def send_waiting(self) -> list[bytes]:
        """The frames of what there is room for now."""
        found = []
        for _ in range(len(self.waiting)):
            stream, body = self.waiting.popleft()
            if stream in self._streams and (frames := self.send(stream, body)):
                found.append(frames)
        return found

    def forget(self, stream: int) -> None:
        self._streams.pop(stream, None)
        if any(one[0] == stream for one in self.waiting):
            self.waiting = deque(one for one in self.waiting if one[0] != stream)
