"""HTTP/1.1 (RFC 9112) at the server's end, for small requests one after another; who wants more speaks HTTP/2."""

import msgspec

from lachan.edge.dns.http2 import BODY
from lachan.edge.dns.http2_frames import Head

_LONGEST = 100_000
"""Bytes of a head: a whole question fits its first line."""
_FIELDS = 100
_REASONS = {
    200: b"OK", 400: b"Bad Request", 404: b"Not Found", 405: b"Method Not Allowed", 411: b"Length Required",
    413: b"Content Too Large", 414: b"URI Too Long", 415: b"Unsupported Media Type", 431: b"Request Header Fields Too Large",
    505: b"HTTP Version Not Supported",
}  # fmt: skip


class Http1Fault(Exception):
    """What came is no request that can be answered, and nothing after it either. Attributes: status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request1(msgspec.Struct, frozen=True):
    """A whole request. Attributes: size: its bytes; last: whether the connection ends with it."""

    head: Head
    body: bytes
    size: int
    last: bool


def request_read(data: bytes) -> Request1 | None:
    """The first request in `data`; None where it is not whole yet.

    Raises:
        Http1Fault: there is none.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0 or end > _LONGEST:
        if len(data) > _LONGEST:
            raise Http1Fault(414 if b"\r\n" not in data else 431)
        return None
    first, *lines = data[:end].split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or not words[2].startswith(b"HTTP/"):
        raise Http1Fault(400)
    if words[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:
        raise Http1Fault(505)
    fields = _fields(lines)
    length = fields.get(b"content-length", b"0")
    if b"transfer-encoding" in fields:
        raise Http1Fault(411)
    if not length.isdigit():
        raise Http1Fault(400)
    if len(length) > 9 or int(length) > BODY:
        raise Http1Fault(413)
    size = end + 4 + int(length)
    if len(data) < size:
        return None
    head = Head(
        words[0], words[1], fields.get(b"host", b""), fields.get(b"content-type", b""), length
    )
    asked = fields.get(b"connection", b"").lower()
    last = b"close" in asked or (words[2] == b"HTTP/1.0" and b"keep-alive" not in asked)
    return Request1(head, data[end + 4 : size], size, last)


def _fields(lines: list[bytes]) -> dict[bytes, bytes]:
    if len(lines) > _FIELDS:
        raise Http1Fault(431)
    found: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        # Told twice, or with a blank before the colon: others would read it otherwise (RFC 9112, section 11.2).
        if not colon or not name or name != name.strip() or b"\n" in line or b"\r" in line:
            raise Http1Fault(400)
        name = name.lower()
        if name in found and name in {b"content-length", b"host", b"transfer-encoding"}:
            raise Http1Fault(400)
        found[name] = value.strip(b" \t")
    return found


def answer_encode(
    status: int, kind: bytes, body: bytes, fields: list[tuple[bytes, bytes]], *, last: bool
) -> bytes:
    lines = [b"HTTP/1.1 %d %s" % (status, _REASONS.get(status, b"Error"))]
    lines += [b"content-type: " + kind, b"content-length: %d" % len(body)]
    lines += [name + b": " + value for name, value in fields]
    if last:
        lines.append(b"connection: close")
    return b"\r\n".join([*lines, b"", body])
