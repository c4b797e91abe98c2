"""When: which number of the ledger stood at a moment, and since when an audience has had an indicator."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

import msgspec
from django.db.models import Min

from lachan.formats.sharing import Viewer

from .ledger import CHUNK, is_for
from .models import LedgerHead, LedgerRow, ListingRow
from .records import LedgerEntry

# One question looks at one row fewer.
_BASE = 64


class _Dated(msgspec.Struct):
    """What every row's content has, whatever it is about."""

    at: datetime


_read = msgspec.json.Decoder(_Dated).decode


def number_at(moment: datetime) -> int:
    """The last number that the ledger had given by a moment; 0 before the first.

    The numbers are tried digit by digit, at places that do not move as the ledger grows, so that what is past
    keeps its number. An index on the time would cost every row that is ever written. Where the instance's
    clock was once set back, a moment can lie at several places: the number is then of one row that is no later
    than the moment, and whose next one is.
    """
    last = LedgerHead.objects.filter(pk=1).values_list("seq", flat=True).first() or 0
    listings = dict(ListingRow.objects.values_list("seq", "payload"))
    number, step = 0, 1
    while step * _BASE <= last:
        step *= _BASE
    while step:
        places = range(number + step, number + step * _BASE, step)
        rows = LedgerRow.objects.filter(seq__in=places)
        payloads = listings | dict(rows.values_list("seq", "payload"))
        for place in places:
            if place not in payloads or _read(payloads[place]).at > moment:
                break
            number = place
        step //= _BASE
    return number


def first_published(uids: Collection[UUID], audience: Viewer) -> dict[UUID, datetime]:
    """Since when an audience knows each of these indicators, whatever became of it since; those alone that it
    ever saw.
    """
    seen = LedgerRow.objects.filter(is_for(audience), indicator__in=uids, live=True).order_by()
    firsts = seen.values("indicator").annotate(first=Min("seq")).values("first")
    rows = LedgerRow.objects.filter(seq__in=firsts).values_list("indicator_id", "payload")
    return {uid: _read(payload).at for uid, payload in rows}


def with_firsts(entries: Iterable[LedgerEntry], audience: Viewer) -> Iterator[LedgerEntry]:
    """An audience's entries, each with when it was first published to that audience."""
    entries = iter(entries)
    while chunk := list(islice(entries, CHUNK)):
        firsts = first_published({each.uid for each in chunk}, audience)
        for each in chunk:
            yield dataclasses.replace(each, first_published=firsts.get(each.uid))
