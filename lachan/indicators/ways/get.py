"""The way of files: a list is got whole, as it stood, or as what changed since; a validator saves the rest."""

import hashlib
from collections.abc import Iterable, Iterator

from lachan.formats.sharing import Viewer
from lachan.indicators import listing
from lachan.indicators.channel import Channel, ListRequest, ListResponse, Notes, Way
from lachan.indicators.listing import Listing
from lachan.indicators.moments import number_at, with_firsts
from lachan.indicators.records import LedgerEntry, SequenceAhead
from lachan.kernel.clock import now


class Get(Way):
    """HTTP's GET with ETag (RFC 9110, section 13), or whatever else asks for a file."""

    def serve(self, channel: Channel, audience: Viewer, wanted: ListRequest) -> ListResponse:
        newest, listed = listing.listing_seq(audience)
        sequence = newest
        # Held against the audience's own last number: the whole ledger's would tell when others are served.
        if max(wanted.since or 0, wanted.at or 0) > newest:
            raise SequenceAhead("the ledger does not reach that sequence yet")
        if (at := _at(wanted)) is not None:
            sequence, listed = listing.listing_seq(audience, at=at)
        validator = _validator(channel, audience, sequence, listed, wanted)
        pieces = _pieces(channel, audience, sequence, listed, wanted)
        return ListResponse(channel, audience, sequence, validator, pieces)


def _at(wanted: ListRequest) -> int | None:
    if wanted.as_of is None:
        return wanted.at
    if wanted.as_of > now():
        raise SequenceAhead("that moment has not come yet")
    return number_at(wanted.as_of)


def _validator(
    channel: Channel, audience: Viewer, sequence: int, listed: Listing, wanted: ListRequest
) -> str:
    asked = (wanted.since, sorted(wanted.kinds), wanted.category, wanted.confidence)
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:8]
    left_out = f"c{listed.version}-" if listed.version else ""
    return f"{channel.name}{channel.version}-{audience.label}-{sequence}-{left_out}{digest}"


def _pieces(
    channel: Channel, audience: Viewer, sequence: int, listed: Listing, wanted: ListRequest
) -> Iterator[bytes]:
    entries: Iterable[LedgerEntry]
    if wanted.since is not None:
        entries = listing.listed_changes(wanted.since, audience, listed, until=sequence)
    else:
        entries = listing.listed(sequence, audience, listed, kinds=wanted.kinds)
    entries = filter(wanted.wants, entries)
    if channel.tells_firsts:
        entries = with_firsts(entries, audience)
    if wanted.since is not None:
        return channel.changes(entries)
    return channel.whole(entries, Notes(audience.label, sequence))
