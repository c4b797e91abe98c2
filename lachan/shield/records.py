import dataclasses


@dataclasses.dataclass(frozen=True, kw_only=True)
class CheckAnswer:
    """What is known of a value that somebody asked about.

    Attributes:
        kind, value: what was asked, in canonical form.
        known: whether anything published covers it.
        action: block, warn or allow; "none" when nothing is known.
        matched_kind, matched_value: the published entry that covers it (a parent, perhaps).
        categories: internal category codes, the leading one first.
        reason: one sentence for people.
        source: who says so.
        indicator: outward identifier of the indicator, for a dispute.
        published: ledger sequence of the decision.
        sequence: ledger sequence that this answer includes.
    """

    kind: str
    value: str
    known: bool
    action: str
    sequence: int
    matched_kind: str = ""
    matched_value: str = ""
    categories: tuple[str, ...] = ()
    reason: str = ""
    source: str = ""
    indicator: str = ""
    published: int = 0
