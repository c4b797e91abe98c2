"""Lists of hashes and addresses, as CSV or Parquet: rows in, each with its line.

The first row is a head where one of its names says what stands below: a kind (`md5`, `sha256`, `pdq`,
`url`, `phone` …), or `value` with perhaps a `kind` beside it. Without one the first column is read, and
what it holds is guessed value by value; 64 digits are a SHA-256 unless `pdq:` stands before them.
"""

import contextlib
import csv
import itertools
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.records import ExtraMissing, InvalidHash
from lachan.matching.scanning.records import Item, Row, ScanUnreadable
from lachan.matching.scanning.walking import printable

SUFFIXES = (".csv", ".tsv", ".parquet")
_SHARE = 1_000
_VALUES = ("value", "hash", "indicator", "digest")
_KINDS = ("kind", "type", "algorithm")
_DELIMITERS = ",;\t|"
_LONGEST = 1 << 20
_NAMELESS = "no column has the name of a kind: name one with --column"
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
        ScanUnreadable: no such kind or column, or the file, which is named, is no list at all.
        ExtraMissing: Parquet cannot be read here.
        OSError: the file cannot be read.
    """
    kind_check(kind)
    found = path.stat()
    reading = _parquet if _is_parquet(path) else _csv
    first = 0
    rows = reading(path, kind, column)
    with _naming(path):
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
    with _naming(path):
        if _is_parquet(path):
            cells = _parquet_open(path).schema_arrow.names
        else:
            with contextlib.closing(_cells(path)) as rows:
                cells = next((cells for _, cells in rows if cells), [])
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


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Of several lists, which one it is that cannot be read."""
    try:
        yield
    except ScanUnreadable as error:
        raise ScanUnreadable(f"{printable(str(path))}: {error}") from None


def _csv(path: Path, kind: str, column: str) -> Iterator[Row]:
    columns: Columns | None = None
    for line, cells in _cells(path):
        if columns is None:
            if not cells:  # empty lines above the head
                continue
            columns, headed = _columns(cells, kind, column)
            if headed:
                continue
        yield from _values(line, cells, columns)


def _cells(path: Path) -> Generator[tuple[int, list[str]], None, None]:
    """Each row of a CSV file, the head too, and the line that it ends on."""
    # What is no UTF-8 spoils its own row alone: no value holds such letters.
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        start = file.readline(_LONGEST)
        file.seek(0)
        delimiter = max(_DELIMITERS, key=start.count)
        reader = csv.reader(_lines(file), delimiter=delimiter)
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as error:
            raise ScanUnreadable(f"no CSV from line {reader.line_num} on: {error}") from None


def _lines(file: IO[str]) -> Iterator[str]:
    """Line by line, but never gigabytes of a file that has none."""
    while line := file.readline(_LONGEST):
        if len(line) == _LONGEST:
            raise csv.Error(f"a line of more than {_LONGEST:,} letters")
        yield line


def _parquet(path: Path, kind: str, column: str) -> Iterator[Row]:
    file = _parquet_open(path)
    columns, headed = _columns(file.schema_arrow.names, kind, column)
    if not headed:
        raise ScanUnreadable(_NAMELESS)
    line = 0
    with _parquet_errors():
        for batch in file.iter_batches(batch_size=_SHARE):
            for cells in zip(*(part.to_pylist() for part in batch.columns), strict=True):
                line += 1
                yield from _values(line, [_text(cell) for cell in cells], columns)


def _parquet_open(path: Path) -> Any:
    try:
        import pyarrow.parquet as pq
    except ImportError:
        raise ExtraMissing("Parquet needs pyarrow: pip install pyarrow") from None
    with _parquet_errors():
        return pq.ParquetFile(path)


@contextlib.contextmanager
def _parquet_errors() -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
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
