"""Lists of hashes and addresses, as CSV or Parquet: rows in, each with its line.

The first row is a head where one of its names says what stands below: a kind (`md5`, `sha256`, `pdq`,
`url`, `phone` …), or `value` with perhaps a `kind` beside it. Without one the first column is read, and
what it holds is guessed value by value; 64 digits are a SHA-256 unless `pdq:` stands before them. Lines
without a head may be of any form that an import of block lists reads, as md5sum and hosts files have them.
"""

import contextlib
import csv
import io
import itertools
import re
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO

from lachan.formats.lists.columns import typed
from lachan.formats.lists.form import is_comment
from lachan.formats.lists.joining import Line, joined
from lachan.formats.lists.reading import line_read
from lachan.formats.lists.record import Entry, UnreadableList
from lachan.formats.lists.source import foreign_check, packed_open
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.records import InvalidHash
from lachan.matching.scanning.parquet import cell_text, parquet_errors, parquet_open
from lachan.matching.scanning.records import Item, Row, ScanUnreadable
from lachan.matching.scanning.walking import printable

SUFFIXES = (".csv", ".tsv", ".parquet")
_PACKED = (".gz", ".bz2", ".xz")
_SHARE = 1_000
_VALUES = ("value", "hash", "indicator", "digest")
_KINDS = ("kind", "type", "algorithm")
_DELIMITERS = ",;\t|"
_LONGEST = 1 << 20
# What no value has unless it is written in pieces: the lines of md5sum, hosts files, resolvers and ad blockers.
_FORMED = re.compile(r"\S\s+\S|^(?:[#!;@]|\|\||\*://|[\w-]+[=(/])")
_NAMELESS = "no column has the name of a kind: name one with --column"
Columns = list[tuple[int, str, int]]
"""Of each value: its column, its kind ("" to be guessed), and the column that says its kind (-1: none)."""


def is_list(path: Path) -> bool:
    name = path.name.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    return name.endswith(SUFFIXES)


def list_items(path: Path, *, kind: str = "", column: str = "") -> Iterator[Item]:
    """A list in pieces of a thousand values.

    Args:
        path: a CSV, TSV or Parquet file; a text may be packed by gzip, bzip2 or xz.
        kind: of all values; without, the head says or each is guessed.
        column: the only one to read, by name or by number from 1.

    Raises:
        ScanUnreadable: no such kind or column, or the file, which is named, is no list at all.
        ExtraMissing: Parquet cannot be read here.
        OSError: the file cannot be read.
    """
    kind_check(kind)
    found = path.stat()
    reading = _parquet if _is_parquet(path) else _csv
    first = 0
    rows = reading(path, kind, column)
    with list_named(path):
        while share := tuple(itertools.islice(rows, _SHARE)):
            last = first + len(share)
            yield Item(str(path), found.st_size, found.st_mtime_ns, "rows", first, last, share)
            first = last


def list_check(path: Path, *, kind: str = "", column: str = "") -> str:
    """Say before a list is read that it could not be; only its first row is looked at.

    Returns:
        What whoever named the list should know: that of several columns the first is read, because none has
        the name of a kind. Empty where there is no such doubt.

    Raises: see `list_items`.
    """
    kind_check(kind)
    with list_named(path):
        if _is_parquet(path):
            cells = parquet_open(path).schema_arrow.names
        else:
            with contextlib.closing(_rows(path)) as rows:
                cells = next((cells for _, cells, _ in rows if cells), [])
        if not cells:
            return ""
        headed = _columns(cells, kind, column)[1]
        if _is_parquet(path) and not (headed or column):
            raise ScanUnreadable(_NAMELESS)
    if headed or column or len(cells) == 1:
        return ""
    return (
        f"no column has the name of a kind ({', '.join(kinds())}): only the first of {len(cells)} is "
        "read; --column reads another"
    )


def kind_check(kind: str) -> None:
    """Say at once, and not row by row, that nothing here matches values of a kind. Empty is any.

    Raises:
        ScanUnreadable: it does not.
    """
    if kind and not _is_kind(_plain(kind)):
        raise ScanUnreadable(f"no such kind of values; there are: {', '.join(kinds())}")


def kinds() -> list[str]:
    """What a column or a value can be said to be: an algorithm, or a kind that one answers for."""
    return sorted({*algorithms(), *(kind for each in algorithms().values() for kind in each.kinds)})


