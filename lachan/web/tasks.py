from datetime import timedelta

from lachan.kernel.schedule import every

from .repeats import sent_forms_purge


@every(timedelta(hours=1))
def purge() -> None:
    sent_forms_purge()
