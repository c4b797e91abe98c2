from datetime import timedelta

from lachan.kernel.schedule import every

from .journal import journal_empty
from .services import events_purge, messages_purge


@every(timedelta(hours=1))
def purge() -> None:
    events_purge()
    messages_purge()


@every(timedelta(minutes=1))
def journal() -> None:
    journal_empty()
