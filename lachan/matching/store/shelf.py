"""All that a collection holds of one algorithm: segments, and the entries that came since."""

from collections.abc import Sequence

import numpy as np

from lachan.formats.sharing import Viewer
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import Hit, InvalidHash, SegmentCorrupt, ShelfStats
from lachan.matching.store import layout as ly
from lachan.matching.store.delta import Delta
from lachan.matching.store.facts import Label
from lachan.matching.store.segment import Held

_Near = tuple[Held | Delta, int, int, bytes]
"""Where, row, distance, and the key that was asked for."""


class Shelf:
    """Attributes: held: segments, oldest first; delta: what came since."""

    def __init__(self, algorithm: Algorithm, held: list[Held]) -> None:
        self.algorithm, self.held = algorithm, held
        self.delta = Delta(algorithm)

    def find(self, asked: str, radius: int, viewer: Viewer) -> list[Hit]:
        """Every entry within `radius` of what `asked` means to the algorithm.

        Raises:
            InvalidHash: it means nothing to it.
            SegmentCorrupt: what would have been an answer is damaged.
        """
        count, found = self.delta.count, list[_Near]()
        for key in self.algorithm.queries(asked):
            for held in self.held:
                rows, distances = held.segment.index.find(key, radius)
                if len(rows):
                    pairs = zip(rows.tolist(), distances.tolist(), strict=True)
                    found += [(held, row, distance, key) for row, distance in pairs]
            if count:
                near = self.delta.near(key, radius, count)
                found += [(self.delta, place, distance, key) for place, distance in near]
        return self._hits(asked, found, viewer, count) if found else []

    def find_many(
        self, asked: Sequence[str], radius: int, viewer: Viewer
    ) -> list[list[Hit] | None]:
        """`find` for many, in one pass over the index; None for what is no value of the algorithm."""
        count, keys = self.delta.count, list[bytes]()
        found: list[list[_Near] | None] = []
        owners: list[list[_Near]] = []
        for text in asked:
            try:
                mine = self.algorithm.queries(text)
            except InvalidHash:
                found.append(None)
                continue
            pairs: list[_Near] = []
            found.append(pairs)
            keys += mine
            owners += [pairs] * len(mine)
        if keys:
            self._gather(keys, owners, radius, count)
        return [
            self._hits(text, near, viewer, count) if near else (None if near is None else [])
            for text, near in zip(asked, found, strict=True)
        ]

    def _gather(
        self, keys: list[bytes], owners: list[list[_Near]], radius: int, count: int
    ) -> None:
        matrix = np.frombuffer(b"".join(keys), np.uint8).reshape(len(keys), -1)
        for held in self.held:
            numbers, rows, distances = held.segment.index.find_many(matrix, radius)
            for number, row, distance in zip(
                numbers.tolist(), rows.tolist(), distances.tolist(), strict=True
            ):
                owners[number].append((held, row, distance, keys[number]))
        if count:
            for key, owner in zip(keys, owners, strict=True):
                near = self.delta.near(key, radius, count)
                owner += [(self.delta, place, distance, key) for place, distance in near]

    def add(self, record: bytes, label: Label, key: bytes, value: str, *, fresh: bool) -> None:
        """Put an entry in; unless it is `fresh`, in place of the same indicator's under this key."""
        number = self.delta.label(label).to_bytes(4, "little")
        if record[ly.LABEL] != number:
            record = record[: ly.LABEL.start] + number + record[ly.LABEL.stop :]
        place = self.delta.put(record, key, value)
        if not fresh:
            self.kill(record[:16], key, but=place)
        # This one store brings the new and takes the old.
        self.delta.count = place + 1

    def kill(self, uid: bytes, key: bytes, *, but: int = -1) -> int:
        """Mark every entry of an indicator under a key as gone; how many there were.

        At once; with `but`, a place not counted yet, once that is counted.
        """
        killed = 0
        delta = self.delta
        since = delta.count if but < 0 else but + 1
        for place in delta.places_of(uid):
            if delta.keys[place] == key and place != but:
                delta.gone.setdefault(place, since)
                killed += 1
        hashed = ly.uid_hash(uid)
        for held in self.held:
            rows = held.rows_of(uid, hashed)
            rows = [row for row in rows if held.segment.facts.key(row) == key]
            held.gone.update(dict.fromkeys(rows, since))
            killed += len(rows)
        return killed

    def keys_of(self, uid: bytes) -> list[bytes]:
        """The keys of an indicator's entries."""
        keys = [self.delta.keys[place] for place in self.delta.places_of(uid)]
        hashed = ly.uid_hash(uid)
        for held in self.held:
            keys += map(held.segment.facts.key, held.rows_of(uid, hashed))
        return keys

    @property
    def live(self) -> int:
        rows = sum(held.segment.facts.rows - held.gone_count for held in self.held)
        return rows + self.delta.live

    def stats(self, size: int) -> ShelfStats:
        """How the shelf stands, with `size` bytes on the disk."""
        return ShelfStats(self.live, len(self.held), self.delta.live, size)

    def _hits(self, asked: str, found: list[_Near], viewer: Viewer, count: int) -> list[Hit]:
        algorithm, hits = self.algorithm, []
        for where, row, distance, key in found:
            entry = None if where.is_gone(row, count) else where.entry(row, viewer)
            if entry is None:
                continue
            facts, mine = entry
            # The index says how near; the key itself must agree: a damaged index answers nothing wrong.
            if mine != key if distance == 0 else algorithm.distance(key, mine) != distance:
                raise SegmentCorrupt("an index does not fit the keys that it was built from")
            if algorithm.reversible:
                value = algorithm.text(mine)
            elif not algorithm.confirms(asked, value := where.value(row)):
                continue
            hits.append(Hit(algorithm.name, asked, value, distance, facts))
        if len(hits) > 1:
            hits.sort(key=lambda hit: (hit.distance, hit.value, hit.facts.indicator.int))
        return hits
