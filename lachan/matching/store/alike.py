"""Which entries of a shelf are alike, as a viewer sees it at one moment."""

from bisect import bisect_right
from collections.abc import Callable, Iterator

import numpy as np

from lachan.formats.sharing import Viewer
from lachan.matching.algorithms.algorithm import Keys, Numbers
from lachan.matching.groups import Groups, firsts_of
from lachan.matching.records import Listed
from lachan.matching.store.delta import Delta
from lachan.matching.store.facts import records_for
from lachan.matching.store.row_sources import DeltaSource, RowSource, SegmentSource
from lachan.matching.store.segment import Held
from lachan.matching.store.shelf import Shelf


def shelf_groups(
    shelf: Shelf, radius: int, viewer: Viewer, progress: Callable[[int], object]
) -> Groups[Listed]:
    """See `Collection.groups`."""
    seen = _Seen(shelf, viewer)
    # The keys go when the groups stand: 32 bytes an entry, and the segments have them still.
    firsts = firsts_of(shelf.algorithm, seen.take_keys(), radius, seen.value, progress)
    return Groups(firsts, seen.read)


class _Seen:
    """The entries that the viewer sees, numbered: segments from the oldest on, then what came since."""

    def __init__(self, shelf: Shelf, viewer: Viewer) -> None:
        """Raises: SegmentCorrupt, where a row was altered."""
        self._algorithm, self._viewer = shelf.algorithm, viewer
        sources = list(_sources(shelf))
        rows = sum(part.rows for _, part in sources)
        self._keys = np.empty((rows, shelf.algorithm.width), np.uint8)
        self._places = np.empty(rows, np.int64)
        self._where, self._starts, used = [where for where, _ in sources], list[int](), 0
        for _, part in sources:
            self._starts.append(used)
            used = self._take(part, used)
        self._keys, self._places = self._keys[:used], self._places[:used]

    def take_keys(self) -> Keys:
        """uint8[n, width]; once."""
        keys, self._keys = self._keys, self._keys[:0]
        return keys

    def value(self, number: int) -> str:
        where, place = self._at(number)
        return where.value(place)

    def read(self, numbers: Numbers) -> Iterator[Listed]:
        """These entries, without what has expired since."""
        algorithm, first = self._algorithm, b""
        for number in numbers.tolist():
            where, place = self._at(number)
            if (entry := where.entry(place, self._viewer)) is None:
                continue
            facts, key = entry
            first = first or key
            value = algorithm.text(key) if algorithm.reversible else where.value(place)
            yield Listed(value, algorithm.distance(first, key), facts)

    def _at(self, number: int) -> tuple[Held | Delta, int]:
        return self._where[bisect_right(self._starts, number) - 1], int(self._places[number])

    def _take(self, part: RowSource, used: int) -> int:
        """Note the keys and places of what is to be seen of a part, from `used` on; where that ends."""
        at = 0
        for records, _ in part.chunks():
            seen = records_for(records, self._viewer)
            end = used + int(np.count_nonzero(seen))
            self._keys[used:end] = records["key"][seen]
            self._places[used:end] = part.places[at : at + len(records)][seen]
            at, used = at + len(records), end
        return used


def _sources(shelf: Shelf) -> Iterator[tuple[Held | Delta, RowSource]]:
    """What is not gone, at the moment of the call: others may go on adding and removing."""
    delta, count = shelf.delta, shelf.delta.count
    for held in shelf.held:
        bits = held.bits(_gone(held.gone, count))
        yield held, SegmentSource(held.segment.facts, bits, with_values=False)
    yield delta, DeltaSource(delta, count, _gone(delta.gone, count))


def _gone(gone: dict[int, int], count: int) -> set[int]:
    return {place for place, since in gone.copy().items() if since <= count}
