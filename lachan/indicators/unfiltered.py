"""The ledger without an audience: for parts of the system that keep all of it and apply audiences themselves."""

from collections.abc import Iterable, Iterator

from django.db.models import Exists, OuterRef

from .ledger import entry, reach_at
from .models import LedgerRow
from .records import Effect, UnfilteredEntry

_CHUNK = 2000
_COLUMNS = ("live", "tlp", "organisation_id", "circle", "payload")


def _unfiltered(
    live: bool,  # noqa: FBT001  a row's columns
    tlp: str,
    owner: int | None,
    circle: int | None,
    payload: str,
) -> UnfilteredEntry:
    effect = Effect.ADD if live else Effect.REMOVE
    return UnfilteredEntry(entry(payload, effect), reach_at(tlp, owner, circle))


def unfiltered_after(after: int, *, limit: int) -> Iterator[UnfilteredEntry]:
    """The rows after a number, in order."""
    rows = LedgerRow.objects.filter(seq__gt=after).order_by("seq")
    return (_unfiltered(*row) for row in rows.values_list(*_COLUMNS)[:limit])


def unfiltered_standing(sequence: int, *, kinds: Iterable[str] = ()) -> Iterator[UnfilteredEntry]:
    """The row of each indicator that stands at a number, oldest publication first."""
    later = LedgerRow.objects.filter(
        indicator=OuterRef("indicator"), seq__gt=OuterRef("seq"), seq__lte=sequence
    )
    rows = LedgerRow.objects.filter(seq__lte=sequence, live=True)
    if kinds := list(kinds):
        rows = rows.filter(kind__in=kinds)
    rows = rows.filter(~Exists(later)).order_by("seq")
    return (_unfiltered(*row) for row in rows.values_list(*_COLUMNS).iterator(chunk_size=_CHUNK))


def hash_at(sequence: int) -> str:
    found = LedgerRow.objects.filter(pk=sequence).values_list("hash", flat=True).first()
    return bytes(found).hex() if found else ""
