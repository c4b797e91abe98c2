from datetime import timedelta

from lachan.kernel.schedule import every
from lachan.members.records import system

from .services import disputes_settle, indicator_expire_due
from .verifying import head_note


@every(timedelta(seconds=30))
def expire() -> None:
    indicator_expire_due()


@every(timedelta(minutes=1))
def disputes() -> None:
    disputes_settle(by=system("disputes"))


@every(timedelta(minutes=15), at_end=True)
def note() -> None:
    """Where the ledger stands, for whoever looks whether it was cut or written anew."""
    head_note()
