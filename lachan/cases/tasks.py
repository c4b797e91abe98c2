from datetime import timedelta

from lachan.kernel.schedule import every

from .services.rating import cases_rate_due


@every(timedelta(minutes=1))
def rate_due() -> None:
    cases_rate_due()
