from datetime import timedelta

from lachan.kernel.schedule import every

from .models import Tally
from .note import note_keep


@every(timedelta(hours=1))  # oftener, the file's own time would tell when a report came
def note() -> None:
    """How far the tally has come, for whoever looks whether yesterday's tables were put back."""
    if (row := Tally.objects.first()) is not None:
        note_keep(row.changes)
