"""A collection, as a scan asks it."""

from pathlib import Path

from lachan.formats.sharing import KEEPER
from lachan.matching.collection import Collection
from lachan.matching.records import Hit


class CollectionKnown:
    """Asks with the eyes of whoever holds the collection's files; see `records.Known`."""

    def __init__(self, folder: Path, radius: int | None = None) -> None:
        """Raises: NoCollection, SegmentCorrupt, SegmentVersion."""
        self._collection, self._radius = Collection.open(folder), radius
        stats = self._collection.stats()
        self.algorithms = frozenset(
            name for name, shelf in stats.algorithms.items() if shelf.entries
        )
        self.state = f"sequence {stats.sequence}"

    def find(self, algorithm: str, text: str) -> list[Hit]:
        return self._collection.find(text, algorithm=algorithm, viewer=KEEPER, radius=self._radius)

    def find_many(self, algorithm: str, texts: list[str]) -> list[list[Hit] | None]:
        return self._collection.find_many(
            texts, algorithm=algorithm, viewer=KEEPER, radius=self._radius
        )
