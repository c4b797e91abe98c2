"""Which categories the open lists leave out, at every number of the ledger; members' lists leave out none.

A DNS answer protects from an address without naming it; an open list of such addresses would be their
directory. What is left out follows from the ledger alone: asked of the classification as it stands today, a
new version of it would rewrite every past list, and whoever follows by `since` would never hear.
"""

import dataclasses
import hashlib
from collections.abc import Iterator
from datetime import datetime

import msgspec
from django.db import transaction

from lachan.formats.classification.categories import classification
from lachan.formats.sharing import Level, Viewer
from lachan.kernel.clock import now

from . import ledger
from .models import ListingRow
from .records import Effect, LedgerEntry


@dataclasses.dataclass(frozen=True, slots=True)
class Listing:
    """What open lists leave out.

    Attributes:
        seq: from this number of the ledger on.
        version: of the classification that says so.
        unlisted: the codes of the categories.
        at: since when.
    """

    seq: int
    version: int
    unlisted: frozenset[str]
    at: datetime | None = None


class ListingPayload(msgspec.Struct, frozen=True):
    """A row's content as it is hashed; fields in the canonical order (by name).

    Attributes:
        classification: the version of it that says so.
        version: of the form, as in the ledger's other rows.
    """

    at: datetime
    classification: int
    seq: int
    unlisted: list[str]
    version: int


# Before the first row that says it: never to be changed, or lists of that time are others.
BEGINNING = Listing(
    seq=0,
    version=1,
    unlisted=frozenset(
        {"conduct.sexual", "content.abuse", "contract.sextortion", "contract.trafficking"}
    ),
)
VERSION = 1
_MEMBERS = Listing(seq=0, version=0, unlisted=frozenset())
_encode = msgspec.json.Encoder(order="sorted").encode
payload_read = msgspec.json.Decoder(ListingPayload).decode


def listing_record() -> int | None:
    """Write into the ledger what the classification leaves out, where a later version of it than the last that
    said so says something else; the row's number.

    An older program that still runs beside leaves what the newer one said. A category that is gone from the
    classification stays as it was.
    """
    said = classification()
    if said.version <= _last().version:
        return None
    with transaction.atomic():
        head = ledger.head_lock()
        last = _last()
        unlisted = said.unlisted | (last.unlisted - said.codes)
        if said.version <= last.version or unlisted == last.unlisted:
            return None
        facts = ListingPayload(now(), said.version, head.seq + 1, sorted(unlisted), VERSION)
        payload = _encode(facts)
        digest = hashlib.sha256(bytes(head.hash) + payload).digest()
        ListingRow.objects.create(seq=facts.seq, payload=payload.decode(), hash=digest)
        ledger.head_move(head, facts.seq, digest)
        return facts.seq


def listing_seq(audience: Viewer, *, at: int | None = None) -> tuple[int, Listing]:
    """The last number up to `at` that concerns an audience's list, and what that list leaves out there."""
    rows = ledger.audience_rows(audience)
    if audience.level >= Level.MEMBERS:
        return max(ledger.last_seqs(rows, at=at)), _MEMBERS
    *others, last = ledger.last_seqs([*rows, ListingRow.objects.all()], at=at)
    return max(*others, last), _last(at=last) if last else BEGINNING


def listed(
    sequence: int, audience: Viewer, listing: Listing, *, kinds: frozenset[str]
) -> Iterator[LedgerEntry]:
    """An audience's whole list as it stood at a number."""
    entries = ledger.projection(sequence, audience, kinds=kinds)
    return (each for each in entries if each.category not in listing.unlisted)


def listed_changes(
    after: int, audience: Viewer, listing: Listing, *, until: int
) -> Iterator[LedgerEntry]:
    """What happened to an audience's list after a number, in order, until one at which `listing` holds.

    Where the listing changes, what it takes from the list is a removal, and what it gives an addition: as it
    stands in the whole list, under the number of its publication.
    """
    if listing.seq <= after:
        yield from _changes(after, audience, listing, until=until)
        return
    present = _last(at=after)
    rows = ListingRow.objects.filter(seq__gt=after, seq__lte=until).order_by("seq")
    for coming in map(_listing, rows):
        yield from _changes(after, audience, present, until=coming.seq)
        yield from _turned(audience, present, coming)
        after, present = coming.seq, coming
    yield from _changes(after, audience, present, until=until)


def _changes(
    after: int, audience: Viewer, listing: Listing, *, until: int
) -> Iterator[LedgerEntry]:
    changes = ledger.changes_after(after, audience, until=until)
    return (each for each in changes if each.category not in listing.unlisted)


def _turned(audience: Viewer, before: Listing, coming: Listing) -> Iterator[LedgerEntry]:
    """What one change of the listing does to a list."""
    for each in ledger.projection(coming.seq, audience):
        if (each.category in before.unlisted) == (each.category in coming.unlisted):
            continue
        if each.category in before.unlisted:
            yield each
        else:
            at, seq = coming.at or each.at, coming.seq
            yield dataclasses.replace(each, effect=Effect.REMOVE, seq=seq, at=at, valid_until=None)


def _last(*, at: int | None = None) -> Listing:
    rows = ListingRow.objects.all() if at is None else ListingRow.objects.filter(seq__lte=at)
    row = rows.order_by("-seq").first()
    return BEGINNING if row is None else _listing(row)


def _listing(row: ListingRow) -> Listing:
    said = payload_read(row.payload)
    return Listing(said.seq, said.classification, frozenset(said.unlisted), said.at)
