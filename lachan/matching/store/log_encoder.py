"""Changes as a log writes them: algorithms and labels are named once a log, then called by number."""

import struct
from functools import lru_cache
from typing import NamedTuple

import msgspec

from lachan.formats.sharing import Level
from lachan.kernel.errors import InvalidInput
from lachan.matching.algorithms.algorithm import Algorithm
from lachan.matching.records import Facts, InvalidHash
from lachan.matching.store import layout as ly
from lachan.matching.store import log as lg
from lachan.matching.store.facts import Label
from lachan.matching.store.log import Change
from lachan.matching.store.view import Tail


class Entry(NamedTuple):
    """One entry on its way in.

    Attributes:
        record: `layout.RECORD`, packed, its label's number left open.
        value: canonical; empty where the key holds it.
    """

    algorithm: Algorithm
    record: bytes
    label: Label
    key: bytes
    value: str


_MAX_VALUE = 16_384


def entry_of(algorithm: Algorithm, text: str, facts: Facts) -> Entry:
    """A value and what is known of it, checked and packed.

    Raises:
        InvalidHash: the text is no value of the algorithm.
        InvalidInput: the facts are beyond what a record holds.
    """
    if not (0 <= facts.confidence <= 100 and Level.PUBLIC <= facts.reach <= Level.CIRCLE):
        raise InvalidInput("confidence goes from 0 to 100, reach from 0 to 3")
    key = algorithm.parse(text)
    value = "" if algorithm.reversible else algorithm.canonical(text)
    if len(value.encode()) > _MAX_VALUE:
        raise InvalidHash("the value is too long to be kept")
    try:
        record = ly.RECORD.pack(
            facts.indicator.bytes,
            facts.sequence,
            facts.valid_until,
            facts.circle,
            0,
            facts.confidence,
            facts.reach,
        )
    except struct.error:
        raise InvalidInput("a number among the facts is too large, or negative") from None
    return Entry(algorithm, record, _label(tuple(facts.categories), facts.source), key, value)


@lru_cache(1024)
def _label(categories: tuple[str, ...], source: str) -> Label:
    try:
        "".join((*categories, source)).encode()
    except (TypeError, ValueError):
        raise InvalidInput("categories and source are words") from None
    if len(msgspec.msgpack.encode((categories, source))) > _MAX_VALUE:
        raise InvalidInput("the names of categories and source are too long")
    return categories, source


class LogEncoder:
    """Writes for one log. Numbers that it gives count once `keep` says that they were written."""

    def __init__(self, tail: Tail) -> None:
        self._names = {shelf.algorithm.name: place for place, shelf in enumerate(tail.shelves)}
        self._labels = {label: place for place, label in enumerate(tail.labels)}
        self._new_names: list[str] = []
        self._new_labels: list[Label] = []

    def add(self, entry: Entry, *, fresh: bool = False) -> list[Change]:
        algorithm, record, label, key, value = entry
        changes: list[Change] = []
        number = self._algorithm(algorithm, changes)
        place = self._labels.get(label)
        if place is None:
            place = self._labels[label] = len(self._labels)
            self._new_labels.append(label)
            changes.append((lg.LABEL, 0, msgspec.msgpack.encode(label)))
        if place:
            record = (
                record[: ly.LABEL.start] + place.to_bytes(4, "little") + record[ly.LABEL.stop :]
            )
        payload = record + key + value.encode() if value else record + key
        changes.append((lg.ADD if fresh else lg.REPLACE, number, payload))
        return changes

    def remove(self, algorithm: Algorithm, uid: bytes, key: bytes) -> list[Change]:
        changes: list[Change] = []
        number = self._algorithm(algorithm, changes)
        changes.append((lg.REMOVE, number, uid + key))
        return changes

    def commit(self, sequence: int) -> Change:
        return (lg.COMMIT, 0, sequence.to_bytes(8, "little"))

    def keep(self) -> None:
        """What was encoded since is in the log."""
        if self._new_names or self._new_labels:
            self._new_names, self._new_labels = [], []

    def forget(self) -> None:
        """What was encoded since did not get into the log: its numbers were never given."""
        for name in self._new_names:
            del self._names[name]
        for label in self._new_labels:
            del self._labels[label]
        self.keep()

    def _algorithm(self, algorithm: Algorithm, changes: list[Change]) -> int:
        number = self._names.get(algorithm.name)
        if number is None:
            number = self._names[algorithm.name] = len(self._names)
            self._new_names.append(algorithm.name)
            width = algorithm.width.to_bytes(2, "little")
            changes.append((lg.ALGORITHM, number, width + algorithm.name.encode()))
        return number
