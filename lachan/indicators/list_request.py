"""Requests for a list and what to answer, without HTTP's own words: who may ask, which channel, what audience."""

from lachan.formats.sharing import Viewer
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind

from . import listing
from .channel import ListRequest, ListResponse, channels
from .policy import Action
from .queries import audience_of
from .records import PUBLIC_AUDIENCE, NoSuchChannel


def audience_for(by: Actor) -> Viewer:
    """Who `by` is to the lists: without a key that may read them, the public."""
    if by.organisation_id is None:
        return PUBLIC_AUDIENCE
    if by.kind is ActorKind.API_KEY and Action.LIST_READ.value not in by.scopes:
        return PUBLIC_AUDIENCE
    return audience_of(by.organisation_id, by.organisation_type)


def list_serve(*, by: Actor, name: str, wanted: ListRequest) -> ListResponse:
    """Prepare a list; nothing is read from the ledger's rows before the first piece is taken.

    Raises:
        NoSuchChannel, SequenceAhead, UnknownCategory, InvalidInput, Refused.
    """
    policy_check(by, Action.LIST_READ)
    if (channel := channels().get(name)) is None:
        raise NoSuchChannel(f"there is no such list; there are: {', '.join(channels())}")
    wanted = channel.settings.checked(wanted, carried=channel.kinds)
    return channel.way.serve(channel, audience_for(by), wanted)


def list_sequence(audience: Viewer) -> int:
    """The last number of the ledger that concerns an audience's lists."""
    return listing.listing_seq(audience)[0]
