"""Which algorithms can read a value, and what becomes an entry."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np
from msgspec.structs import replace

from lachan.formats.sharing import Viewer
from lachan.kernel.errors import InvalidInput, LachanError
from lachan.matching.algorithms.algorithm import Algorithm, Keys
from lachan.matching.records import Facts, Hit, InvalidHash, Refusal
from lachan.matching.store import layout as ly
from lachan.matching.store.facts import Label
from lachan.matching.store.log_encoder import Entry, entry_of
from lachan.matching.store.merge import records_of
from lachan.matching.store.row_sources import Records
from lachan.matching.store.shelf import Shelf


class Values:
    """Attributes: algorithms, by name."""

    def __init__(self, algorithms: Mapping[str, Algorithm]) -> None:
        self.algorithms = algorithms
        self._kinds = {kind: name for name, each in algorithms.items() for kind in each.kinds}
        plain = Algorithm.elsewhere
        self._pointing = [
            name for name, each in algorithms.items() if type(each).elsewhere is not plain
        ]
        self._exact = {name for name, each in algorithms.items() if each.radius == 0}

    def named(self, name: str) -> Algorithm:
        """The algorithm of a name.

        Raises:
            InvalidInput: there is no such algorithm.
        """
        found = self.algorithms.get(name)
        if found is None:
            raise InvalidInput(f"no such algorithm; there are: {', '.join(self.algorithms)}")
        return found

    def chosen(self, shelves: Mapping[str, Shelf], name: str | None) -> Iterable[Shelf]:
        """The shelf of the algorithm that is named, where there is one; else all.

        Raises:
            InvalidInput: there is no such algorithm.
        """
        if name is None:
            return tuple(shelves.values())
        shelf = shelves.get(self.named(name).name)
        return () if shelf is None else (shelf,)

    def readers(self, value: str, name: str | None) -> list[Algorithm]:
        """The algorithms that can read a value; of all, or of the one that is named."""
        found = []
        for each in self.algorithms.values() if name is None else [self.named(name)]:
            try:
                each.parse(value)
            except InvalidHash:
                continue
            found.append(each)
        return found

    def read(self, value: str, name: str | None) -> list[Algorithm]:
        """`readers`, one at least.

        Raises:
            InvalidHash: none can.
        """
        if found := self.readers(value, name):
            return found
        if name is not None:
            self.named(name).parse(value)
        raise InvalidHash("this is no value that any algorithm can read")

    def is_pointing(self, name: str | None, present: Collection[str]) -> bool:
        """Whether `elsewhere` can find anything at all.

        What covers is always compared for equality: where only near things are kept, reading the value
        as an address would be for nothing.
        """
        if name is None:
            return not self._exact.isdisjoint(present)
        return name in self._pointing

    def covered(
        self, value: str, name: str | None, viewer: Viewer, shelves: Mapping[str, Shelf]
    ) -> list[Hit]:
        """What covers a value by being something else: the address of its host, the domain of its e-mail."""
        return [
            replace(hit, asked=value)
            for other, text in self._elsewhere(value, name, shelves)
            for hit in shelves[other].find(text, shelves[other].algorithm.radius, viewer)
        ]

    def _elsewhere(
        self, value: str, name: str | None, present: Collection[str]
    ) -> list[tuple[str, str]]:
        """(algorithm, value) of what would cover a value, and is another algorithm's to know.

        Args:
            value: what is asked.
            name: the algorithm that reads it; else all that can.
            present: the algorithms that have any entries.
        """
        found = []
        for pointing in self._pointing:
            if name not in (None, pointing):
                continue
            try:
                places = self.algorithms[pointing].elsewhere(value)
            except InvalidHash:
                continue
            found += [(self._kinds[kind], text) for kind, text in places if kind in self._kinds]
        return [(algorithm, text) for algorithm, text in found if algorithm in present]

    def keys(self, value: str, name: str | None) -> dict[str, list[bytes]]:
        """A value's key, by each algorithm that can read it.

        Raises:
            InvalidHash: none can.
        """
        return {found.name: [found.parse(value)] for found in self.read(value, name)}

    def entries(
        self, batch: Iterable[tuple[str, Facts]], name: str | None, first: int
    ) -> tuple[list[Entry], tuple[Refusal, ...]]:
        """`entry` of many, whose places count from `first`; what cannot be taken is named."""
        ready, refused = list[Entry](), list[Refusal]()
        for place, (value, facts) in enumerate(batch, first):
            try:
                ready.append(self.entry(value, facts, name))
            except LachanError as error:
                refused.append(Refusal(place, error.code, str(error)))
        return ready, tuple(refused)

    def entry(self, value: str, facts: Facts, name: str | None) -> Entry:
        """A checked entry.

        Raises:
            InvalidHash: no algorithm can read the value, or not the one that is named.
            InvalidInput: several could; or the facts are beyond what fits.
        """
        if name is not None:
            return entry_of(self.named(name), value, facts)
        readers = self.read(value, None)
        if len(readers) > 1:
            names = ", ".join(found.name for found in readers)
            raise InvalidInput(f"it could be several things: say which algorithm ({names})")
        return entry_of(readers[0], value, facts)

    def records(
        self, name: str, keys: Keys, indicators: Keys, like: Facts
    ) -> tuple[Algorithm, Records, Label]:
        """Records of binary keys that share all facts but the indicator.

        Raises:
            InvalidInput: the arrays do not fit, or such keys do not hold their values.
        """
        algorithm = self.named(name)
        if not algorithm.reversible:
            raise InvalidInput("these keys do not hold their values: add the values themselves")
        if keys.shape != (len(indicators), algorithm.width) or indicators.shape[1:] != (16,):
            raise InvalidInput("the keys do not fit the algorithm, or the indicators the keys")
        if not len(keys):
            return algorithm, np.empty(0, ly.record_type(algorithm.width)), ((), "")
        sample = entry_of(algorithm, algorithm.text(keys[0].tobytes()), like)
        return algorithm, records_of(indicators, keys, sample.record), sample.label


def radius_of(algorithm: Algorithm, asked: int | None) -> int:
    """The radius to ask with: the algorithm's own where none is asked, or where it has only one.

    Raises:
        InvalidInput: it is negative.
    """
    if asked is None or algorithm.radius == 0:
        return algorithm.radius
    if asked < 0:
        raise InvalidInput("a radius is not negative")
    return asked
