"""The base of every algorithm: how one sort of thing is compared, and how its index is built and asked.

An algorithm is a folder here with an `algorithm.py` that declares one class or more; `algorithms()` finds
them, and one contract test holds each to what is said here. Algorithms know nothing of one another, and
nothing of who may see what: that is the store's.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from lachan.kernel.discovery import discover

Keys = npt.NDArray[np.uint8]
"""uint8[n, width]: one key a row."""
Numbers = npt.NDArray[np.int64]
FAR = 1 << 30
"""The distance of different values where there is only the same and not the same: beyond any radius."""


class Index(Protocol):
    """An opened index: immutable, mapped, shared by all processes that opened it.

    Rows are places 0 … count-1 in the order of the keys that it was built from; equal keys keep their rows.
    """

    @property
    def count(self) -> int: ...

    def find(self, key: bytes, radius: int) -> tuple[Numbers, Numbers]:
        """(rows, distances) of every key within `radius`, in no certain order."""

    def find_many(self, keys: Keys, radius: int) -> tuple[Numbers, Numbers, Numbers]:
        """(places in `keys`, rows, distances) of every pair within `radius`, in no certain order."""


class FewKeys(Protocol):
    """Keys that no index holds yet: added one by one by one thread, and asked by any, like an index.

    Places count from 0 in the order in which they came.
    """

    def add(self, key: bytes) -> None: ...

    def find(self, key: bytes, radius: int) -> tuple[Numbers, Numbers]:
        """(places, distances) of every key within `radius`, in no certain order."""


class Few:
    """`FewKeys` of any algorithm: compared with one by one, by its `distances`."""

    def __init__(self, algorithm: "Algorithm") -> None:
        self._algorithm, self.count = algorithm, 0
        self._hold(bytearray(64 * algorithm.width))

    def add(self, key: bytes) -> None:
        at = self.count * len(key)
        if at == len(self._bytes):
            # Another buffer, not a longer one: threads may be looking at the old.
            self._hold(self._bytes + bytes(at))
        self._bytes[at : at + len(key)] = key
        self.count += 1

    def find(self, key: bytes, radius: int) -> tuple[Numbers, Numbers]:
        """(places, distances) of every key within `radius`."""
        count = self.count
        distances = self._algorithm.distances(key, self._keys[:count])
        places = np.flatnonzero(distances <= radius)
        return places, distances[places]

    def _hold(self, held: bytearray) -> None:
        keys = np.frombuffer(held, np.uint8).reshape(-1, self._algorithm.width)
        self._bytes, self._keys = held, keys


class Algorithm:
    """How one sort of thing is known again.

    Attributes:
        name: the code that hits and folders carry.
        kinds: the exchange's kinds of indicator that it answers.
        width: bytes of a key.
        radius: up to which distance two values count as the same, unless the caller says otherwise.
        reversible: whether a key holds the whole value. Where not, it is a digest of the value: `text`
            cannot give the value back, so whoever stores the key stores `canonical(text)` beside it and
            asks `confirms` before a hit is given. A collision then costs a comparison, never a wrong answer.
    """

    name: ClassVar[str] = ""
    kinds: ClassVar[tuple[str, ...]] = ()
    width: ClassVar[int] = 0
    radius: ClassVar[int] = 0
    reversible: ClassVar[bool] = True

    def parse(self, text: str) -> bytes:
        """The key of a value as people, lists and programs write it.

        Raises:
            InvalidHash: it is no value of this algorithm; the message says why and never repeats it.
        """
        raise NotImplementedError

    def text(self, key: bytes) -> str:
        """A key in its canonical form; `parse(text(key)) == key`. Only where `reversible`."""
        raise NotImplementedError

    def canonical(self, text: str) -> str:
        """The one form of a value in which it is stored and shown; a fixed point.

        Raises:
            InvalidHash: as `parse`.
        """
        return self.text(self.parse(text))

    def queries(self, text: str) -> list[bytes]:
        """The keys to ask for one value, the nearest first: itself, then whatever else would cover it.

        Raises:
            InvalidHash: as `parse`.
        """
        return [self.parse(text)]

    def confirms(self, asked: str, value: str) -> bool:
        """Whether the stored canonical `value`, found under one of `queries(asked)`, truly covers `asked`."""
        return True

    def elsewhere(self, text: str) -> list[tuple[str, str]]:
        """(kind, value) of what would cover it too and is another algorithm's to know.

        Raises:
            InvalidHash: as `parse`.
        """
        return []

    def distance(self, one: bytes, other: bytes) -> int:
        """How far two keys are apart: a metric. Here: 0 equal, FAR different."""
        return 0 if one == other else FAR

    def distances(self, key: bytes, keys: Keys) -> Numbers:
        """`distance` to each of many keys at once; what a store asks of the few that no index holds yet."""
        different = np.any(keys != np.frombuffer(key, np.uint8), axis=1)
        return np.where(different, FAR, 0).astype(np.int64)

    def groups(
        self, keys: Keys, radius: int, progress: Callable[[int], object] = lambda _: None
    ) -> Numbers:
        """int64[n]: for each key the place of the first one of its group.

        Whatever is within `radius` of one of a group is of it too, so its two ends may be far apart. Here:
        equal keys, whatever the radius; what measures distances brings its own.

        Args:
            keys: uint8[n, width].
            radius: as in a look-up.
            progress: called with the number of keys done since the last call.

        Raises:
            InvalidInput: groups cannot be made within this radius.
        """
        firsts = equal_firsts(keys)
        progress(len(keys))
        return firsts

    def few(self) -> "FewKeys":
        """A place for keys that no index holds yet."""
        return Few(self)

    def examples(self) -> list[str]:
        """Benign values, all different, for the contract test and the documentation."""
        raise NotImplementedError

    def index_build(self, keys: Keys, path: Path) -> None:
        """Write an index of `keys` at `path`: beside it first, durable, then moved into place.

        Raises:
            OSError: no room on the disk, or no right to write; what stood at `path` is untouched.
        """
        raise NotImplementedError

    def index_open(self, path: Path, *, verify: bool = True) -> Index:
        """Map the index at `path`.

        Args:
            path: what `index_build` wrote.
            verify: read it whole against its checksum (about a second a gigabyte); without, only its head
                and length are looked at, which takes less than a millisecond.

        Raises:
            SegmentCorrupt: truncated, altered, or no such index.
            SegmentVersion: of another version or byte order.
            FileNotFoundError: no such file.
        """
        raise NotImplementedError


def equal_firsts(keys: Keys) -> Numbers:
    """int64[n]: for each key the place of the first one that equals it."""
    count, width = keys.shape
    words = np.zeros((count, -(-width // 8)), np.uint64)
    words.view(np.uint8)[:, :width] = keys
    order = np.lexsort(words.T)  # stable: of equal ones the first stays first
    new = np.ones(count, np.bool_)
    new[1:] = (words[order[1:]] != words[order[:-1]]).any(axis=1)
    firsts = np.empty(count, np.int64)
    firsts[order] = order[new][np.cumsum(new) - 1]
    return firsts


def plain_digits(text: str, width: int) -> bytes | None:
    """The bytes that hexadecimal digits alone stand for; None for all else, which is read with more care.

    Ten times as fast as reading whatever people write, and most of what machines ask looks like this.
    """
    if len(text) != 2 * width:
        return None
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return None
    return key if len(key) == width else None  # shorter where there was white space between


@cache
def algorithms() -> dict[str, Algorithm]:
    """Every algorithm by name."""
    return discover("lachan.matching.algorithms", Algorithm, module="algorithm")


@cache
def algorithm_of(kind: str) -> Algorithm | None:
    """The algorithm that answers for one of the exchange's kinds; None where there is none."""
    return next((found for found in algorithms().values() if kind in found.kinds), None)
