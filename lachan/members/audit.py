"""The append-only trail of who did what to which sensitive thing."""

import hashlib
import logging
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils.functional import Promise

from lachan.kernel.clock import now
from lachan.kernel.heads import Head, head_fault, head_keep, head_read
from lachan.proofs.services import chain_fault, chain_note, snapshot

from .models import AuditEntry
from .records import Actor, AuditAction, AuditCheck

log = logging.getLogger(__name__)

_AUDIT_LOCK = 0x6C616368  # pg_advisory_xact_lock key of the trail: "lach"


def audit_record(
    *, by: Actor, action: AuditAction, target: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Append one line: who did what to which thing. Identifiers only, never words or values.

    Args:
        by: the actor; its label and organisation are written.
        action: one of a room's `audit_actions`.
        target: `<noun>:<uid>` of what was touched.
        detail: small, plain JSON.
    """
    # No savepoint inside of an act: without its line there is no act.
    with transaction.atomic(savepoint=False):
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_AUDIT_LOCK])
        last = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
        seq, previous = (last[0] + 1, bytes(last[1])) if last else (1, bytes(32))
        entry = AuditEntry(
            seq=seq,
            at=now(),
            actor=by.label,
            organisation_id=by.organisation_id,
            action=str(action),
            object=target,
            detail=detail or {},
        )
        entry.hash = audit_hash(entry, previous)
        entry.save(force_insert=True)
        chain_note("trail", seq, entry.hash)


def audit_words() -> dict[str, Promise | str]:
    """What the codes of all rooms say to people; a line of old may hold one that is there no more."""
    return {action.value: action.words for room in AuditAction.__subclasses__() for action in room}


def audit_verify() -> AuditCheck:
    """`_verify`, of the trail as it stands at one moment, while others write."""
    with snapshot():
        return _verify()


def _verify() -> AuditCheck:
    """Read the whole trail, a few thousand lines at a time, and hold each line to the one before.

    A chain alone does not show that its end was cut off, or that it was written anew: the worker notes the
    last line outside the database now and then (`audit_head_keep`), and that line must still be there.
    """
    seq, previous = 0, bytes(32)
    noted, seen = head_read(_head_path()), None
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        seq += 1
        if entry.seq != seq:
            return AuditCheck(lines=seq - 1, broken_at=seq, why="a line is missing")
        if audit_hash(entry, previous) != bytes(entry.hash):
            return AuditCheck(lines=seq - 1, broken_at=seq, why="a line was altered")
        previous = bytes(entry.hash)
        if noted is not None and noted.seq == seq:
            seen = previous.hex()
            if why := head_fault(noted, last=seq, seen=seen):
                return AuditCheck(lines=seq - 1, broken_at=seq, why=why)
    if why := chain_fault("trail", seq, previous) or head_fault(noted, last=seq, seen=seen):
        return AuditCheck(lines=seq, broken_at=seq + 1, why=why)
    return AuditCheck(lines=seq, broken_at=None, why="")


def _head_path() -> Path:
    return Path(settings.LACHAN_HOME) / "audit-head.json"


def audit_head() -> Head | None:
    """The last line; None where there is none."""
    last = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    return None if last is None else Head(last[0], bytes(last[1]).hex())


def audit_hash_at(seq: int) -> str | None:
    """The hash of a line, hexadecimal; None where there is no such line."""
    found = AuditEntry.objects.filter(seq=seq).values_list("hash", flat=True).first()
    return None if found is None else bytes(found).hex()


def audit_head_keep() -> None:
    """Note the last line outside the database, unless the trail lost the line that was noted before."""
    last = audit_head()
    if last is not None and not head_keep(_head_path(), last, audit_hash_at):
        log.error("the audit trail no longer holds the line that was noted: see `lachan doctor`")


def audit_hash(entry: AuditEntry, previous: bytes) -> bytes:
    """SHA-256 over the hash before and the line's canonical JSON."""
    line = [
        entry.seq,
        entry.at.isoformat(),
        entry.actor,
        entry.organisation_id,  # type: ignore[attr-defined]  # Django gives every key its column
        entry.action,
        entry.object,
        entry.detail,
    ]
    return hashlib.sha256(previous + msgspec.json.encode(line, order="sorted")).digest()
