"""Rows of a text with columns (CSV, TSV): unpacked where it is packed, each with its line."""

import contextlib
import csv
import io
import itertools
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO

from lachan.formats.lists.joining import Line, joined
from lachan.formats.lists.source import foreign_check, packed_open
from lachan.matching.scanning.records import ScanUnreadable

_DELIMITERS = ",;\t|"
_LONGEST = 1 << 20


class _Table:
    """A text's rows: what its first line says of their cells."""

    def __init__(self, first: str) -> None:
        self._delimiter = max(_DELIMITERS, key=first.count)
        self._width = len(self.cells(first))

    def cells(self, text: str) -> list[str]:
        text = text.rstrip("\r\n")
        if '"' not in text:
            return text.split(self._delimiter) if text else []
        lines = [f"{line}\n" for line in text.split("\n")]
        try:
            return next(csv.reader(lines, delimiter=self._delimiter), [])
        except csv.Error:  # a cell that is longer than any value
            return text.split(self._delimiter)

    def goes_on(self, line: str) -> bool:
        return '"' in line and line.count('"') % 2 == 1 and self._width > 1

    def is_row(self, line: str) -> bool:
        return not self.goes_on(line) and len(self.cells(line)) == self._width


def rows_read(path: Path) -> Generator[tuple[int, list[str], str], None, None]:
    """Each row, the head too: the line that it ends on, its cells, and all of it."""
    with _opened(path) as file:
        lines = _lines(file)
        first = next(lines, None)
        if first is None:
            return
        table = _Table(first[1])
        for number, text in joined(itertools.chain([first], lines), table):
            yield number + text.count("\n"), table.cells(text), text


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """A list's text, unpacked where it is packed.

    Raises:
        UnreadableList: it is none.
    """
    with path.open("rb") as packed:
        inside = packed_open(packed, packed.read(10))
        if inside is None:
            packed.seek(0)
        binary = inside or packed
        foreign_check(binary.peek(10))
        # What is no UTF-8 spoils its own row alone: no value holds such letters.
        with io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="") as text:
            yield text


def _lines(file: IO[str]) -> Iterator[Line]:
    """Line by line, but never gigabytes of a file that has none."""
    number = 0
    while line := file.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise ScanUnreadable(
                f"no CSV from line {number} on: a line of more than {_LONGEST:,} letters"
            )
        number += 1
        yield number, line.rstrip("\r\n")
