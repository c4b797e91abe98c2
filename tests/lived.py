"""Time that an instance has lived through: what is due by then is due.

`held_at` alone is a clock that leaps, and nothing is thrown away on the word of that.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from lachan.kernel.clock import held_at
from lachan.outbox.seen_time import instance_row


@contextmanager
def lived_until(moment: datetime) -> Iterator[datetime]:
    """Hold the clock at `moment`, as if every day until then had been seen."""
    row = instance_row()
    before, row.seen_at = row.seen_at, moment
    row.save(update_fields=["seen_at"])
    try:
        with held_at(moment) as held:
            yield held
    finally:
        row.seen_at = before
        row.doubted_from = row.doubted_at = None
        row.save()
