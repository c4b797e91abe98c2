"""Groups of things that are alike: made of keys at once, read one thing after the other."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

import numpy as np

from lachan.matching.algorithms.algorithm import Algorithm, Keys, Numbers

T = TypeVar("T")


class Group(Generic[T]):
    """Things that are alike, in the order in which they came; `len` says how many without reading any.

    What expires before it is read is left out.
    """

    def __init__(self, places: Numbers, read: Callable[[Numbers], Iterator[T]]) -> None:
        self._places, self._read = places, read

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[T]:
        return self._read(self._places)


class Groups(Generic[T]):
    """Every group of two or more, the largest first; of equal ones the one whose first came first.

    Ten million things take a few numbers each; what they say is read when a group is gone through.

    Attributes:
        things: how many were compared: `grouped` and `alone`.
        grouped: of a group.
        alone: like no other.
    """

    def __init__(self, firsts: Numbers, read: Callable[[Numbers], Iterator[T]]) -> None:
        """Args:
        firsts: int64[n]: for each thing the place of the first one of its group.
        read: the things at some places, in that order.
        """
        self._read = read
        self._members, self._bounds = _arranged(firsts)
        self.things, self.grouped = len(firsts), len(self._members)
        self.alone = self.things - self.grouped

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __getitem__(self, number: int) -> Group[T]:
        if not -len(self) <= number < len(self):
            raise IndexError("there is no such group")
        begin, end = self._bounds[number % len(self)], self._bounds[number % len(self) + 1]
        return Group(self._members[begin:end], self._read)

    def __iter__(self) -> Iterator[Group[T]]:
        return (self[number] for number in range(len(self)))


def firsts_of(
    algorithm: Algorithm, keys: Keys, radius: int, value: Callable[[int], str],
    progress: Callable[[int], object],
) -> Numbers:  # fmt: skip
    """int64[n]: for each thing the place of the first one of its group.

    Args:
        algorithm: whose keys.
        keys: uint8[n, width].
        radius: within which two are alike.
        value: the canonical value at a place; asked only where keys do not hold it.
        progress: called with the number of things done since the last call.

    Raises:
        InvalidInput: groups cannot be made within this radius.
    """
    firsts = algorithm.groups(keys, radius, progress)
    if not algorithm.reversible:
        for group in Groups(firsts, lambda places: iter(places.tolist())):
            _tell_apart(algorithm, firsts, list(group), value)
    return firsts


def _tell_apart(
    algorithm: Algorithm, firsts: Numbers, places: list[int], value: Callable[[int], str]
) -> None:
    """Let only those stay together that share more than a key: each covers the other."""
    leads: dict[str, int] = {}
    for place in places:
        mine = value(place)
        if mine not in leads:
            same = (
                lead for other, lead in leads.items()
                if algorithm.confirms(mine, other) and algorithm.confirms(other, mine)
            )  # fmt: skip
            leads[mine] = next(same, place)
        firsts[place] = leads[mine]


def _arranged(firsts: Numbers) -> tuple[Numbers, Numbers]:
    """(places, group after group; where each group begins, and the end)."""
    sizes = np.bincount(firsts, minlength=len(firsts))[firsts]
    members = np.flatnonzero(sizes > 1)
    members = members[np.lexsort((firsts[members], -sizes[members]))]
    if not len(members):
        return members, np.zeros(1, np.int64)
    changes = np.flatnonzero(np.diff(firsts[members])) + 1
    return members, np.concatenate([[0], changes, [len(members)]])
