"""Verification of the ledger: of the ledger to its chain, its columns to what was hashed, and the indicators
to the ledger.
"""

import dataclasses
import hashlib
import heapq
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from lachan.kernel.heads import Head, head_fault, head_keep, head_read
from lachan.proofs.services import chain_fault, snapshot

from . import listing
from .ledger import CHUNK, ORIGIN, VERSION, Payload, payload_read, reach_of
from .models import Indicator, LedgerHead, LedgerRow, ListingRow
from .records import Status

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class LedgerCheck:
    """Attributes: rows: how many were read; fault: the first that is wrong, in words; empty when none is."""

    rows: int
    fault: str


def verify(progress: Callable[[int], None] | None = None) -> LedgerCheck:
    """Read the whole ledger, recompute its chain, and hold every column that decides to what was hashed.

    Then the same rows an indicator at a time: what a row says of before must be what the row before said,
    and an indicator must be what its last row says it is.
    """
    with snapshot():
        checked = chain_verify(progress)
        return checked if checked.fault else LedgerCheck(checked.rows, _indicators())


_COLUMNS = ("seq", "indicator_id", "live", "tlp", "kind", "circle", "organisation__uid")
_OF_LISTING = 3
_LATER = "it was written by a later program"
_BESIDES = ("organisation_id", "was_tlp", "reach", "payload", "hash")


def chain_verify(progress: Callable[[int], None] | None = None) -> LedgerCheck:
    """The ledger's rows alone: each follows from the one before, and the last is the one that was noted."""
    head = LedgerHead.objects.filter(pk=1).first() or LedgerHead(seq=0, hash=ORIGIN)
    noted, seen, previous, count = head_read(_head_path()), None, ORIGIN, 0
    rows = LedgerRow.objects.order_by("seq").values_list(*_COLUMNS, *_BESIDES)
    listings = ListingRow.objects.order_by("seq").values_list("seq", "payload", "hash")
    parts: list[Iterable[tuple[Any, ...]]] = [rows.iterator(chunk_size=CHUNK), listings]
    for row in heapq.merge(*parts, key=itemgetter(0)):
        count += 1
        if progress is not None and count % CHUNK == 0:
            progress(count)
        if fault := _chain_fault(count, previous, row) or _columns_fault(row):
            return LedgerCheck(count, fault)
        previous = bytes(row[-1])
        if noted is not None and noted.seq == count:
            seen = previous.hex()
    if LedgerHead.objects.count() > 1 or (head.seq, bytes(head.hash)) != (count, previous):
        return LedgerCheck(count, f"the head does not stand at row {count}")
    if why := chain_fault("ledger", count, previous):
        return LedgerCheck(count, f"row {count}: {why}")
    why = head_fault(noted, last=count, seen=seen)
    return LedgerCheck(count, why and f"row {noted.seq if noted else 0}: {why}")


def _chain_fault(count: int, previous: bytes, row: tuple[Any, ...]) -> str:
    seq, *_, payload, digest = row
    if seq != count:
        return f"row {count} is missing"
    if bytes(digest) != hashlib.sha256(previous + payload.encode()).digest():
        return f"row {seq}: its hash does not follow from the row before"
    return ""


def _columns_fault(row: tuple[Any, ...]) -> str:
    if len(row) == _OF_LISTING:
        return _listing_fault(*row)
    seq, *facts, organisation_id, was_tlp, reach, payload, _ = row
    said = payload_read(payload)
    if said.version > VERSION:
        return f"row {seq}: {_LATER}"
    hashed = (said.indicator, said.live, said.tlp, said.kind, said.circle, said.organisation)
    points_nowhere = organisation_id is not None and said.organisation is None
    if points_nowhere or (seq, *facts) != (said.seq, *hashed):
        return f"row {seq}: its columns differ from what was hashed"
    if reach != reach_of(said.tlp, was_tlp, live=said.live):
        return f"row {seq}: who may see it does not follow from its level"
    return ""


def _listing_fault(seq: int, payload: str, _: bytes) -> str:
    said = listing.payload_read(payload)
    if said.version > listing.VERSION:
        return f"row {seq}: {_LATER}"
    return "" if said.seq == seq else f"row {seq}: its columns differ from what was hashed"


@dataclasses.dataclass(frozen=True, slots=True)
class _Story:
    """What the rows of one indicator come to: the last one's payload, and whether it is live."""

    uid: UUID
    first: int
    seq: int
    payload: str
    is_live: bool
    fault: str


