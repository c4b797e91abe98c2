"""Reading an upstream's reply: strictly enough to trust its shape, and kept ready to be sent again.

A reply is stored without header, question and OPT. Its compression pointers still hold when it is sent:
a question of the same name has the same length, and brings the asker's own capitals with it (0x20).
"""

import struct

import msgspec

from lachan.edge.dns.question import (
    HEADER_SIZE,
    TYPE_CNAME,
    TYPE_OPT,
    TYPE_SOA,
    Rcode,
)

TTL_LIMIT = 86_400
NEGATIVE_LIMIT = 3_600


class BadReply(Exception):
    """Not a reply to what was asked, or not well-formed."""


class Reply(msgspec.Struct, frozen=True):
    """An upstream's reply.

    Attributes:
        rcode: RFC 1035 code.
        counts: answer, authority and additional records in `body`.
        body: those records.
        ttls: where in `body` each 32-bit TTL stands.
        lifetime: seconds that it may be kept (RFC 1035, RFC 2308); 0 for not at all.
        chain: names that the answer leads to by CNAME, wire form without root, lower case.
        truncated: TC was set.
    """

    rcode: int
    counts: tuple[int, int, int]
    body: bytes
    ttls: tuple[int, ...]
    lifetime: int
    chain: tuple[bytes, ...]
    truncated: bool

    def aged(self, seconds: int, *, fixed: int | None = None) -> bytes:
        """The body with its TTLs `seconds` older, or all set to `fixed`."""
        body = bytearray(self.body)
        for at in self.ttls:
            ttl = int.from_bytes(body[at : at + 4], "big")
            struct.pack_into(">I", body, at, max(0, ttl - seconds) if fixed is None else fixed)
        return bytes(body)


class _Record(msgspec.Struct, frozen=True):
    section: int
    start: int
    kind: int
    ttl_at: int
    ttl: int
    data: int
    end: int


def reply_parse(message: bytes, query: bytes) -> Reply:
    """What `message` says in reply to `query`.

    Raises:
        BadReply: another identifier or question (RFC 5452, section 9.1), or broken records.
    """
    try:
        return _parse(message, _question_matches(message, query))
    except (struct.error, IndexError):
        raise BadReply("a record reaches past the end") from None


def _parse(message: bytes, question_end: int) -> Reply:
    truncated = bool(message[2] & 0x02)
    rcode = message[3] & 0x0F
    records = [] if truncated else _records(message, question_end)
    body, ttls, kept = _body(message, question_end, records)
    counts = tuple(sum(1 for one in kept if one.section == section) for section in range(3))
    chain = tuple(
        _name(message, one.data) for one in records if one.section == 0 and one.kind == TYPE_CNAME
    )
    lifetime = _lifetime(message, rcode, records)
    return Reply(rcode, (counts[0], counts[1], counts[2]), body, ttls, lifetime, chain, truncated)


def _question_matches(message: bytes, query: bytes) -> int:
    if len(message) < HEADER_SIZE or message[:2] != query[:2] or not message[2] & 0x80:
        raise BadReply("not a reply to this query")
    if message[4:6] != b"\0\1" or message[2] & 0x78:
        raise BadReply("not a reply to one question")
    end = HEADER_SIZE
    while query[end]:
        end += 1 + query[end]
    end += 5
    if message[HEADER_SIZE:end].lower() != query[HEADER_SIZE:end].lower():
        raise BadReply("another question")
    return end


def _records(message: bytes, at: int) -> list[_Record]:
    found = []
    counts = struct.unpack_from(">HHH", message, 6)
    for section, count in enumerate(counts):
        for _ in range(count):
            start, at = at, _skip_name(message, at)
            kind, _, ttl, size = struct.unpack_from(">HHIH", message, at)
            data = at + 10
            end = data + size
            if end > len(message):
                raise BadReply("a record reaches past the end")
            ttl = 0 if ttl & 0x80000000 else ttl  # RFC 2181, section 8
            found.append(_Record(section, start, kind, at + 4, ttl, data, end))
            at = end
    return found


def _skip_name(message: bytes, at: int) -> int:
    while True:
        length = message[at]
        if length >= 0xC0:
            return at + 2
        if length > 63:
            raise BadReply("a label type that nobody uses")
        at += 1 + length
        if length == 0:
            return at


def _name(message: bytes, at: int) -> bytes:
    """A name with its pointers followed, each to an earlier place, so that it must end."""
    labels = b""
    floor = at
    while message[at]:
        if message[at] >= 0xC0:
            target = (message[at] & 0x3F) << 8 | message[at + 1]
            if target >= floor:
                raise BadReply("a name that points forward")
            floor = at = target
            continue
        labels += message[at : at + 1 + message[at]]
        at += 1 + message[at]
        if len(labels) > 254 or at >= len(message):
            raise BadReply("a name that does not end")
    return labels.lower()


def _body(
    message: bytes, start: int, records: list[_Record]
) -> tuple[bytes, tuple[int, ...], list[_Record]]:
    """Everything but OPT. Where records follow OPT, pointers into them would break: they are extras,
    and are left out with it.
    """
    kept = []
    for record in records:
        if record.kind == TYPE_OPT:
            break
        kept.append(record)
    end = kept[-1].end if kept else start
    return message[start:end], tuple(one.ttl_at - start for one in kept), kept


def _lifetime(message: bytes, rcode: int, records: list[_Record]) -> int:
    answers = [one.ttl for one in records if one.section == 0]
    if rcode == Rcode.NOERROR and answers:
        return min(TTL_LIMIT, *answers)
    if rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
        return 0
    for one in records:
        if one.section == 1 and one.kind == TYPE_SOA and one.end - one.data >= 22:
            minimum = int.from_bytes(message[one.end - 4 : one.end], "big")
            return min(NEGATIVE_LIMIT, one.ttl, minimum, *answers)
    return 0
