"""The ledger without an audience: for parts of the system that keep all of it and apply audiences themselves."""

from collections.abc import Iterable, Iterator

from .ledger import CHUNK, entry, reach_at, standing_rows
from .models import LedgerRow
from .records import Effect, UnfilteredEntry

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
    rows = standing_rows(sequence, kinds=kinds).values_list(*_COLUMNS)
    return (_unfiltered(*row) for row in rows.iterator(chunk_size=CHUNK))


def hash_at(sequence: int) -> str:
    found = LedgerRow.objects.filter(pk=sequence).values_list("hash", flat=True).first()
    return bytes(found).hex() if found else ""
