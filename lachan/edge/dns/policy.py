"""What a verdict means for a DNS answer. Pure; the compiled path holds the same rule as numbers."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from lachan.formats.classification.categories import category_lineage
from lachan.formats.snapshot.records import Profile, Verdict

AnswerMode = Literal["nxdomain", "null", "page"]
PASS, BLOCK, ALLOW, UNKNOWN = 0, 1, 2, 255

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

    def effect(self, profile: Profile | Verdict) -> int:
        """PASS, BLOCK or ALLOW. A warning is for places that can show one: DNS cannot."""
        if profile.action == "allow":
            return ALLOW
        if profile.action != "block":
            return PASS
        wanted = not self.categories or any(
            not self.categories.isdisjoint(category_lineage(word)) for word in profile.categories
        )
        return BLOCK if wanted else PASS

    def decide(self, covering: Iterable[Verdict]) -> Verdict | None:
        """The verdict by which a name is blocked, of those that cover it, parents first.

        The most specific one that blocks or allows has the say.
        """
        blocking = None
        for verdict in covering:
            effect = self.effect(verdict)
            if effect == BLOCK:
                blocking = verdict
            elif effect == ALLOW:
                blocking = None
        return blocking

    def extra_text(self, categories: tuple[str, ...]) -> str:
        """EXTRA-TEXT: the leading category and the way to appeal, short enough for any packet."""
        leading = categories[0] if categories else "blocked"
        text = f"{leading}; appeal: {self.appeal}" if self.appeal else leading
        return text.encode("utf-8")[:150].decode("utf-8", "ignore")
