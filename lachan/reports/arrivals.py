from lachan.kernel.arrivals import Arrivals

from .conf import BUSY_PER_MINUTE

_reports = Arrivals()
arrival_note, forget = _reports.note, _reports.forget


def is_busy() -> bool:
    """Whether more reports arrive than people could be sending."""
    return _reports.is_busy(BUSY_PER_MINUTE)
