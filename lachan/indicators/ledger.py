"""The ledger: append under one lock, chain by hash, read by audience, rebuild any past.

A row's number is given while the head row is locked, and the lock is held until the transaction commits:
the order of numbers is the order of commits, and a number that was given is never lost without the whole
transaction being lost. On SQLite the database's one writer (BEGIN IMMEDIATE) is the lock.
"""

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from lachan.formats.sharing import SEVERAL, Level, Reach, Tlp, Viewer, sees, tlps_within
from lachan.kernel.clock import now
from lachan.outbox.services import wake
from lachan.proofs.services import chain_note

from .bulk_sql import rows_insert, uid_ready
from .models import LedgerHead, LedgerRow
from .records import Effect, LedgerEntry

ORIGIN = bytes(32)
CHUNK = 2000


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a row will say of an indicator.

    Attributes:
        live: whether it is published from now on.
        was_tlp: the TLP under which it was published until now; empty when it was not.
        source: who says so, by name: a list, or the organisation as it was called then.
        reason: why it ends: withdrawn, expired, disputed or shared; empty when it lives.
        circle: the circle of several that it is for; None where it is for its organisation's own. What goes to
            another circle ends in the one before first, by a row of its own: a row speaks to one circle.
    """

    uid: UUID
    kind: str
    value: str
    category: str
    confidence: int
    tlp: str
    live: bool
    was_tlp: str = ""
    reason: str = ""
    valid_from: datetime
    valid_until: datetime | None = None
    organisation_id: int | None = None
    organisation_uid: UUID | None = None
    source: str = ""
    circle: int | None = None

    def __post_init__(self) -> None:
        if self.circle is not None and self.circle < SEVERAL:
            raise ValueError("an organisation's own is for no circle of several")


VERSION = 2


class Payload(msgspec.Struct, frozen=True):
    """A row's content as it is hashed; fields in the canonical order (by name).

    Attributes:
        version: of the form. Rows of version 1 do not name it, and know no circle but the organisation; a row
            stays as it was written, with its hash.
    """

    at: datetime
    category: str
    confidence: int
    indicator: UUID
    kind: str
    live: bool
    organisation: UUID | None
    reason: str
    seq: int
    source: str
    tlp: str
    valid_from: datetime
    valid_until: datetime | None
    value: str
    circle: int | None = None
    version: int = 1


_encode = msgspec.json.Encoder(order="sorted").encode
payload_read = msgspec.json.Decoder(Payload).decode


def head_lock() -> LedgerHead:
    """The head, locked until the transaction ends. Take it before any indicator's row."""
    return LedgerHead.objects.select_for_update().get_or_create(pk=1, defaults={"hash": ORIGIN})[0]


def ledger_append(head: LedgerHead, changes: Sequence[Change]) -> tuple[int, int]:
    """Write rows after `head`, which the caller has locked; the first and last number.

    Wakes whoever waits for the ledger once the transaction commits.
    """
    first, moment, previous = head.seq + 1, now(), bytes(head.hash)
    uids, rows = uid_ready(), []
    for seq, change in enumerate(changes, first):
        payload = _encode(_payload(change, seq, moment))
        previous = hashlib.sha256(previous + payload).digest()
        facts = (seq, uids(change.uid), change.live, change.tlp, change.was_tlp)
        reach = reach_of(change.tlp, change.was_tlp, live=change.live)
        where = (reach, change.organisation_id, change.kind)
        rows.append((*facts, *where, payload.decode(), previous, change.circle))
    rows_insert(LedgerRow, _COLUMNS, rows)
    head_move(head, first + len(rows) - 1, previous)
    return first, head.seq


def head_move(head: LedgerHead, seq: int, digest: bytes) -> None:
    """The chain ends at `seq` with this hash from now on."""
    head.seq, head.hash = seq, digest
    head.save(update_fields=["seq", "hash"])
    chain_note("ledger", seq, digest)
    wake("ledger")


def _payload(change: Change, seq: int, moment: datetime) -> Payload:
    return Payload(
        at=moment,
        category=change.category,
        circle=change.circle,
        confidence=change.confidence,
        indicator=change.uid,
        kind=change.kind,
        live=change.live,
        organisation=change.organisation_uid,
        reason=change.reason,
        seq=seq,
        source=change.source,
        tlp=change.tlp,
        valid_from=change.valid_from,
        valid_until=change.valid_until,
        value=change.value,
        version=VERSION,
    )


_COLUMNS = (
    *("seq", "indicator_id", "live", "tlp", "was_tlp", "reach", "organisation_id", "kind"),
    *("payload", "hash", "circle"),
)
_WHOSE = ("organisation_id", "circle")


@cache
def reach_of(tlp: str, was_tlp: str, *, live: bool) -> int:
    """The widest audience that sees a difference."""
    seen = [tlp] if live else []
    if was_tlp:
        seen.append(was_tlp)
    return min((Tlp(one).level for one in seen), default=Level.CIRCLE)


def _concerning(audience: Viewer) -> Q:
    """Rows of which the audience sees a difference; level by level, as the indexes have them."""
    level = audience.level
    found = Q(reach__lte=level) if level else Q(reach=level)
    if own := audience.organisations:
        for each in range(level + 1, Level.EVERYTHING):
            found |= Q(reach=each, organisation__in=own, circle=None)
    return found | _of_several(audience)


