"""The append-only trail of who did what to which sensitive thing."""

import hashlib
from typing import Any

import msgspec
from django.db import connection, transaction

from lachan.kernel.clock import now

from .models import AuditEntry
from .records import Actor

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
