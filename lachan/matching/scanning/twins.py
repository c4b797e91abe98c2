"""Which rows of lists are alike, before they go anywhere: all of them are accounted for."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from lachan.matching.algorithms.algorithm import Algorithm, Keys, Numbers
from lachan.matching.groups import Groups, firsts_of
from lachan.matching.records import InvalidHash
from lachan.matching.scanning.lists import list_items, row_read
from lachan.matching.scanning.records import Row
from lachan.matching.scanning.walking import printable

_SHOWN = 100


class ListedRow(msgspec.Struct, frozen=True):
    """One row of a group of rows that are alike.

    Attributes:
        place: `list.csv:12`.
        value: in canonical form.
        distance: from the group's first, in the algorithm's own unit. In a group that is a chain it may be
            larger than the radius.
    """

    place: str
    value: str
    distance: int


class Unread(msgspec.Struct, frozen=True):
    """A row that no value could be read from: `list.csv:12`, and why."""

    place: str
    reason: str


class Rows:
    """Values of one algorithm, and where each stands: some forty bytes a row.

    rows = held + empty + other + refused

    Attributes:
        rows: cells of the columns that were read.
        held: values of the algorithm.
        empty: nothing stands there.
        other: values of another algorithm.
        refused: how many are no value, by reason.
        lines: the first hundred of those.
    """

    def __init__(self, algorithm: Algorithm) -> None:
        self.algorithm = algorithm
        self.rows = self.empty = self.other = 0
        self.refused, self.lines = Counter[str](), list[Unread]()
        self._files, self._starts = list[Path](), list[int]()
        self._keys, self._lines, self._values = bytearray(), array("Q"), list[str]()

    @property
    def held(self) -> int:
        return len(self._lines)

    def take(self, path: Path, rows: Sequence[Row]) -> None:
        """Rows of a list; of one file after the other."""
        if not self._files or self._files[-1] != path:
            self._files.append(path)
            self._starts.append(self.held)
        for row in rows:
            self.rows += 1
            if not row.text:
                self.empty += 1
                continue
            try:
                self._put(row)
            except InvalidHash as error:
                self.refused[str(error)] += 1
                if len(self.lines) < _SHOWN:
                    self.lines.append(Unread(f"{printable(str(path))}:{row.line}", str(error)))

    def groups(
        self, radius: int, progress: Callable[[int], object] = lambda _: None
    ) -> Groups[ListedRow]:
        """Which are alike; equal ones are.

        Raises:
            InvalidInput: groups cannot be made within this radius.
        """
        firsts = firsts_of(self.algorithm, self._matrix(), radius, self._value, progress)
        return Groups(firsts, self._read)

    def _put(self, row: Row) -> None:
        algorithm, text = self.algorithm, row.text
        if row.kind or row.refused:
            name, text = row_read(row)[0]
            if name != algorithm.name:
                self.other += 1
                return
        key = algorithm.parse(text)
        if not algorithm.reversible:
            self._values.append(algorithm.canonical(text))
        self._keys += key
        self._lines.append(row.line)

    def _matrix(self) -> Keys:
        return np.frombuffer(self._keys, np.uint8).reshape(-1, self.algorithm.width)

    def _value(self, number: int) -> str:
        return self._values[number]

    def _read(self, numbers: Numbers) -> Iterator[ListedRow]:
        algorithm, keys = self.algorithm, self._matrix()
        first = keys[numbers[0]].tobytes()
        for number in numbers.tolist():
            key = keys[number].tobytes()
            value = algorithm.text(key) if algorithm.reversible else self._values[number]
            path = self._files[bisect_right(self._starts, number) - 1]
            place = f"{printable(str(path))}:{self._lines[number]}"
            yield ListedRow(place, value, algorithm.distance(first, key))


def rows_take(rows: Rows, path: Path, column: str, progress: Callable[[int], object]) -> None:
    """Read a list (see `scanning.lists`). What names no kind is taken for a value of the algorithm.

    Args:
        rows: what takes them in.
        path: a CSV, TSV or Parquet file.
        column: the only one to read, by name or by number from 1.
        progress: called with the number of rows done since the last call.

    Raises:
        ScanUnreadable: no such column, or the file is no list at all.
        ExtraMissing: Parquet cannot be read here.
        OSError: the file cannot be read.
    """
    for item in list_items(path, column=column):
        rows.take(path, item.rows)
        progress(len(item.rows))
