"""Entries that no segment holds yet: what the logs say of one algorithm, in memory."""

from lachan.formats.sharing import Viewer
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import Facts
from lachan.matching.store import layout as ly
from lachan.matching.store.facts import Label, facts_for


class Delta:
    """Entries in the order in which they came; each has a place, and keeps it.

    Attributes:
        count: places, also of entries that are gone. Every change to a shelf counts from some number of
            places on; who looks notes the number first, and sees all changes until then and none after,
            however long it takes and whoever goes on changing.
        records: `layout.RECORD`, packed; the label is a place in `labels`.
        values: canonical values; empty strings where the key holds the value.
        gone: places of entries that were removed or replaced, and from which count on.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.count = 0
        self.records: list[bytes] = []
        self.keys: list[bytes] = []
        self.values: list[str] = []
        self.labels: list[Label] = []
        self.gone: dict[int, int] = {}
        self._numbers: dict[Label, int] = {}
        self._by_key: dict[bytes, list[int]] = {}
        self._by_uid: dict[bytes, list[int]] = {}
        self._few = algorithm.few()

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

    def put(self, record: bytes, key: bytes, value: str) -> int:
        """Put an entry in its place, which is not counted yet."""
        place = len(self.records)
        self.records.append(record)
        self.keys.append(key)
        self.values.append(value)
        self._by_key.setdefault(key, []).append(place)
        self._by_uid.setdefault(record[:16], []).append(place)
        self._few.add(key)
        return place

    def places_of(self, uid: bytes) -> list[int]:
        """Where an indicator's entries stand that are not gone."""
        places = self._by_uid.get(uid)
        return [] if places is None else [place for place in places if place not in self.gone]

    def near(self, key: bytes, radius: int, count: int) -> list[tuple[int, int]]:
        """(place, distance) of every entry within `radius`, of the first `count`; gone or not."""
        if radius == 0:
            found = [(place, 0) for place in self._by_key.get(key, ())]
        else:
            places, distances = self._few.find(key, radius)
            found = list(zip(places.tolist(), distances.tolist(), strict=True))
        return [pair for pair in found if pair[0] < count]

    def is_gone(self, place: int, count: int) -> bool:
        """Whether an entry was gone when there were `count` places."""
        return self.gone.get(place, count + 1) <= count

    def entry(self, place: int, viewer: Viewer) -> tuple[Facts, bytes] | None:
        """An entry's facts and key; None where they are not for the viewer, or no longer in force."""
        facts = facts_for(ly.RECORD.unpack(self.records[place]), self.labels, viewer)
        return None if facts is None else (facts, self.keys[place])

    def value(self, place: int) -> str:
        return self.values[place]
