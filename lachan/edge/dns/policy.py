"""What a verdict means for a DNS answer. Pure; the compiled path holds the same rule as numbers."""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal

import msgspec

from lachan.formats.classification.categories import category_lineage
from lachan.formats.profiles.door import FAMILY
from lachan.formats.profiles.records import RuleSet, Why
from lachan.formats.snapshot.records import Profile, Verdict

AnswerMode = Literal["nxdomain", "null", "page"]
PASS, BLOCK, ALLOW, HELP, UNKNOWN = 0, 1, 2, 3, 255
"""What a verdict does; HELP allows, and nobody's rule takes that back. The compiled path leaves every other number to the
plain one."""
LEDGER, KNOWN = "", "known"
"""The name of the layer that is no overlay, and of the one of the names that the product knows by itself (`layers`)."""
SERVICE, WAY_ROUND, NEVER_HELP, SAFE_SEARCH = "service:", "way-round:", "never:help", "safe-search:"
"""What its categories begin with, or are."""

EDE_CODES = {"blocked": 15, "censored": 16, "filtered": 17}
"""RFC 8914, section 4.16 to 4.18: whose will it is. 15 the operator's own, 16 imposed on the operator,
17 wished by the one who asks. A house that sets up this edge blocks by its own choice: 15 is the default;
a provider under an order says 16, a family that ordered a filter 17."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How names are blocked.

    Attributes:
        answer: what a blocked name gets.
        categories: codes that are blocked, each with those below it; None means all.
        page_ipv4, page_ipv6: where the block page is, for `page`.
        ttl: seconds that a resolver may keep a blocked answer: short, for a withdrawn name is free at once.
        ede: RFC 8914 code.
        appeal: where to appeal, as a short text; part of EXTRA-TEXT.
        forward: names that would be answered here (see `local`), but are asked upstream.
        canaries: by which names browsers are asked not to carry their questions elsewhere.
        overlays: the overlays that it follows (`layers`).
        everything, services, open_services, ways_round, safe_search, why: what a family's rule set says (`profiles.records.RuleSet`).
    """

    answer: AnswerMode = "nxdomain"
    categories: frozenset[str] | None = None
    page_ipv4: tuple[str, ...] = ()
    page_ipv6: tuple[str, ...] = ()
    ttl: int = 10
    ede: int = EDE_CODES["blocked"]
    appeal: str = ""
    forward: frozenset[str] = frozenset()
    canaries: frozenset[str] = frozenset()
    overlays: frozenset[str] = frozenset()
    everything: bool = False
    services: frozenset[str] = frozenset()
    open_services: frozenset[str] = frozenset()
    ways_round: bool = False
    safe_search: bool = False
    why: Why = "rules"

    def follows(self, layer: str) -> bool:
        return layer in {LEDGER, KNOWN} or layer in self.overlays

    def effect(self, profile: Profile | Verdict, layer: str = LEDGER) -> int:
        """PASS, BLOCK or ALLOW. A warning is for places that can show one: DNS cannot.

        Which categories are blocked is asked of the ledger's entries alone: an overlay's are there because somebody
        who follows it wants just that.
        """
        if layer == KNOWN:
            return self._known(profile)
        if not self.follows(layer):
            return PASS
        if profile.action == "allow":
            return ALLOW
        if profile.action != "block":
            return PASS
        wanted = (
            layer != LEDGER
            or self.categories is None
            or any(
                not self.categories.isdisjoint(category_lineage(word))
                for word in profile.categories
            )
        )
        return BLOCK if wanted else PASS

    def _known(self, profile: Profile | Verdict) -> int:
        """Of a name that the product knows by itself: help and care for everybody, the rest as the rules have it."""
        if profile.action == "allow":
            return HELP if NEVER_HELP in profile.categories else ALLOW
        closed = profile.action == "block" and any(
            word.removeprefix(SERVICE) in self.services
            if word.startswith(SERVICE)
            else self.ways_round and word.startswith(WAY_ROUND)
            for word in profile.categories
        )
        return BLOCK if closed else PASS

    def decide(
        self, covering: Iterable[Verdict], layer: str = LEDGER
    ) -> tuple[int, Verdict | None]:
        """What holds of a name, of one layer's verdicts that cover it, parents first: the most specific one that
        blocks or allows has the say. PASS and None where none has.
        """
        decided: tuple[int, Verdict | None] = PASS, None
        for verdict in covering:
            effect = self.effect(verdict, layer)
            if effect != PASS:
                decided = effect, verdict
        return decided

    def extra_text(self, categories: tuple[str, ...]) -> str:
        """EXTRA-TEXT: the leading category and the way to appeal, short enough for any packet."""
        leading = categories[0] if categories else "blocked"
        text = f"{leading}; appeal: {self.appeal}" if self.appeal else leading
        return text.encode("utf-8")[:150].decode("utf-8", "ignore")

    def reason_text(self, verdict: Verdict) -> str:
        """EXTRA-TEXT of a block: which rule, and until when it holds where that is a family's; nothing of anybody."""
        if verdict.source != FAMILY:
            return self.extra_text(verdict.categories)
        return family_text(verdict.categories, verdict.valid_until)

    def opens(self, covering: Iterable[Verdict]) -> bool:
        """Whether what the product knows of a name is of a service that is open while everything else is not."""
        return bool(self.open_services) and any(
            word.startswith(SERVICE) and word.removeprefix(SERVICE) in self.open_services
            for verdict in covering
            for word in verdict.categories
        )

    @property
    def is_pause(self) -> bool:
        """Whether everything is paused, the household's own allowed names with it."""
        return self.everything and self.why == "pause"


def family_text(words: tuple[str, ...], until: int | None) -> str:
    """EXTRA-TEXT of what a family's own rule blocks: which one, and until when, by UTC."""
    said = ", ".join(words)
    if until:
        moment = dt.datetime.fromtimestamp(until, dt.UTC)
        said += f"; until {moment:%Y-%m-%dT%H:%MZ}"
    return said.encode("utf-8")[:150].decode("utf-8", "ignore")


@lru_cache(maxsize=4096)
def policy_of(base: Policy, rules: RuleSet) -> Policy:
    """The policy of a rule set, at an edge that answers by `base`: how is the edge's, what is the family's."""
    return msgspec.structs.replace(
        base,
        categories=rules.categories,
        everything=rules.everything,
        services=rules.services,
        open_services=rules.open_services,
        ways_round=rules.ways_round,
        safe_search=rules.safe_search,
        why=rules.why,
        ede=EDE_CODES["filtered"],
    )
