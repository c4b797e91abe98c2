"""The append-only trail of who did what to which sensitive thing."""

import hashlib
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction

from lachan.kernel.clock import now
from lachan.kernel.files import file_write

from .models import AuditEntry
from .records import Actor, AuditCheck

_AUDIT_LOCK = 0x6C616368  # pg_advisory_xact_lock key of the trail: "lach"


def audit_record(
    *, by: Actor, action: str, target: str = "", detail: dict[str, Any] | None = None
) -> None:
    """Append one line: who did what to which thing. Identifiers only, never words or values.

    Args:
        by: the actor; its label and organisation are written.
        action: `<noun>.<verb>`.
        target: `<noun>:<uid>` of what was touched.
        detail: small, plain JSON.
    """
    with transaction.atomic():
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
            action=action,
            object=target,
            detail=detail or {},
        )
        entry.hash = audit_hash(entry, previous)
        entry.save(force_insert=True)


def audit_verify() -> AuditCheck:
    """Read the whole trail, a few thousand lines at a time, and hold each line to the one before.

    A chain alone does not show that its end was cut off: the worker notes the last line in a file outside
    the database now and then (`audit_head_keep`), and that line must still be there.
    """
    seq, previous = 0, bytes(32)
    witness = _head_read()
    for entry in AuditEntry.objects.order_by("seq").iterator(chunk_size=2000):
        seq += 1
        if entry.seq != seq:
            return AuditCheck(lines=seq - 1, broken_at=seq, why="a line is missing")
        if audit_hash(entry, previous) != bytes(entry.hash):
            return AuditCheck(lines=seq - 1, broken_at=seq, why="a line was altered")
        previous = bytes(entry.hash)
        if witness is not None and witness[0] == seq and witness[1] != previous.hex():
            return AuditCheck(lines=seq - 1, broken_at=seq, why="the trail was written anew")
    if witness is not None and witness[0] > seq:
        return AuditCheck(lines=seq, broken_at=seq + 1, why="the end was cut off")
    return AuditCheck(lines=seq, broken_at=None, why="")


def _head_path() -> Path:
    return Path(settings.LACHAN_HOME) / "audit-head.json"


def _head_read() -> tuple[int, str] | None:
    try:
        found = msgspec.json.decode(_head_path().read_bytes())
        return int(found["seq"]), str(found["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def audit_head_keep() -> None:
    """Note the last line outside the database."""
    last = AuditEntry.objects.order_by("-seq").values_list("seq", "hash").first()
    held = _head_read()
    if last is None or (held is not None and held[0] >= last[0]):
        return
    file_write(_head_path(), msgspec.json.encode({"seq": last[0], "hash": bytes(last[1]).hex()}))


def audit_hash(entry: AuditEntry, previous: bytes) -> bytes:
    """SHA-256 over the hash before and the line's canonical JSON."""
    line = [
        entry.seq,
        entry.at.isoformat(),
        entry.actor,
        entry.organisation_id,
        entry.action,
        entry.object,
        entry.detail,
    ]
    return hashlib.sha256(previous + msgspec.json.encode(line, order="sorted")).digest()
