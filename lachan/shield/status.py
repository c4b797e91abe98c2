"""Protection on the status page."""

from datetime import UTC, datetime

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from lachan.indicators.records import PUBLIC_AUDIENCE
from lachan.indicators.selectors import ledger_head
from lachan.kernel.clock import now
from lachan.kernel.running import said_of_itself
from lachan.web.status import Stand, part

from .selectors import snapshot_status

_FRESH_SECONDS = 10.0  # an edge writes its status twice a second
_DAY_SECONDS = 86_400.0


@part(order=20, title=_("Asking whether an address is safe"))
def asking() -> Stand | None:
    if snapshot_status()["state"] != "absent":
        return Stand(works=True)
    return Stand(works=False) if ledger_head(PUBLIC_AUDIENCE) else None


@part(order=30, title=_("Blocking of harmful addresses (DNS)"))
def blocking() -> Stand | None:
    return _edge("dns.json")


@part(order=40, title=_("Look-ups for platforms"))
def looking_up() -> Stand | None:
    return _edge("match-[0-9]*.json")


def _edge(pattern: str) -> Stand | None:
    """Processes of one kind on this machine; None where none has said anything for a day: it is not run here."""
    at = now().timestamp()
    said = [
        one
        for one in said_of_itself(settings.LACHAN_HOME, pattern)
        if at - one.written < _DAY_SECONDS
    ]
    if not said:
        return None
    fresh = [one.started for one in said if abs(at - one.written) < _FRESH_SECONDS]
    moment = min(fresh) if fresh else max(one.written for one in said)
    return Stand(works=bool(fresh), since=datetime.fromtimestamp(moment, UTC))
