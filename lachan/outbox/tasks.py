from datetime import timedelta

from lachan.kernel.schedule import every

from .services import events_purge


@every(timedelta(hours=1))
def purge() -> None:
    events_purge()