def row_read(row: Row) -> list[tuple[str, str]]:
    """(algorithm, value) of a row, and of what would cover it under another algorithm.

    Raises:
        InvalidHash: of a kind that nothing here matches, or none that can be guessed.
    """
    kind, text = _plain(row.kind), row.text
    if kind not in algorithms():
        text, said = typed(text, row.kind)
        try:
            observable = parse(text, said)
        except InvalidObservable as error:
            raise InvalidHash(str(error)) from None
        kind, text = observable.kind, observable.value
    algorithm = algorithms().get(kind) or algorithm_of(kind)
    if algorithm is None:
        raise InvalidHash("nothing here matches values of this kind")
    found = [(algorithm.name, algorithm.canonical(text))]
    for other, value in algorithm.elsewhere(text):
        if (covering := algorithm_of(other)) is not None:
            found.append((covering.name, value))
    return found


@contextlib.contextmanager
def list_named(path: Path) -> Iterator[None]:
    """Of several lists, which one it is that cannot be read."""
    try:
        yield
    except (ScanUnreadable, UnreadableList) as error:
        raise ScanUnreadable(f"{printable(str(path))}: {error}") from None


def _csv(path: Path, kind: str, column: str) -> Iterator[Row]:
    columns: Columns | None = None
    named = bool(column)
    with contextlib.closing(_rows(path)) as rows:
        for line, cells, text in rows:
            if columns is None:
                if not cells:  # empty lines above the head
                    continue
                columns, headed = _columns(cells, kind, column)
                named = named or headed
                if headed:
                    continue
            if not named and _FORMED.search(text):
                yield from _formed(line, cells, text, kind)
            else:
                yield from _values(line, cells, columns)


def _formed(line: int, cells: list[str], text: str, kind: str) -> Iterator[Row]:
    """What a line says that is no row of a table but of another form, as md5sum and hosts files have it."""
    if is_comment(text):
        yield Row(line, "")
        return
    said = None if _plain(kind) in algorithms() else kind or None
    found = line_read(text, said)
    for item in found:
        if isinstance(item, Entry):
            yield Row(line, item.observable.value, kind or item.observable.kind)
        else:
            yield Row(line, item.text, kind)
    if not found:
        yield Row(line, cells[0].strip(), kind)


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


def _rows(path: Path) -> Generator[tuple[int, list[str], str], None, None]:
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


def _parquet(path: Path, kind: str, column: str) -> Iterator[Row]:
    file = parquet_open(path)
    columns, headed = _columns(file.schema_arrow.names, kind, column)
    if not headed:
        raise ScanUnreadable(_NAMELESS)
    line = 0
    with parquet_errors():
        for batch in file.iter_batches(batch_size=_SHARE):
            for cells in zip(*(part.to_pylist() for part in batch.columns), strict=True):
                line += 1
                yield from _values(line, [cell_text(cell) for cell in cells], columns)


def _columns(cells: Sequence[str], kind: str, column: str) -> tuple[Columns, bool]:
    """Which columns hold values, and whether `cells`, the first row's, are their names.

    Raises:
        ScanUnreadable: the one that was asked for is not there.
    """
    names = [_plain(cell) for cell in cells]
    known = {name: at for at, name in reversed(list(enumerate(names)))}
    said = next((known[name] for name in _KINDS if name in known), -1)
    named = [(at, name, -1) for at, name in enumerate(names) if _is_kind(name)]
    plain = [(known[name], kind, said) for name in _VALUES if name in known]
    headed = bool(named or plain)
    if column.isdecimal():
        if not 1 <= int(column) <= len(cells):
            raise ScanUnreadable(f"there is no such column: the first row has {len(cells)}")
        return [(int(column) - 1, kind, -1)], headed
    if column:
        at = known.get(_plain(column))
        if at is None:
            raise ScanUnreadable("there is no such column")
        own = kind or (names[at] if _is_kind(names[at]) else "")
        return [(at, own, -1 if own else said)], True
    return (named or plain[:1] or [(0, kind, -1)]), headed


def _plain(name: str) -> str:
    """`SHA-256` is sha256."""
    return name.strip().lower().replace("-", "")


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


def _is_kind(name: str) -> bool:
    return name in algorithms() or algorithm_of(name) is not None


def _values(line: int, cells: list[str], columns: Columns) -> Iterator[Row]:
    for at, kind, said in columns:
        text = cells[at] if at < len(cells) else ""
        own = cells[said] if 0 <= said < len(cells) else ""
        yield Row(line, text.strip(), kind or own)
