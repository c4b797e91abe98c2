"""Reports on the status page."""

from django.utils.translation import gettext_lazy as _

from lachan.members.selectors import desk_key_home
from lachan.web.status import Stand, part


@part(order=10, title=_("Sending a report, and reading the answer"))
def sending() -> Stand:
    """The database answers, and there is a key to seal a report to."""
    return Stand(works=desk_key_home() is not None)