def _stories() -> Iterator[_Story]:
    columns = ("indicator_id", "seq", "live", "tlp", "was_tlp", "circle", "payload")
    rows = LedgerRow.objects.order_by("indicator_id", "seq").values_list(*columns)
    for uid, story in groupby(rows.iterator(chunk_size=CHUNK), itemgetter(0)):
        before, whose, fault, first = "", None, "", 0
        for _, seq, live, tlp, was_tlp, circle, payload in story:
            if was_tlp != before or (before and circle != whose):
                fault = f"row {seq}: what it says of before is not what the row before said"
            first = first or seq
            before, whose, last = (tlp if live else ""), circle, (seq, payload, live)
        yield _Story(uid, first, *last, fault)


_SAID = ("value", "kind", "category", "tlp", "confidence", "valid_from", "valid_until")
# What an import writes into every row, beside what the ledger says.
_PLAIN = {"evidence": "", "case_uid": None, "warnings": []}
_ENDED = {"expired": Status.EXPIRED}
_RANGE = ("list_import__first_seq", "list_import__last_seq")
_OF_IMPORTS = ("list_import__source", "list_import__by_label", "proposed_label", *_RANGE, *_PLAIN)


def _indicators() -> str:
    """What is wrong between the indicators and their last rows; empty when nothing is.

    Both are read in the order of their identifiers, side by side: a million take no memory.
    """
    stories = _stories()
    story = next(stories, None)
    columns = ("uid", "status", "seq", "proof", "organisation__uid", *_SAID, *_OF_IMPORTS)
    for found in Indicator.objects.order_by("uid").values(*columns).iterator(chunk_size=CHUNK):
        while story is not None and story.uid < found["uid"]:
            return f"row {story.seq} is about an indicator that is not there"
        own = story if story is not None and story.uid == found["uid"] else None
        if own is not None:
            story = next(stories, None)
        if why := _apart(found, own):
            return why
    return f"row {story.seq} is about an indicator that is not there" if story else ""


def _apart(found: dict[str, Any], story: _Story | None) -> str:
    if story is not None and story.fault:
        return story.fault
    if bool(story and story.is_live) != (found["status"] == Status.PUBLISHED):
        return f"indicator {found['uid']}: the ledger does not say that it is {found['status']}"
    if (story.seq if story else None) != found["seq"]:
        return f"indicator {found['uid']} does not know its last row"
    return _unlike(found, story) if story else ""


def _unlike(found: dict[str, Any], story: _Story) -> str:
    said = payload_read(story.payload)
    is_imported = found["proof"] is None
    same = all(getattr(said, name) == found[name] for name in _SAID)
    same = same and said.organisation == found["organisation__uid"]
    if (story.is_live or is_imported) and not same:
        return f"indicator {story.uid} is not what row {story.seq} says it is"
    if is_imported and not _is_as_imported(found, said, story.first):
        return f"indicator {story.uid} is not as it was imported"
    return ""


def _is_as_imported(found: dict[str, Any], said: Payload, first: int) -> bool:
    """Of a row without a proof: that it says nothing which neither the ledger nor its import says."""
    begin, end = (found[name] or 0 for name in _RANGE)
    return (
        begin <= first <= end
        and found["status"] in {Status.PUBLISHED, _ENDED.get(said.reason, Status.WITHDRAWN)}
        and found["list_import__source"] == said.source
        and found["list_import__by_label"] == found["proposed_label"]
        and all(found[name] == value for name, value in _PLAIN.items())
    )


def _head_path() -> Path:
    return Path(settings.LACHAN_HOME) / "ledger-head.json"


def head() -> Head | None:
    """The last row's number and hash; None for an empty ledger."""
    found = LedgerHead.objects.filter(pk=1).first()
    return Head(found.seq, bytes(found.hash).hex()) if found and found.seq else None


def hash_at(seq: int) -> str | None:
    """A row's hash, hexadecimal; None where there is no such row."""
    for rows in (LedgerRow.objects, ListingRow.objects):
        if (found := rows.filter(pk=seq).values_list("hash", flat=True).first()) is not None:
            return bytes(found).hex()
    return None


def head_note() -> None:
    """Note the last row outside the database, unless the ledger lost the row that was noted before."""
    last = head()
    if last is not None and not head_keep(_head_path(), last, hash_at):
        log.error("the ledger no longer holds the row that was noted: see `lachan doctor`")
