"""Search engines and video sites in their restricted mode: asked for an address, their name is an alias of the one whose
servers answer in that mode, as the engines document it (`formats/known_names`).
"""

import struct

from lachan.edge.dns import answers
from lachan.edge.dns.known import safe_targets
from lachan.edge.dns.message import name_skip
from lachan.edge.dns.policy import Policy
from lachan.edge.dns.question import (
    HEADER_SIZE,
    TYPE_A,
    TYPE_AAAA,
    TYPE_CNAME,
    Question,
    Rcode,
)

_TO_QUESTION = b"\xc0\x0c"


def restricted_target(question: Question, policy: Policy) -> bytes:
    """The name (wire form without root) that is to answer for the one asked; empty where it answers for itself."""
    return safe_targets().get(question.wire, b"") if policy.safe_search else b""


def restricted_question(question: Question, target: bytes) -> Question | None:
    """What is to be asked upstream for the restricted mode's address; None where no address is asked for."""
    if question.qtype not in {TYPE_A, TYPE_AAAA}:
        return None
    return Question(
        head=question.head,
        raw=target + b"\0" + question.raw[-4:],
        wire=target,
        qtype=question.qtype,
        qclass=question.qclass,
        edns=question.edns,
    )


def restricted_reply(question: Question, target: Question, told: bytes) -> bytes:
    """The reply to `question`, of the one that `target` got."""
    rcode, count = told[3] & 0x0F, int.from_bytes(told[6:8])
    if rcode != Rcode.NOERROR:
        return answers.reply(question, rcode)
    alias = target.wire + b"\0"
    owner = struct.pack(">H", 0xC000 | (HEADER_SIZE + len(question.raw) + len(_TO_QUESTION) + 10))
    found, least, at = [], 300, HEADER_SIZE + len(target.raw)
    for _ in range(count):
        at = name_skip(told, at)
        kind, group, ttl, size = struct.unpack_from(">HHIH", told, at)
        data, at = told[at + 10 : at + 10 + size], at + 10 + size
        least = min(least, ttl)
        if kind == question.qtype:
            found.append(owner + struct.pack(">HHIH", kind, group, ttl, size) + data)
    fixed = struct.pack(">HHIH", TYPE_CNAME, 1, least, len(alias))
    records = [_TO_QUESTION + fixed + alias, *found]
    return answers.reply(question, Rcode.NOERROR, answers=(len(records), b"".join(records)))


def restricted_nothing(question: Question, ttl: int, serial: int) -> bytes:
    """Nothing else stands there: what does (an HTTPS record, say) would lead past the restricted mode."""
    authority = 1, answers.soa(HEADER_SIZE, serial, ttl)
    return answers.reply(question, Rcode.NOERROR, authority=authority)
