"""Entries that no segment holds yet: what the logs say of one algorithm, in memory."""

import numpy as np
import numpy.typing as npt

from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import Facts, Viewer
from lachan.matching.store import layout as ly
from lachan.matching.store.facts import Label, facts_for

_FIRST_ROOM = 256


class Delta:
    """Entries in the order in which they came; each has a place, and keeps it.

    Attributes:
        count: places, also of entries that are gone.
        records: `layout.RECORD`, packed; the label is a place in `labels`.
        values: canonical values; empty strings where the key holds the value.
        gone: places of entries that were removed or replaced.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.count = 0
        self.records: list[bytes] = []
        self.keys: list[bytes] = []
        self.values: list[str] = []
        self.labels: list[Label] = []
        self.gone: set[int] = set()
        self._numbers: dict[Label, int] = {}
        self._by_key: dict[bytes, list[int]] = {}
        self._by_uid: dict[bytes, list[int]] = {}
        self._room = _FIRST_ROOM
        self._buffer = bytearray(self._room * algorithm.width)
        self._matrix = self._over(self._buffer)

    @property
    def live(self) -> int:
        return self.count - len(self.gone)

    def label(self, label: Label) -> int:
        """The number of a label, given at first sight."""
        number = self._numbers.get(label)
        if number is None:
            number = self._numbers[label] = len(self.labels)
            self.labels.append(label)
        return number

    def add(self, record: bytes, key: bytes, value: str) -> None:
        place, width = self.count, self.algorithm.width
        if place == self._room:
            self._grow()
        self._buffer[place * width : (place + 1) * width] = key
        self.records.append(record)
        self.keys.append(key)
        self.values.append(value)
        uid = record[:16]
        # Most keys and identifiers come once: a list of one is made only then.
        for table, word in ((self._by_key, key), (self._by_uid, uid)):
            if (places := table.get(word)) is None:
                table[word] = [place]
            else:
                places.append(place)
        self.count = place + 1

    def places_of(self, uid: bytes) -> list[int]:
        """Where an indicator's entries stand that are not gone."""
        return [place for place in self._by_uid.get(uid, ()) if place not in self.gone]

    def near(self, key: bytes, radius: int) -> list[tuple[int, int]]:
        """(place, distance) of every entry within `radius` that is not gone."""
        if radius == 0:
            found = [(place, 0) for place in self._by_key.get(key, ())]
        else:
            distances = self.algorithm.distances(key, self._matrix[: self.count])
            places = np.flatnonzero(distances <= radius)
            found = list(zip(places.tolist(), distances[places].tolist(), strict=True))
        return [pair for pair in found if pair[0] not in self.gone]

    def facts(self, place: int, viewer: Viewer, moment: float) -> Facts | None:
        """What is known of an entry; None where it is not for the viewer, or no longer in force."""
        return facts_for(ly.RECORD.unpack(self.records[place]), self.labels, viewer, moment)

    def matrix(self) -> npt.NDArray[np.uint8]:
        """All keys, one a row; what is added later may or may not show in it."""
        return self._matrix[: self.count]

    def _over(self, buffer: bytearray) -> npt.NDArray[np.uint8]:
        return np.frombuffer(buffer, np.uint8).reshape(-1, self.algorithm.width)

    def _grow(self) -> None:
        # Another buffer, not a longer one: threads may be looking at the old.
        self._room *= 2
        larger = bytearray(self._room * self.algorithm.width)
        larger[: len(self._buffer)] = self._buffer
        self._buffer, self._matrix = larger, self._over(larger)
