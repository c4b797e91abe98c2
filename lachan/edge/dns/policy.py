"""What a verdict means for a DNS answer. Pure; the compiled path holds the same rule as numbers."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from lachan.formats.classification.categories import category_lineage
from lachan.formats.snapshot.records import Profile, Verdict

AnswerMode = Literal["nxdomain", "null", "page"]
PASS, BLOCK, ALLOW, UNKNOWN = 0, 1, 2, 255
"""What a verdict does. The compiled path leaves every other number to the plain one."""
LEDGER = ""
"""The name of the layer that is no overlay (`layers`)."""

EDE_CODES = {"blocked": 15, "censored": 16, "filtered": 17}
"""RFC 8914, section 4.16 to 4.18: whose will it is. 15 the operator's own, 16 imposed on the operator,
17 wished by the one who asks. A house that sets up this edge blocks by its own choice: 15 is the default;
a provider under an order says 16, a family that ordered a filter 17."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """How names are blocked.

    Attributes:
        answer: what a blocked name gets.
        categories: codes that are blocked, each with those below it; empty means all.
        page_ipv4, page_ipv6: where the block page is, for `page`.
        ttl: seconds that a resolver may keep a blocked answer: short, for a withdrawn name is free at once.
        ede: RFC 8914 code.
        appeal: where to appeal, as a short text; part of EXTRA-TEXT.
        forward: names that would be answered here (see `local`), but are asked upstream.
        canaries: by which names browsers are asked not to carry their questions elsewhere.
        overlays: the overlays that it follows (`layers`).
    """

    answer: AnswerMode = "nxdomain"
    categories: frozenset[str] = frozenset()
    page_ipv4: tuple[str, ...] = ()
    page_ipv6: tuple[str, ...] = ()
    ttl: int = 10
    ede: int = EDE_CODES["blocked"]
    appeal: str = ""
    forward: frozenset[str] = frozenset()
    canaries: frozenset[str] = frozenset()
    overlays: frozenset[str] = frozenset()

    def follows(self, layer: str) -> bool:
        return layer == LEDGER or layer in self.overlays

    def effect(self, profile: Profile | Verdict, layer: str = LEDGER) -> int:
        """PASS, BLOCK or ALLOW. A warning is for places that can show one: DNS cannot.

        Which categories are blocked is asked of the ledger's entries alone: an overlay's are there because somebody
        who follows it wants just that.
        """
        if not self.follows(layer):
            return PASS
        if profile.action == "allow":
            return ALLOW
        if profile.action != "block":
            return PASS
        wanted = (
            layer != LEDGER
            or not self.categories
            or any(
                not self.categories.isdisjoint(category_lineage(word))
                for word in profile.categories
            )
        )
        return BLOCK if wanted else PASS

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
