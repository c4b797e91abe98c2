"""Times as the desk reads them: by the hour, since a report's own time is known no closer."""

from datetime import datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_HOUR = 3600
_LONG = 48


def age_words(moment: datetime, now: datetime) -> str:
    """How long ago, in hours; after two days the date."""
    hours = int((now - moment).total_seconds() // _HOUR)
    if hours < 1:
        return _("within the hour")
    if hours < _LONG:
        return ngettext("%(n)s hour ago", "%(n)s hours ago", hours) % {"n": hours}
    return date_format(localtime(moment), "SHORT_DATE_FORMAT")


def due_words(moment: datetime, now: datetime) -> str:
    """How long is left, or how late it is."""
    seconds = (moment - now).total_seconds()
    hours = int(abs(seconds) // _HOUR)
    if hours >= _LONG:
        words = date_format(localtime(moment), "SHORT_DATE_FORMAT")
        return _("late since %(day)s") % {"day": words} if seconds < 0 else words
    if seconds < 0:
        return ngettext("%(n)s hour late", "%(n)s hours late", hours) % {"n": hours}
    if hours < 1:
        return _("less than an hour left")
    return ngettext("%(n)s hour left", "%(n)s hours left", hours) % {"n": hours}
