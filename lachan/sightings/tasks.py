from datetime import timedelta

from django.conf import settings

from lachan.kernel.schedule import every

from .services import sightings_purge, sightings_take


@every(timedelta(seconds=10))
def sightings() -> None:
    sightings_take(settings.LACHAN_HOME)


@every(timedelta(hours=6))
def purge() -> None:
    sightings_purge()
