"""Reading a query: RFC 1035 section 4.1, EDNS by RFC 6891. Strict, so that a reply can be assembled."""

from enum import IntEnum

import msgspec

HEADER_SIZE = 12
CLASS_IN = 1
PADDING = 12
"""EDNS option (RFC 7830)."""
ERROR = 15
"""EDNS option: Extended DNS Error (RFC 8914)."""
TYPE_A, TYPE_NS, TYPE_CNAME, TYPE_SOA, TYPE_PTR, TYPE_TXT = 1, 2, 5, 6, 12, 16
TYPE_AAAA, TYPE_DNAME, TYPE_OPT, TYPE_DS, TYPE_RRSIG = 28, 39, 41, 43, 46
TYPE_NSEC, TYPE_NSEC3, TYPE_SVCB, TYPE_HTTPS, TYPE_ANY = 47, 50, 64, 65, 255
TRANSFERS = frozenset({249, 250, 251, 252, 253, 254})
"""TKEY, TSIG, IXFR, AXFR, MAILB, MAILA: not for a forwarder."""


class Rcode(IntEnum):
    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    BADVERS = 16


class Edns(msgspec.Struct, frozen=True):
    """Attributes: padding: whether the reply is to be padded (RFC 7830); structured: whether an error is to be told to a
    program (`structured`).
    """

    version: int
    payload: int
    dnssec: bool
    padding: bool = False
    structured: bool = False


class Question(msgspec.Struct, frozen=True):
    """A well-formed question.

    Attributes:
        wire: the name in wire form without root, lower case.
        raw: the question section as it came: name in its own capitals, type, class.
        head: the packet's first twelve bytes.
    """

    head: bytes
    raw: bytes
    wire: bytes
    qtype: int
    qclass: int
    edns: Edns | None

    @property
    def recursion_desired(self) -> bool:
        return bool(self.head[2] & 0x01)

    @property
    def checking_disabled(self) -> bool:
        return bool(self.head[3] & 0x10)

    @property
    def dnssec(self) -> bool:
        return self.edns is not None and self.edns.dnssec

    @property
    def room(self) -> int:
        """Bytes that fit the asker's UDP buffer; ours is 1232 (DNS flag day 2020)."""
        return min(1232, max(512, self.edns.payload)) if self.edns else 512

    @property
    def key(self) -> bytes:
        """What answers are filed under: name, type, class, and the bits that change an answer."""
        flags = (self.dnssec << 1) | self.checking_disabled
        return self.wire + b"\0" + self.raw[-4:] + bytes((flags,))


class Malformed(msgspec.Struct, frozen=True):
    """A packet that gets an error; `question` is what can be echoed of it."""

    head: bytes
    rcode: Rcode
    question: Question | None = None


def question_parse(packet: bytes) -> Question | Malformed | None:  # noqa: PLR0911  one return a fault
    """The question of a packet; None for what must stay without any answer.

    Responses are never answered: two servers would answer one another for ever.
    """
    if len(packet) < HEADER_SIZE or packet[2] & 0x80:
        return None
    head = packet[:HEADER_SIZE]
    if (packet[2] >> 3) & 0x0F:
        return Malformed(head, Rcode.NOTIMP)
    questions, answers, authorities, additionals = (
        int.from_bytes(packet[at : at + 2], "big") for at in (4, 6, 8, 10)
    )
    if questions != 1 or answers or authorities:
        return Malformed(head, Rcode.FORMERR)
    end = _name_end(packet, HEADER_SIZE)
    if end is None or end + 4 > len(packet):
        return Malformed(head, Rcode.FORMERR)
    raw = packet[HEADER_SIZE : end + 4]
    qtype = int.from_bytes(packet[end : end + 2], "big")
    qclass = int.from_bytes(packet[end + 2 : end + 4], "big")
    question = Question(head, raw, raw[: end - HEADER_SIZE - 1].lower(), qtype, qclass, None)
    if qtype in {0, TYPE_OPT}:
        return Malformed(head, Rcode.FORMERR, question)
    sound, edns = _edns(packet, end + 4, additionals)
    question = msgspec.structs.replace(question, edns=edns)
    if not sound:
        return Malformed(head, Rcode.FORMERR, question)
    if edns is not None and edns.version:
        return Malformed(head, Rcode.BADVERS, question)
    return question


def _name_end(packet: bytes, at: int) -> int | None:
    """Just past an uncompressed name of at most 255 bytes; None where there is no such name."""
    start = at
    while at < len(packet):
        length = packet[at]
        at += 1 + length
        if at - start > 255 or length > 63:
            return None
        if length == 0:
            return at
    return None


def _edns(packet: bytes, at: int, count: int) -> tuple[bool, Edns | None]:
    """Whether the additional section is sound, and its OPT (one at most, RFC 6891 section 6.1.1)."""
    found: Edns | None = None
    for _ in range(count):
        end = _name_end(packet, at)
        if end is None or end + 10 > len(packet):
            return False, found
        kind = int.from_bytes(packet[end : end + 2], "big")
        size = int.from_bytes(packet[end + 8 : end + 10], "big")
        if end + 10 + size > len(packet):
            return False, found
        if kind == TYPE_OPT:
            if found is not None or end != at + 1:
                return False, None
            payload = int.from_bytes(packet[end + 2 : end + 4], "big")
            found = Edns(
                packet[end + 5],
                payload,
                bool(packet[end + 6] & 0x80),
                *(_options(packet, end + 10, end + 10 + size) if size else (False, False)),
            )
        at = end + 10 + size
    return at == len(packet), found


def _options(packet: bytes, at: int, end: int) -> tuple[bool, bool]:
    """Whether padding is asked for, and a structured error."""
    padding = structured = False
    while at + 4 <= end:
        code, size = (int.from_bytes(packet[n : n + 2], "big") for n in (at, at + 2))
        padding = padding or code == PADDING
        structured = structured or (code == ERROR and packet[at + 2 : at + 6] == b"\0\2\0\0")
        at += 4 + size
    return padding, structured
