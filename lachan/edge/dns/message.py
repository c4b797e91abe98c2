"""Reading an upstream's reply: strictly enough to trust its shape, and kept ready to be sent again.

A reply is stored without header, question, OPT, and whatever does not follow from the question (`chain`). Its compression pointers still hold when it is sent:
a question of the same name has the same length, and brings the asker's own capitals with it (0x20).
"""

import struct

import msgspec

from lachan.edge.dns.chain import AliasLoop, Record, follow
from lachan.edge.dns.question import (
    CLASS_IN,
    HEADER_SIZE,
    TYPE_CNAME,
    TYPE_DNAME,
    TYPE_HTTPS,
    TYPE_NS,
    TYPE_OPT,
    TYPE_PTR,
    TYPE_RRSIG,
    TYPE_SOA,
    TYPE_SVCB,
    Rcode,
)

TTL_LIMIT = 86_400
NEGATIVE_LIMIT = 3_600
# Type → where in its data the name begins that it leads to.
_LEADING = {TYPE_CNAME: 0, TYPE_DNAME: 0, TYPE_SVCB: 2, TYPE_HTTPS: 2}
# Type → (bytes before, names) for data that may hold compressed names: RFC 1035, and RFC 3597, section 4.
_NAMES_IN = {
    **dict.fromkeys((TYPE_NS, 3, 4, TYPE_CNAME, 7, 8, 9, TYPE_PTR, TYPE_DNAME), (0, 1)),
    **dict.fromkeys((TYPE_SOA, 14, 17), (0, 2)),
    **dict.fromkeys((15, 18, 21, 36, TYPE_SVCB, TYPE_HTTPS), (2, 1)),
    26: (2, 2),
    33: (6, 1),
}


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
        chain: names that the answer leads to by CNAME or DNAME, wire form without root, lower case.
        targets: names that its SVCB and HTTPS records send on to.
        truncated: TC was set.
    """

    rcode: int
    counts: tuple[int, int, int]
    body: bytes
    ttls: tuple[int, ...]
    lifetime: int
    chain: tuple[bytes, ...]
    targets: tuple[bytes, ...]
    truncated: bool

    @property
    def leads(self) -> bool:
        """Whether other names have a say in it, so that it holds only while none of them is blocked."""
        return bool(self.chain or self.targets)

    def aged(self, seconds: int, *, fixed: int | None = None) -> bytes:
        """The body with its TTLs `seconds` older, or all set to `fixed`."""
        body = bytearray(self.body)
        for at in self.ttls:
            ttl = int.from_bytes(body[at : at + 4], "big")
            struct.pack_into(">I", body, at, max(0, ttl - seconds) if fixed is None else fixed)
        return bytes(body)


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
    asked = _name(message, HEADER_SIZE)
    qtype = int.from_bytes(message[question_end - 4 : question_end - 2], "big")
    try:
        followed = follow(asked, qtype, records)
    except AliasLoop:
        return Reply(Rcode.SERVFAIL, (0, 0, 0), b"", (), 0, (), (), truncated=False)
    kept = followed.kept
    ends = [question_end, *(one.end for one in kept)]
    if all(one.start == end for one, end in zip(kept, ends, strict=False)):
        body = message[question_end : ends[-1]]
        ttls = tuple(one.ttl_at - question_end for one in kept)
    else:
        body, ttls = _rewritten(message, asked, kept)
    counts = tuple(sum(1 for one in kept if one.section == section) for section in range(3))
    return Reply(
        rcode,
        (counts[0], counts[1], counts[2]),
        body,
        ttls,
        _lifetime(message, rcode, kept),
        followed.chain,
        followed.targets,
        truncated,
    )


def options_read(message: bytes) -> dict[int, bytes]:
    """The EDNS options of a message (RFC 6891, section 6.1.2); none where it has no sound OPT."""
    found = {}
    for start, end in opt_data(message):
        at = start
        while at + 4 <= end:
            code, size = struct.unpack_from(">HH", message, at)
            found[code] = message[at + 4 : min(end, at + 4 + size)]
            at += 4 + size
    return found


def rcode_read(message: bytes) -> int:
    """The code of a message with the half that its OPT holds (RFC 6891, section 6.1.3)."""
    extended = 0
    for data, _ in opt_data(message):
        extended = message[data - 6]
    return extended << 4 | message[3] & 0x0F


def opt_data(message: bytes) -> list[tuple[int, int]]:
    """Where the data of the OPT record begins and ends; nothing where there is none, or it is not sound."""
    try:
        at = HEADER_SIZE
        questions, *counts = struct.unpack_from(">HHHH", message, 4)
        for _ in range(questions):
            at = name_skip(message, at) + 4
        for _ in range(sum(counts)):
            at = name_skip(message, at)
            kind, _, _, size = struct.unpack_from(">HHIH", message, at)
            data, at = at + 10, at + 10 + size
            if kind == TYPE_OPT and at <= len(message):
                return [(data, at)]
    except (struct.error, IndexError, BadReply):
        pass
    return []


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


def _records(message: bytes, at: int) -> list[Record]:
    found = []
    counts = struct.unpack_from(">HHH", message, 6)
    for section, count in enumerate(counts):
        for _ in range(count):
            start, at = at, name_skip(message, at)
            kind, klass, ttl, size = struct.unpack_from(">HHIH", message, at)
            ttl_at, data, end = at + 4, at + 10, at + 10 + size
            if end > len(message):
                raise BadReply("a record reaches past the end")
            at = end
            if kind == TYPE_OPT or klass != CLASS_IN:
                continue
            covered, target = kind, b""
            if kind == TYPE_RRSIG and size >= 2:
                covered = int.from_bytes(message[data : data + 2], "big")
            if kind in _LEADING:
                target = _name(message, data + _LEADING[kind])
            ttl = 0 if ttl & 0x80000000 else ttl  # RFC 2181, section 8
            owner = _name(message, start)
            found.append(
                Record(section, start, owner, kind, covered, ttl_at, ttl, data, end, target)
            )
    return found


def name_skip(message: bytes, at: int) -> int:
    """Just past a name, compressed or not. Raises: BadReply, IndexError."""
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
        if message[at] > 63:
            raise BadReply("a label type that nobody uses")
        labels += message[at : at + 1 + message[at]]
        at += 1 + message[at]
        if len(labels) > 254 or at >= len(message):
            raise BadReply("a name that does not end")
    return labels.lower()


def _rewritten(message: bytes, asked: bytes, kept: list[Record]) -> tuple[bytes, tuple[int, ...]]:
    """The kept records with their names written out, for what pointers led to is left out; and the places of
    the TTLs.
    """
    body, ttls = b"", []
    for one in kept:
        owner = b"\xc0\x0c" if one.owner == asked else one.owner + b"\0"
        data = _data_plain(message, one)
        ttls.append(len(body) + len(owner) + 4)
        body += owner + struct.pack(">HHIH", one.kind, CLASS_IN, one.ttl, len(data)) + data
    return body, tuple(ttls)


def _data_plain(message: bytes, record: Record) -> bytes:
    skip, names = _NAMES_IN.get(record.kind, (0, 0))
    at = record.data + skip
    plain = message[record.data : at]
    for _ in range(names):
        plain += _name(message, at) + b"\0"
        at = name_skip(message, at)
    if at > record.end:
        raise BadReply("a name reaches past its record")
    return plain + message[at : record.end]


def _lifetime(message: bytes, rcode: int, records: list[Record]) -> int:
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
