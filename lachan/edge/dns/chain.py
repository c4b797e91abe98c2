"""The chain of aliases: what of an upstream's reply follows from the question. Everything else is foreign, and
nobody's to pass on: a resolver that believed it would keep a stranger's word for a name that nobody asked for.
"""

from collections.abc import Iterable

import msgspec

from lachan.edge.dns.question import (
    TYPE_CNAME,
    TYPE_DNAME,
    TYPE_HTTPS,
    TYPE_NSEC,
    TYPE_NSEC3,
    TYPE_RRSIG,
    TYPE_SOA,
    TYPE_SVCB,
)

LINKS = 20
"""Aliases one after another; resolvers give up at about a dozen."""
NAME_LIMIT = 254
_PROOFS = frozenset({TYPE_NSEC, TYPE_NSEC3})
_SERVICES = frozenset({TYPE_SVCB, TYPE_HTTPS})


class AliasLoop(Exception):
    """The aliases lead back to themselves, or do not end: there is no answer (RFC 1034, section 5.2.2)."""


class Record(msgspec.Struct, frozen=True):
    """One record of a message; places are counted from its start.

    Attributes:
        section: 0 answer, 1 authority, 2 additional.
        start: where it begins.
        owner: wire form without root, lower case.
        covered: of a signature the type that it signs, otherwise `kind`.
        target: the name that a CNAME, DNAME, SVCB or HTTPS record leads to, as `owner`; empty for none.
    """

    section: int
    start: int
    owner: bytes
    kind: int
    covered: int
    ttl_at: int
    ttl: int
    data: int
    end: int
    target: bytes


class Followed(msgspec.Struct, frozen=True):
    """What a question leads to.

    Attributes:
        kept: the records that say so, in the order of the message.
        chain: the names after the asked one, by CNAME or DNAME.
        targets: where SVCB and HTTPS records send on to (RFC 9460, TargetName of either mode).
    """

    kept: list[Record]
    chain: tuple[bytes, ...]
    targets: tuple[bytes, ...]


def follow(asked: bytes, qtype: int, records: Iterable[Record]) -> Followed:
    """Walk from the asked name along its aliases.

    Raises:
        AliasLoop: the walk does not end.
    """
    found = list(records)
    answers: dict[bytes, list[Record]] = {}
    for one in found:
        if one.section == 0:
            answers.setdefault(one.owner, []).append(one)
    names, used = [asked], set[int]()
    while (link := _link(names[-1], qtype, answers)) is not None:
        by, target = link
        if target in names or len(names) > LINKS or len(target) > NAME_LIMIT:
            raise AliasLoop
        used.update(one.start for one in by)
        names.append(target)
        if qtype == TYPE_CNAME:
            break
    owners = {*names, *(one.owner for one in found if one.start in used)}
    kept = [one for one in found if _follows(one, names, owners, qtype, used)]
    targets = (one.target for one in kept if one.section == 0 and one.kind in _SERVICES)
    return Followed(kept, tuple(names[1:]), tuple(dict.fromkeys(name for name in targets if name)))


def _link(
    name: bytes, qtype: int, answers: dict[bytes, list[Record]]
) -> tuple[list[Record], bytes] | None:
    """The records by which a name is another's alias, and that other; None where the walk ends."""
    here = answers.get(name, [])
    if qtype != TYPE_CNAME and any(one.kind == qtype for one in here):
        return None
    above = [one for at in _parents(name) for one in answers.get(at, ()) if one.kind == TYPE_DNAME]
    for one in here:
        if one.kind == TYPE_CNAME:
            return [one, *above[:1]], one.target
    if above and qtype != TYPE_CNAME:
        return above[:1], name[: len(name) - len(above[0].owner)] + above[0].target
    return None


def _follows(
    record: Record, names: list[bytes], owners: set[bytes], qtype: int, used: set[int]
) -> bool:
    if record.section == 0:
        if record.kind in {TYPE_CNAME, TYPE_DNAME}:
            return record.start in used or (record.kind == qtype and record.owner == names[-1])
        if record.kind == TYPE_RRSIG and record.owner in owners:
            return record.covered in {qtype, TYPE_CNAME, TYPE_DNAME} or qtype == TYPE_RRSIG
        return record.kind == qtype and record.owner == names[-1]
    if record.section == 1:
        if record.covered == TYPE_SOA:
            return any(name == record.owner or record.owner in _parents(name) for name in names)
        return record.covered in _PROOFS
    # Additional records are a courtesy: who wants one asks for it, and is answered by the same rules.
    return False


def _parents(name: bytes) -> list[bytes]:
    """The names above one, the root included."""
    found, at = [], 0
    while at < len(name):
        at += 1 + name[at]
        found.append(name[at:])
    return found
