from datetime import timedelta

from lachan.kernel.schedule import every

from .services import indicator_expire_due


@every(timedelta(seconds=30))
def expire() -> None:
    indicator_expire_due()
