"""The way of files: a list is got whole, as it stood, or as what changed since; a validator saves the rest."""

import hashlib
from collections.abc import Iterable, Iterator

from lachan.formats.sharing import Viewer
from lachan.indicators import listing
from lachan.indicators.channel import Channel, Notes, Served, Way, Wish
from lachan.indicators.listing import Listing
from lachan.indicators.moments import number_at, with_firsts
from lachan.indicators.records import LedgerEntry, SequenceAhead
from lachan.kernel.clock import now


class Get(Way):
    """HTTP's GET with ETag (RFC 9110, section 13), or whatever else asks for a file."""

    def serve(self, channel: Channel, audience: Viewer, wish: Wish) -> Served:
        newest, listed = listing.listing_seq(audience)
        sequence = newest
        # Held against the audience's own last number: the whole ledger's would tell when others are served.
        if max(wish.since or 0, wish.at or 0) > newest:
            raise SequenceAhead("the ledger does not reach that sequence yet")
        if (at := _at(wish)) is not None:
            sequence, listed = listing.listing_seq(audience, at=at)
        validator = _validator(channel, audience, sequence, listed, wish)
        pieces = _pieces(channel, audience, sequence, listed, wish)
        return Served(channel, audience, sequence, validator, pieces)


def _at(wish: Wish) -> int | None:
    if wish.as_of is None:
        return wish.at
    if wish.as_of > now():
        raise SequenceAhead("that moment has not come yet")
    return number_at(wish.as_of)


def _validator(
    channel: Channel, audience: Viewer, sequence: int, listed: Listing, wish: Wish
) -> str:
    asked = (wish.since, sorted(wish.kinds), wish.category, wish.confidence)
    digest = hashlib.sha256(repr(asked).encode()).hexdigest()[:8]
    left_out = f"c{listed.version}-" if listed.version else ""
    return f"{channel.name}{channel.version}-{audience.label}-{sequence}-{left_out}{digest}"


def _pieces(
    channel: Channel, audience: Viewer, sequence: int, listed: Listing, wish: Wish
) -> Iterator[bytes]:
    entries: Iterable[LedgerEntry]
    if wish.since is not None:
        entries = listing.listed_changes(wish.since, audience, listed, until=sequence)
    else:
        entries = listing.listed(sequence, audience, listed, kinds=wish.kinds)
    entries = filter(wish.wants, entries)
    if channel.tells_firsts:
        entries = with_firsts(entries, audience)
    if wish.since is not None:
        return channel.changes(entries)
    return channel.whole(entries, Notes(audience.label, sequence))
