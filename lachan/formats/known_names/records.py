"""Names that the product knows by itself, and what it knows of them."""

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

Text = Mapping[str, str]
"""By language: vi, en, fr."""
Care = Literal["help", "care"]
SERVICE, WAY_ROUND, NEVER = "service:", "way-round:", "never:"
"""What the categories of `overlay.overlay_verdicts` begin with; a code follows, or a `Care`."""


class ServiceKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a service is for. Rules name a kind as they name a service: no code is both."""

    code: str
    name: Text


class Service(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that people call by one name: a game, a video site, a chat.

    Attributes:
        code: stable; the name of its file.
        kind: a code of `service_kind_list`.
        name, said: what people call it, and one sentence on it.
        tile: one or two letters that stand for it in place of a picture.
        domains: names that are its own, each with all below. What others use too (content networks, a log-in) is
            not among them, even where the service loads files from it.
        within: services whose names stand above one of these: blocking those blocks this one too.
        checked: when somebody last looked at the names.
        source: where they are from.
    """

    code: str
    kind: str
    name: Text
    said: Text
    tile: str
    domains: tuple[str, ...]
    within: tuple[str, ...] = ()
    checked: date
    source: str


class SafeSearch(msgspec.Struct, frozen=True, kw_only=True):
    """A search engine's or video site's restricted mode, by DNS.

    Attributes:
        engine: stable code; one with several modes stands several times.
        mode: empty where there is but one.
        names: exactly these, none below them; asked for an address, each is answered as an alias of `target`.
        target: the name whose servers answer in that mode.
        is_usual: whether this is the mode that is meant where none is named.
        source: the engine's own word for it.
    """

    engine: str
    mode: str
    names: tuple[str, ...]
    target: str
    is_usual: bool
    checked: date
    source: str


class WayKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of way round the rules.

    Attributes:
        name: in a word or two, for a parent.
        said: a sentence for the child: what is closed, and why, without blame.
        closes: whether it is closed where a rule set closes ways round (for which ages is said in
            `profiles/data/age_bands.json`), or only ever shown, for too much else goes by it.
    """

    code: str
    name: Text
    said: Text
    closes: bool


class WayRound(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One name, with all below, by which the rules could be passed by."""

    kind: str
    name: str


class NeverBlocked(msgspec.Struct, frozen=True, kw_only=True):
    """One name, with all below, that no list may block.

    Attributes:
        care: `help` is never blocked by anything, never counted, never shown to a parent; `care` is never blocked by
            a category or a list, and not counted by default.
        kind: what it is, the name of its file.
        why: a phrase on why it stands there.
    """

    name: str
    care: Care
    kind: str
    why: str


class Reviewed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A never-blocked name of which a second person said that a list may block it all the same.

    Attributes:
        name: as in the corpus.
        who: initials of both persons, or the roles that they hold.
        why: the reason that they gave.
        on: the day.
    """

    name: str
    who: tuple[str, str]
    why: str
    on: date


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What a name is, by its longest known suffix.

    Attributes:
        name: that suffix.
        categories: as the overlay has them; a service's own code comes before that of its kind.
    """

    name: str
    categories: tuple[str, ...]
