"""What one organisation keeps to itself, beneath what all share.

A list holds a value once: while the organisation sees a shared entry of it, its own is covered: it stands, and
nothing of it is on the ledger. When the shared one leaves its sight, its own comes back to its list. So nobody ends
another's entry by publishing the value and taking it back, and nobody learns from his own what he may not
see.
"""

from collections.abc import Iterable

from lachan.kernel.clock import now
from lachan.members.selectors import organisation_type

from .ledger import ledger_append
from .models import Indicator, LedgerHead
from .projecting import change_of
from .reading import COMMUNITY_TYPES, SHARED
from .records import Status, Tlp


def _sees(organisation_id: int | None, tlp: str) -> bool:
    if organisation_id is None or tlp not in SHARED:
        return False
    return tlp != Tlp.AMBER or organisation_type(organisation_id) not in COMMUNITY_TYPES


def own_cover(head: LedgerHead, kind: str, values: Iterable[str], tlp: str) -> None:
    """Cover the own entries of those who are about to see a shared one; before it is on the ledger, so that
    no list ever holds a value twice.
    """
    own = Indicator.objects.filter(kind=kind, value__in=values, status=Status.PUBLISHED)
    for indicator in own.exclude(tlp__in=SHARED).order_by("pk"):
        if _sees(indicator.organisation_id, tlp):
            change = change_of(indicator, live=False, was_tlp=indicator.tlp, reason="shared")
            indicator.seq = ledger_append(head, [change])[1]
            indicator.status = Status.COVERED
            indicator.save(update_fields=["status", "seq"])


def own_uncover(head: LedgerHead, values: Iterable[str]) -> None:
    """Put own entries back of which no shared one is seen any more; after it has left the ledger."""
    covered = Indicator.objects.filter(value__in=values, status=Status.COVERED)
    for indicator in covered.select_for_update().order_by("pk"):
        shared = Indicator.objects.filter(
            kind=indicator.kind,
            value=indicator.value,
            status=Status.PUBLISHED,
            tlp__in=SHARED,
        )
        if any(
            _sees(indicator.organisation_id, tlp) for tlp in shared.values_list("tlp", flat=True)
        ):
            continue
        if indicator.valid_until is not None and indicator.valid_until <= now():
            continue  # `indicator_expire_due` ends it
        change = change_of(indicator, live=True)
        indicator.seq = ledger_append(head, [change])[1]
        indicator.status = Status.PUBLISHED
        indicator.save(update_fields=["status", "seq"])
