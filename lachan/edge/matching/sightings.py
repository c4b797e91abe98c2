"""Hits counted by indicator, hour and organisation, until they are put down for the database."""

import time
from collections import Counter
from pathlib import Path
from uuid import UUID

from lachan.matching.between.spool import SightingCount, spool_write

_HOUR = 3600
_MOST = (
    200_000  # kinds of counts that are held while the disk is full; then new ones are not counted
)


class Sightings:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._counts: Counter[tuple[UUID, int, int]] = Counter()

    def see(self, indicators: list[UUID], organisation: int) -> None:
        hour = int(time.time()) // _HOUR * _HOUR
        for indicator in indicators:
            key = (indicator, hour, organisation)
            if len(self._counts) < _MOST or key in self._counts:
                self._counts[key] += 1

    def put_down(self) -> None:
        """Write what was counted since; what the disk does not take is kept for the next time."""
        if not self._counts:
            return
        counts, self._counts = self._counts, Counter()
        try:
            spool_write(self._home, [SightingCount(*key, count) for key, count in counts.items()])
        except OSError:
            self._counts.update(counts)
