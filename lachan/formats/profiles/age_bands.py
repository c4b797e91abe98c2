"""What a child of an age begins with, each default with its reason: data/age_bands.json."""

from collections.abc import Mapping
from functools import cache
from typing import Literal

import msgspec

from lachan.formats.profiles.rules import Budget, Rules
from lachan.kernel.dated import data_read
from lachan.kernel.errors import NotFound

Text = Mapping[str, str]
Band = Literal["under-9", "9-11", "12-15", "16-17"]
DefaultKind = Literal["categories", "services", "safe-search", "ways-round", "bedtime", "budget"]


class UnknownBand(NotFound):
    """There is no age band of that code."""

    code = "unknown-band"


class Default(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is set, or left, for an age.

    Attributes:
        kind: what of the rules it is about.
        rules: what it sets; nothing where it is left to the family.
        reason: one that a parent can read, by language.
        source: where the reason is from, if it is no judgement of ours.
    """

    kind: DefaultKind
    rules: Rules = Rules()
    reason: Text
    source: str = ""


class AgeBand(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Children of an age.

    Attributes:
        code: stable.
        first, last: years of age.
        name: by language.
        defaults: in the order in which a page shows them.
    """

    code: Band
    first: int
    last: int
    name: Text
    defaults: tuple[Default, ...]

    def rules(self, budget: Budget | None = None) -> Rules:
        """All defaults together, and a day's time for games, which is the country's to say (`budgets`)."""
        sets = [default.rules for default in self.defaults]
        return Rules(
            categories=frozenset[str]().union(*(one.categories for one in sets)),
            services=frozenset[str]().union(*(one.services for one in sets)),
            safe_search=any(one.safe_search for one in sets),
            ways_round="closed" if any(one.ways_round == "closed" for one in sets) else "shown",
            slots=tuple(slot for one in sets for slot in one.slots),
            budget=budget,
        )


@cache
def age_bands() -> tuple[AgeBand, ...]:
    """From the youngest."""
    data = data_read("lachan.formats.profiles", "age_bands")
    return msgspec.convert(data["bands"], tuple[AgeBand, ...])


def age_band_get(code: str) -> AgeBand:
    """Find one.

    Raises:
        UnknownBand: there is none of that code.
    """
    for band in age_bands():
        if band.code == code:
            return band
    raise UnknownBand(f"the age bands are {', '.join(band.code for band in age_bands())}")
