from datetime import timedelta

from lachan.kernel.schedule import every
from lachan.members.records import system

from .services import reports_purge, reports_release


@every(timedelta(minutes=1))
def release() -> None:
    reports_release(by=system("reports.release"))


@every(timedelta(minutes=5))
def purge() -> None:
    reports_purge(by=system("reports.purge"))
