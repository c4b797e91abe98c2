from datetime import timedelta

from lachan.kernel.schedule import every

from .services.keeping import purge


@every(timedelta(minutes=15))
def keep() -> None:
    """What has run out goes."""
    purge()
