"""HTTP/2's frames and requests (RFC 9113), as `http2` reads and writes them."""

import struct

import msgspec

from lachan.edge.dns.hpack import Field, literal

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, UPDATE, MORE = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, WITH_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
NO_ERROR, PROTOCOL, _INTERNAL, FLOW, _, CLOSED, SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
CALM = 0xB
MAX_STREAMS, INITIAL_WINDOW, MAX_HEADERS = 3, 4, 6
FRAME = 16_384
"""Bytes of a frame's body."""


class Head(msgspec.Struct, frozen=True):
    """What of a request's fields matters here."""

    method: bytes
    path: bytes
    host: bytes
    kind: bytes
    length: bytes | None


class Request(msgspec.Struct, frozen=True):
    """A whole request. Attributes: body: None where it was too long to be kept."""

    stream: int
    head: Head
    body: bytes | None


def frame(kind: int, flags: int, stream: int, body: bytes) -> bytes:
    return struct.pack(">BHBBI", len(body) >> 16, len(body) & 0xFFFF, kind, flags, stream) + body


def head_of(fields: list[Field]) -> Head | None:
    """The request of some fields; None where they are none (section 8.3.1)."""
    found: dict[bytes, bytes] = {}
    for name, value in fields:
        if name in found and name.startswith(b":"):
            return None
        found[name] = value
    if not {b":method", b":path", b":scheme"} <= found.keys():
        return None
    host = found.get(b":authority") or found.get(b"host", b"")
    kind, length = found.get(b"content-type", b""), found.get(b"content-length")
    if length is not None and not length.isdigit():
        return None
    return Head(found[b":method"], found[b":path"], host, kind, length)


def fields_encode(status: int, kind: bytes, length: int, *more: tuple[int, bytes]) -> bytes:
    """An answer's fields. Args: more: (name in the static table, value)."""
    found = b"\x88" if status == 200 else literal(8, b"%d" % status)
    found += literal(31, kind) + literal(28, b"%d" % length)
    return found + b"".join(literal(name, value) for name, value in more)
