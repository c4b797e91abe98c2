"""From an indicator to what its ledger row says."""

from .ledger import Change
from .models import Indicator


def change_of(indicator: Indicator, *, live: bool, was_tlp: str = "", reason: str = "") -> Change:
    """The ledger's words for an indicator as it stands in memory."""
    organisation = indicator.organisation
    source = organisation.name if organisation else ""
    if indicator.list_import_id:
        source = indicator.list_import.source
    return Change(
        uid=indicator.uid,
        kind=indicator.kind,
        value=indicator.value,
        category=indicator.category,
        confidence=indicator.confidence,
        tlp=indicator.tlp,
        live=live,
        was_tlp=was_tlp,
        reason=reason,
        valid_from=indicator.valid_from,
        valid_until=indicator.valid_until,
        organisation_id=indicator.organisation_id,
        organisation_uid=organisation.uid if organisation else None,
        source=source,
    )
