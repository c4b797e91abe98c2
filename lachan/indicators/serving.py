"""Requests for lists and the responses, without HTTP's own words: audience, validator, pieces."""

import dataclasses
import hashlib
from collections.abc import Iterator

from lachan.formats.classification.categories import category_code
from lachan.formats.sharing import Viewer
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind

from . import listing
from .channel import Channel, Notes, channels
from .listing import Listing
from .policy import Action
from .reading import audience_of
from .records import (
    PUBLIC_AUDIENCE,
    LedgerEntry,
    NoSuchChannel,
    SequenceAhead,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for.

    Attributes:
        since: changes after this sequence instead of the whole list.
        at: as it stood at this sequence; now, where it is None.
        kinds: only these; the channel's usual ones where it is empty.
        category: only this one and the finer ones below it.
        confidence: only with at least this.
    """

    since: int | None = None
    at: int | None = None
    kinds: frozenset[str] = frozenset()
    category: str = ""
    confidence: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Served:
    """Attributes: sequence: where to go on with `since`; validator: changes when a byte would."""

    channel: Channel
    audience: Viewer
    sequence: int
    validator: str
    pieces: Iterator[bytes]


def audience_for(by: Actor) -> Viewer:
    """Who `by` is to the lists: without a key that may read them, the public."""
    if by.organisation_id is None:
        return PUBLIC_AUDIENCE
    if by.kind is ActorKind.API_KEY and Action.LIST_READ.value not in by.scopes:
        return PUBLIC_AUDIENCE
    return audience_of(by.organisation_id, by.organisation_type)


def list_serve(*, by: Actor, name: str, wish: Wish) -> Served:
    """Prepare a list; nothing is read from the ledger's rows before the first piece is taken.

    Raises:
        NoSuchChannel, SequenceAhead, UnknownCategory, InvalidInput, Refused.
    """
    policy_check(by, Action.LIST_READ)
    if (channel := channels().get(name)) is None:
        raise NoSuchChannel(f"there is no such list; there are: {', '.join(channels())}")
    audience = audience_for(by)
    wish = _checked(wish, channel)
    newest, listed = listing.listing_seq(audience)
    # Held against the audience's own last number: the whole ledger's would tell when others are served.
    if max(wish.since or 0, wish.at or 0) > newest:
        raise SequenceAhead("the ledger does not reach that sequence yet")
    sequence = newest
    if wish.at is not None:
        sequence, listed = listing.listing_seq(audience, at=wish.at)
    validator = _validator(channel, audience, sequence, listed, wish)
    pieces = _pieces(channel, audience, sequence, listed, wish)
    return Served(channel, audience, sequence, validator, pieces)


def list_sequence(audience: Viewer) -> int:
    """The last number of the ledger that concerns an audience's lists."""
    return listing.listing_seq(audience)[0]


def _checked(wish: Wish, channel: Channel) -> Wish:
    kinds = wish.kinds or channel.usual_kinds or channel.kinds
    if channel.kinds and not kinds <= channel.kinds:
        raise InvalidInput(f"this list carries only: {', '.join(sorted(channel.kinds))}")
    category = category_code(wish.category) if wish.category else ""
    return dataclasses.replace(wish, kinds=kinds, category=category)


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
    if wish.since is not None:
        changes = listing.listed_changes(wish.since, audience, listed, until=sequence)
        return channel.delta(e for e in changes if _wanted(e, wish))
    entries = listing.listed(sequence, audience, listed, kinds=wish.kinds)
    return channel.whole((e for e in entries if _wanted(e, wish)), Notes(audience.label, sequence))


def _wanted(entry: LedgerEntry, wish: Wish) -> bool:
    if wish.kinds and entry.kind not in wish.kinds:
        return False
    if entry.confidence < wish.confidence:
        return False
    return not wish.category or f"{entry.category}.".startswith(f"{wish.category}.")