def is_for(audience: Viewer) -> Q:
    """Rows whose indicator, as it now is, is for the audience."""
    own = Q(organisation__in=audience.organisations, circle=None)
    return Q(tlp__in=tlps_within(audience.level)) | own | _of_several(audience)


def _of_several(audience: Viewer) -> Q:
    return Q(circle__in=audience.several) if audience.several else Q()


def reach_at(tlp: str, organisation_id: int | None, circle: int | None) -> Reach:
    """For whom a row's indicator is under a TLP, by the row's own columns."""
    return Reach(Tlp(tlp).level, circle or organisation_id or 0)


def entry(payload: str, effect: Effect) -> LedgerEntry:
    """A stored payload as an audience's entry."""
    row = payload_read(payload)
    return LedgerEntry(
        seq=row.seq,
        effect=effect,
        uid=row.indicator,
        kind=row.kind,
        value=row.value,
        category=row.category,
        confidence=row.confidence,
        tlp=row.tlp,
        at=row.at,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        organisation=row.organisation,
        source=row.source,
    )


def changes_after(
    after: int, audience: Viewer, *, until: int | None = None, limit: int | None = None
) -> Iterator[LedgerEntry]:
    """What happened to an audience's list after a number, in order.

    A row that takes something from the audience's sight is a removal there, and its new TLP stays hidden:
    the entry repeats the one under which the audience knew it.
    """
    rows = LedgerRow.objects.filter(_concerning(audience), seq__gt=after).order_by("seq")
    if until is not None:
        rows = rows.filter(seq__lte=until)
    columns = rows.values_list("live", "tlp", "was_tlp", *_WHOSE, "payload")
    found = columns[:limit] if limit else columns.iterator(chunk_size=CHUNK)
    for live, tlp, was_tlp, organisation_id, circle, payload in found:
        if live and sees(audience, reach_at(tlp, organisation_id, circle)):
            yield entry(payload, Effect.ADD)
        else:
            gone = entry(payload, Effect.REMOVE)
            yield dataclasses.replace(gone, tlp=was_tlp, valid_until=None)


def projection(
    sequence: int, audience: Viewer, *, kinds: Iterable[str] = ()
) -> Iterator[LedgerEntry]:
    """An audience's whole list as it stood at a number, oldest publication first.

    Nothing but the ledger's rows up to `sequence` goes in: the same call gives the same entries for ever.
    """
    rows = standing_rows(sequence, kinds=kinds).filter(is_for(audience))
    for payload in rows.values_list("payload", flat=True).iterator(chunk_size=CHUNK):
        yield entry(payload, Effect.ADD)


def standing_rows(sequence: int, *, kinds: Iterable[str] = ()) -> QuerySet[LedgerRow]:
    """The row of each indicator that stands at a number, oldest publication first."""
    later = LedgerRow.objects.filter(
        indicator=OuterRef("indicator"), seq__gt=OuterRef("seq"), seq__lte=sequence
    )
    rows = LedgerRow.objects.filter(~Exists(later), seq__lte=sequence, live=True)
    if kinds := list(kinds):
        rows = rows.filter(kind__in=kinds)
    return rows.order_by("seq")


def head_seq() -> int:
    """The last number committed of a row about an indicator; 0 for an empty ledger."""
    return LedgerRow.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def audience_seq(audience: Viewer, *, at: int | None = None) -> int:
    """The last number up to `at` of a row that concerns an audience; 0 when none does."""
    return max(last_seqs(audience_rows(audience), at=at))


def audience_rows(audience: Viewer) -> list[QuerySet[Any]]:
    """The rows that concern an audience, a part for each step into an index: a maximum over an OR would read
    every row.
    """
    parts: list[QuerySet[Any]] = [
        LedgerRow.objects.filter(reach=level) for level in range(audience.level + 1)
    ]
    for level in range(audience.level + 1, Level.EVERYTHING):
        parts += [
            LedgerRow.objects.filter(reach=level, organisation=one, circle=None)
            for one in audience.organisations
        ]
    return parts + [LedgerRow.objects.filter(circle=one) for one in audience.several]


def last_seqs(parts: Iterable[QuerySet[Any]], *, at: int | None = None) -> list[int]:
    """The last number up to `at` of each part, 0 where it has none; one query for all."""
    bounded = parts if at is None else (part.filter(seq__lte=at) for part in parts)
    lasts = [Subquery(part.order_by("-seq").values("seq")[:1]) for part in bounded]
    # The head's one row is what there is to ask beside; no ledger has rows without it.
    found = LedgerHead.objects.filter(pk=1).values_list(*lasts).first() or [0] * len(lasts)
    return [seq or 0 for seq in found]


def history(uid: UUID, *, viewer: Viewer) -> list[LedgerEntry]:
    """The rows of one indicator that a viewer could see, newest first, for its own page."""
    rows = LedgerRow.objects.filter(indicator=uid).order_by(F("seq").desc())
    found = []
    columns = rows.values_list("live", "tlp", "was_tlp", *_WHOSE, "payload")
    for live, tlp, was_tlp, organisation_id, circle, payload in columns:
        if live and sees(viewer, reach_at(tlp, organisation_id, circle)):
            found.append(entry(payload, Effect.ADD))
        elif was_tlp and sees(viewer, reach_at(was_tlp, organisation_id, circle)):
            # As in `changes_after`: where it went stays hidden.
            gone = entry(payload, Effect.REMOVE)
            found.append(dataclasses.replace(gone, tlp=was_tlp, valid_until=None))
    return found
