from datetime import timedelta

from lachan.kernel.schedule import every
from lachan.members.records import system

from .services import disputes_settle, indicator_expire_due


@every(timedelta(seconds=30))
def expire() -> None:
    indicator_expire_due()


@every(timedelta(minutes=1))
def disputes() -> None:
    disputes_settle(by=system("disputes"))
