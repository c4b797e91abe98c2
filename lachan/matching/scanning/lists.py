"""Lists of hashes and addresses, as CSV or Parquet: rows in, each with its line.

The first row is a head where one of its names says what stands below: a kind (`md5`, `sha256`, `pdq`,
`url`, `phone` …), or `value` with perhaps a `kind` beside it. Without one the first column is read, and
what it holds is guessed value by value; 64 digits are a SHA-256 unless `pdq:` stands before them. Lines
without a head may be of any form that an import of block lists reads, as md5sum and hosts files have them.
"""

import contextlib
import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from lachan.formats.lists.columns import typed
from lachan.formats.lists.form import is_comment
from lachan.formats.lists.forms.csv import Csv
from lachan.formats.lists.parsing import exceptions_read, line_read
from lachan.formats.lists.record import REASONS, Entry, UnreadableList
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.bounds import number_read
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.records import InvalidHash
from lachan.matching.scanning.parquet import cell_text, parquet_errors, parquet_open
from lachan.matching.scanning.records import Item, Row, ScanUnreadable
from lachan.matching.scanning.rows import rows_read
from lachan.matching.scanning.walking import printable

SUFFIXES = (".csv", ".tsv", ".parquet")
_PACKED = (".gz", ".bz2", ".xz")
_SHARE = 1_000
_LOOKED_AT = 50
_VALUES = ("value", "hash", "indicator", "digest")
_KINDS = ("kind", "type", "algorithm")
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
            with contextlib.closing(rows_read(path)) as rows:
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
    if row.refused:
        raise InvalidHash(row.refused)
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
    exceptions = _LetThrough(path)
    with contextlib.closing(rows_read(path)) as found:
        start = list(itertools.islice(found, _LOOKED_AT))
        rows = itertools.chain(start, found)
        headed = not column and Csv().recognise([text for _, _, text in start if text])
        above = [cells for _, cells, text in start if text and not is_comment(text)][:1]
        known = any(is_comment(text) for _, _, text in start) or any(
            _columns(cells, kind, "")[1] for cells in above
        )
        table = _Headed(kind) if headed and known else None
        for line, cells, text in rows:
            if table is not None:
                for row in table.rows(line, cells, text):
                    yield exceptions(row)
                continue
            if columns is None:
                if not cells:  # empty lines above the head
                    continue
                columns, headed = _columns(cells, kind, column)
                named = named or headed
                if headed:
                    continue
            if not named and _FORMED.search(text):
                for row in _formed(line, cells, text, kind):
                    yield exceptions(row)
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
            yield Row(line, item.text, kind, REASONS.get(item.reason, ""))
    if not found:
        yield Row(line, cells[0].strip(), kind)


class _Headed:
    """A table with a head, read as an import of block lists reads it."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._reader = Csv().reader()
        self._columns: Columns = []

    def rows(self, line: int, cells: list[str], text: str) -> Iterator[Row]:
        found = list(self._reader.values(text)) if text else []
        if not self._columns and self._reader.headed:
            self._columns = _columns([cell.strip('#" ') for cell in cells], self._kind, "")[0]
        if not found or found[0].reason == "no-head":
            return
        if found[0].reason == "bad-csv":  # the cells that can be told apart
            yield from _values(line, cells, self._columns)
            return
        values = [each for each in found if each.reason != "no-value"]
        if not values:
            yield from _values(line, cells, self._columns)
            return
        for each in values:
            refused = REASONS.get(each.reason, "")
            yield Row(line, each.text, self._kind or each.kind or "", refused)
        missing = sum(1 for at, _, _ in self._columns if not "".join(cells[at : at + 1]).strip())
        yield from [Row(line, "")] * missing


class _LetThrough:
    """Refuses what the list itself lets through, or lets a part of through: nobody looks at it here."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as stream:
            self._exceptions = exceptions_read(stream)

    def __call__(self, row: Row) -> Row:
        if not self._exceptions or row.refused or not row.text:
            return row
        try:
            observable = parse(*typed(row.text, row.kind))
        except InvalidObservable:
            return row
        judged = self._exceptions.judge(Entry(row.line, observable))
        if isinstance(judged, Entry) and not judged.lets:
            return row
        return msgspec.structs.replace(row, refused=REASONS["let-through"])


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
        place = number_read(column, low=1, high=len(cells))
        if place is None:
            raise ScanUnreadable(f"there is no such column: the first row has {len(cells)}")
        return [(place - 1, kind, -1)], headed
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
