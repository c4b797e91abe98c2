"""Lists of hashes and addresses, as CSV or Parquet: rows in, each with its line.

The first row is a head where one of its names says what stands below: a kind (`md5`, `sha256`, `pdq`,
`url`, `phone` …), or `value` with perhaps a `kind` beside it. Without one the first column is read, and
what it holds is guessed value by value; 64 digits are a SHA-256 unless `pdq:` stands before them.
"""

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.records import ExtraMissing, InvalidHash
from lachan.matching.scanning.records import Item, Row, ScanUnreadable

SUFFIXES = (".csv", ".tsv", ".parquet")
_SHARE = 1_000
_VALUES = ("value", "hash", "indicator", "digest")
_KINDS = ("kind", "type", "algorithm")
_DELIMITERS = ",;\t|"
_LONGEST = 1 << 20
Columns = list[tuple[int, str, int]]
"""Of each value: its column, its kind ("" to be guessed), and the column that says its kind (-1: none)."""


def is_list(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def list_items(path: Path, *, kind: str = "", column: str = "") -> Iterator[Item]:
    """A list in pieces of a thousand values.

    Args:
        path: a CSV, TSV or Parquet file.
        kind: of all values; without, the head says or each is guessed.
        column: the only one to read, by name or by number from 1.

    Raises:
        ScanUnreadable: no such column, or the file is no list at all.
        ExtraMissing: Parquet cannot be read here.
        OSError: the file cannot be read.
    """
    found = path.stat()
    reading = _parquet if path.suffix.lower() == ".parquet" else _csv
    first = 0
    rows = reading(path, kind, column)
    while share := tuple(itertools.islice(rows, _SHARE)):
        last = first + len(share)
        yield Item(str(path), found.st_size, found.st_mtime_ns, "rows", first, last, share)
        first = last


def row_read(row: Row) -> list[tuple[str, str]]:
    """(algorithm, value) of a row, and of what would cover it under another algorithm.

    Raises:
        InvalidHash: of a kind that nothing here matches, or none that can be guessed.
    """
    kind, text = row.kind.lower().replace("-", "").strip(), row.text
    if kind not in algorithms():
        try:
            observable = parse(text, kind or None)
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


def _csv(path: Path, kind: str, column: str) -> Iterator[Row]:
    # What is no UTF-8 spoils its own row alone: no value holds such letters.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        start = file.readline(_LONGEST)
        file.seek(0)
        delimiter = max(_DELIMITERS, key=start.count)
        reader = csv.reader(_lines(file), delimiter=delimiter)
        columns: Columns | None = None
        try:
            for cells in reader:
                if columns is None:
                    columns, headed = _columns(cells, kind, column)
                    if headed:
                        continue
                yield from _values(reader.line_num, cells, columns)
        except csv.Error as error:
            raise ScanUnreadable(f"no CSV from line {reader.line_num} on: {error}") from None


def _lines(file: IO[str]) -> Iterator[str]:
    """Line by line, but never gigabytes of a file that has none."""
    while line := file.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise csv.Error(f"a line of more than {_LONGEST:,} letters")
        yield line


def _parquet(path: Path, kind: str, column: str) -> Iterator[Row]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("Parquet needs pyarrow: pip install pyarrow") from None
    try:
        file = pq.ParquetFile(path)
        columns, headed = _columns(file.schema_arrow.names, kind, column)
        if not headed:
            raise ScanUnreadable("no column has the name of a kind: name one with --column")
        line = 0
        for batch in file.iter_batches(batch_size=_SHARE):
            for cells in zip(*(part.to_pylist() for part in batch.columns), strict=True):
                line += 1
                yield from _values(line, [_text(cell) for cell in cells], columns)
    except pa.ArrowException as error:
        raise ScanUnreadable(f"no Parquet file: {type(error).__name__}") from None


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    return cell.hex() if isinstance(cell, bytes) else str(cell)


def _columns(cells: Sequence[str], kind: str, column: str) -> tuple[Columns, bool]:
    """Which columns hold values, and whether `cells`, the first row's, are their names.

    Raises:
        ScanUnreadable: the one that was asked for is not there.
    """
    names = [cell.strip().lower().replace("-", "") for cell in cells]
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
        at = known.get(column.strip().lower().replace("-", ""))
        if at is None:
            raise ScanUnreadable("there is no such column")
        own = kind or (names[at] if _is_kind(names[at]) else "")
        return [(at, own, -1 if own else said)], True
    return (named or plain[:1] or [(0, kind, -1)]), headed


def _is_kind(name: str) -> bool:
    return name in algorithms() or algorithm_of(name) is not None


def _values(line: int, cells: list[str], columns: Columns) -> Iterator[Row]:
    for at, kind, said in columns:
        text = cells[at] if at < len(cells) else ""
        own = cells[said] if 0 <= said < len(cells) else ""
        yield Row(line, text.strip(), kind or own)
