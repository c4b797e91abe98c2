from datetime import timedelta

from lachan.kernel.schedule import every

from .models import Tally
from .note import note_keep


# Oftener, the file's own time would tell when a report came. At the end, so that nothing of a database that rests
# can be put back to before.
@every(timedelta(hours=1), at_end=True)
def note() -> None:
    """How far the tally has come, for whoever looks whether yesterday's tables were put back."""
    if (row := Tally.objects.first()) is not None:
        note_keep(row.changes)
