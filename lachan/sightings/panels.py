"""What an indicator's page says of look-ups: how often it was met, by day."""

from uuid import UUID

from django.utils.translation import gettext as _

from lachan.members.records import Actor
from lachan.web.panels import Panel, shows

from .histogram import days_make
from .selectors import sighting_counts

_DAYS = 30


@shows("indicator", order=10)
def sightings(actor: Actor, uid: UUID) -> Panel | None:
    """Nothing where it was never met: most never are."""
    counts = sighting_counts(indicator=uid, days=_DAYS)
    total = sum(count for _day, count in counts)
    if not total:
        return None
    facts = {"total": total, "days": _DAYS, "bars": days_make([count for _day, count in counts])}
    return Panel(title=_("Met by platforms"), template="sightings/_sightings.html", facts=facts)
