from datetime import timedelta

from lachan.kernel.clock import now
from lachan.kernel.schedule import every
from lachan.outbox.services import clock_is_believed

from .audit import audit_head_keep
from .confirmations import confirmations_settle, links_settle
from .entry.sign_in_checks import pauses_purge
from .models import Session
from .people import invitations_purge, wraps_purge


@every(timedelta(minutes=15))
def purge() -> None:
    """What has run out goes: sessions with their keys, copies, links, failures."""
    Session.objects.filter(expire_date__lt=now()).delete()
    if clock_is_believed():
        confirmations_settle()
        links_settle()
    invitations_purge()
    wraps_purge()
    pauses_purge()


@every(timedelta(minutes=15), at_end=True)
def note() -> None:
    """Where the trail stands, for whoever looks whether it was cut or written anew."""
    audit_head_keep()
