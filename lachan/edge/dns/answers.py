"""Assembling replies in wire form. The compiled path copies the same pieces: see `pieces`."""

import ipaddress
import struct

import msgspec

from lachan.edge.dns.message import name_skip, opt_data
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import (
    HEADER_SIZE,
    PADDING,
    TYPE_A,
    TYPE_AAAA,
    TYPE_OPT,
    TYPE_SOA,
    Malformed,
    Question,
    Rcode,
)
from lachan.edge.dns.structured import structured_text
from lachan.formats.snapshot.records import Verdict

PAYLOAD = 1232
EDE_STALE, EDE_CACHED_ERROR, EDE_NOT_AUTHORITATIVE, EDE_NO_UPSTREAM = 3, 13, 20, 22
MESSAGE = 65_535
"""Bytes, as many as the two before a message in a stream can tell."""
_TO_QUESTION = b"\xc0\x0c"


def opt(*, dnssec: bool, ede: int | None = None, text: str = "", extended: int = 0) -> bytes:
    """An OPT record (RFC 6891) with, where given, an Extended DNS Error (RFC 8914)."""
    option = b""
    if ede is not None:
        words = text.encode("utf-8")
        option = struct.pack(">HHH", 15, 2 + len(words), ede) + words
    flags = 0x8000 if dnssec else 0
    fixed = struct.pack(">BHHBBHH", 0, TYPE_OPT, PAYLOAD, extended, 0, flags, len(option))
    return fixed + option


def head(
    question: bytes, rcode: int, counts: tuple[int, int, int, int], *, cut: bool = False
) -> bytes:
    """The header of a reply: RD and CD are echoed, RA is set, AA and AD never are.

    We look nothing up ourselves and validate nothing, so neither is ours to claim.
    """
    first = 0x80 | (question[2] & 0x79) | (0x02 if cut else 0)
    second = 0x80 | (question[3] & 0x10) | (rcode & 0x0F)
    return question[:2] + struct.pack(">BBHHHH", first, second, *counts)


def reply(
    question: Question,
    rcode: int,
    *,
    answers: tuple[int, bytes] = (0, b""),
    authority: tuple[int, bytes] = (0, b""),
    ede: int | None = None,
    text: str = "",
) -> bytes:
    """A reply with these records, each a count and their bytes; OPT only to who sent one."""
    tail, extra = b"", 0
    if question.edns is not None:
        tail, extra = opt(dnssec=question.dnssec, ede=ede, text=text, extended=rcode >> 4), 1
    first = head(question.head, rcode, (1, answers[0], authority[0], extra))
    return first + question.raw + answers[1] + authority[1] + tail


def padded(reply: bytes, question: Question, block: int) -> bytes:
    """The reply in whole blocks, for who asks for that (RFC 7830): its length tells less of what was asked.

    Its last record is the OPT, as all of ours have it.
    """
    if question.edns is None or not question.edns.padding:
        return reply
    ((data, end),) = opt_data(reply)
    size = -(len(reply) + 4) % block
    if len(reply) + 4 + size > MESSAGE:
        return reply
    whole = bytearray(reply)
    struct.pack_into(">H", whole, data - 2, end - data + 4 + size)
    return bytes(whole) + struct.pack(">HH", PADDING, size) + bytes(size)


def least_ttl(reply: bytes) -> int:
    """Seconds that a reply may be kept as it is: the least of its answers, of a "no" that of the SOA; 0 where it says
    nothing of that (RFC 8484, section 5.1).
    """
    rcode, (answered, authority) = reply[3] & 0x0F, struct.unpack_from(">HH", reply, 6)
    if rcode not in {Rcode.NOERROR, Rcode.NXDOMAIN}:
        return 0
    at, least = HEADER_SIZE, None
    while reply[at]:
        at += 1 + reply[at]
    at += 5
    for _ in range(answered or authority):
        at = name_skip(reply, at)
        kind, _, ttl, size = struct.unpack_from(">HHIH", reply, at)
        at += 10 + size
        if not answered and kind == TYPE_SOA:
            ttl = min(ttl, int.from_bytes(reply[at - 4 : at], "big"))
        if answered or kind == TYPE_SOA:
            least = ttl if least is None else min(least, ttl)
    return least or 0


def refusal(malformed: Malformed) -> bytes:
    """The reply to a packet that cannot be answered otherwise."""
    if malformed.question is not None:
        return reply(malformed.question, malformed.rcode)
    return head(malformed.head, malformed.rcode, (0, 0, 0, 0))


def minimal_any(question: Question) -> bytes:
    """RFC 8482: who asks for everything gets one small HINFO; large answers are for attackers."""
    hinfo = _TO_QUESTION + struct.pack(">HHIH", 13, 1, 3600, 9) + b"\x07RFC8482\x00"
    return reply(question, Rcode.NOERROR, answers=(1, hinfo))


class Pieces(msgspec.Struct, frozen=True):
    """What a blocked answer is made of, but for the owner and serial of its SOA.

    Attributes:
        rcode: NXDOMAIN or NOERROR.
        ipv4, ipv6: (count, bytes) of the records that answer A and AAAA; (0, b"") means none.
    """

    rcode: int
    ipv4: tuple[int, bytes]
    ipv6: tuple[int, bytes]


def pieces(policy: Policy) -> Pieces:
    if policy.answer == "nxdomain":
        return Pieces(Rcode.NXDOMAIN, (0, b""), (0, b""))
    if policy.answer == "null":
        policy = msgspec.structs.replace(policy, page_ipv4=("0.0.0.0",), page_ipv6=("::",))  # noqa: S104  an answer, not a place to listen
    return Pieces(
        Rcode.NOERROR,
        _addresses(TYPE_A, policy.page_ipv4, policy.ttl),
        _addresses(TYPE_AAAA, policy.page_ipv6, policy.ttl),
    )


def _addresses(kind: int, addresses: tuple[str, ...], ttl: int) -> tuple[int, bytes]:
    records = []
    for address in addresses:
        raw = ipaddress.ip_address(address).packed
        records.append(_TO_QUESTION + struct.pack(">HHIH", kind, 1, ttl, len(raw)) + raw)
    return len(records), b"".join(records)


def soa(owner: int, serial: int, ttl: int) -> bytes:
    """The SOA that lets a resolver keep a "no" (RFC 2308), but for `ttl` seconds only.

    Its owner is the blocked name itself, `owner` bytes into the packet; its serial is the snapshot's
    sequence, so that an answer tells by which state of the ledger it was given.
    """
    fixed = struct.pack(">HHHIH", 0xC000 | owner, 6, 1, ttl, 22)
    return fixed + b"\0\0" + struct.pack(">IIIII", serial & 0xFFFFFFFF, 3600, 600, 86400, ttl)


def blocked(question: Question, policy: Policy, verdict: Verdict, owner: int, serial: int) -> bytes:
    """The answer to a blocked name, by policy."""
    kit = pieces(policy)
    records = {TYPE_A: kit.ipv4, TYPE_AAAA: kit.ipv6}.get(question.qtype, (0, b""))
    authority = (0, b"") if records[0] else (1, soa(owner, serial, policy.ttl))
    texts = [policy.reason_text(verdict)]
    if question.edns is not None and question.edns.structured:
        texts.insert(0, structured_text(policy, verdict))
    found = b""
    for text in texts:
        found = reply(
            question, kit.rcode, answers=records, authority=authority, ede=policy.ede, text=text
        )
        if len(found) <= question.room:
            break
    return found
