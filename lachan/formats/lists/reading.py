"""The door: bytes → entries, one line at a time; the file is never held whole (but for one JSON document).

A list has one form, guessed from its first lines. A line that is not of that form costs itself alone: where
it is unmistakably of another form it is read as that, else it is quarantined.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from typing import BinaryIO

from lachan.formats.lists.form import Form, Found, LineReader, is_comment
from lachan.formats.lists.joining import Line, joined
from lachan.formats.lists.record import MAX_LINE, MAX_SHOWN, Entry, Rejected, UnreadableList
from lachan.formats.lists.source import Source
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.discovery import discover

_LOOKED_AT, _HELD = 50, 2_000
MAX_WHOLE = 64 << 20
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# What stands for bytes that are no UTF-8 (PEP 383): they spoil the value that they stand in, and no other.
_NO_UTF8 = re.compile(r"[\udc80-\udcff]")
# What a form says of a line that is none of its own; other reasons are its last word.
_NOT_MINE = {
    *("other-form", "bad-hosts-line", "pattern-rule", "not-json", "no-head", "no-value", "bad-csv"),
}


@cache
def forms() -> dict[str, Form]:
    """Every form by name: plain, hosts, adblock, urls, csv, jsonl and more; one file each in `forms/`."""
    return discover("lachan.formats.lists.forms", Form)


@cache
def _by_order() -> list[Form]:
    return sorted(forms().values(), key=lambda form: form.order)


def read(
    stream: BinaryIO, *, form: str = "auto", kind: str | None = None
) -> Iterator[Entry | Rejected]:
    """Reads a list, also one that is packed (gzip, bzip2, xz).

    Comments, heads and blank lines yield nothing; every other line yields at least one item, and a row whose
    quoted cells hold line ends yields for all its lines. A line that is binary or too long is quarantined
    alone, and so is a value that is not UTF-8. A byte-order mark, CRLF and CR are taken off.

    Args:
        stream: opened for reading bytes; only `readline` is used, and `read` where it is packed.
        form: a name of `forms()`, or auto to look at the first lines, of which 50 are no comments.
        kind: the kind that plain values have; guessed value by value where it is not given.

    Raises:
        UnreadableList: an unknown form, UTF-16 or another file that is no text, or a packed one that is
            damaged or unpacks to too much.
    """
    if form != "auto" and form not in forms():
        raise UnreadableList(f"there is no such form: choose auto, {', '.join(forms())}")
    source = Source(stream)
    if form == "auto":
        chosen, lines = _guessed(source)
    else:
        chosen = forms()[form]
        lines = _whole(source) if chosen.whole else _lines(source)
    yield from _items(lines, chosen, kind, alone=form != "auto" or chosen.whole)


def line_read(line: str, kind: str | None = None) -> list[Entry | Rejected]:
    """One line that stands alone, as the first form that claims it reads it; empty where none does."""
    return _Others(None, kind).read(1, line.strip())


def form_fitting(lines: list[str]) -> str:
    """Of lines that were refused: the form that would read most of them; empty where none reads any.

    `csv` also where they are rows that only lack a head.
    """
    best, most = "", (0, 0)
    for form in _by_order():
        items = _items(iter(enumerate(lines, 1)), form, None, alone=True)
        read = sum(isinstance(item, Entry) for item in items)
        fit = read, sum(map(form.claims, lines))
        if read and fit > most:
            best, most = form.name, fit
    return best or ("csv" if sum(map(_has_cells, lines)) * 2 > len(lines) else "")


def _has_cells(line: str) -> bool:
    cells = [cell.strip(" '\"") for cell in re.split(r"[,;\t|]", line)]
    return len(cells) > 1 and any("." in cell or len(cell) >= 32 for cell in cells)


def _guessed(source: Source) -> tuple[Form, Iterator[Line | Rejected]]:
    first = b""
    while len(first) < MAX_LINE and not first.strip() and (piece := source.readline(MAX_LINE)):
        first += piece
    source.put_back(first)
    opening = first.decode("utf-8", "replace").strip().splitlines()[:1]
    for form in _by_order():
        if form.whole and form.recognise(opening):
            return form, _whole(source)
    lines = _lines(source)
    start: list[Line | Rejected] = []
    left = _LOOKED_AT
    for line in islice(lines, _HELD):
        start.append(line)
        left -= isinstance(line, tuple) and not is_comment(line[1])
        if not left:
            break
    texts = [line[1] for line in start if isinstance(line, tuple)]
    chosen = next((form for form in _by_order() if not form.whole and form.recognise(texts)), None)
    return chosen or forms()["plain"], chain(start, lines)


def _items(
    lines: Iterator[Line | Rejected], form: Form, kind: str | None, *, alone: bool
) -> Iterator[Entry | Rejected]:
    reader, others = form.reader(), _Others(form, kind)
    for line in joined(lines, reader) if form.rows_go_on else lines:
        if isinstance(line, Rejected):
            yield line
            continue
        number, text = line
        if text.startswith(form.comments):
            continue
        for found in reader.values(text):
            item = _item(number, found, kind)
            if isinstance(item, Entry) or alone or not _is_odd(found):
                yield item
            elif not is_comment(text):
                yield from others.read(number, text) or [item]


def _is_odd(found: Found) -> bool:
    """Whether a refused line may be of another form: nothing told its kind, or its form says so."""
    return found.reason in _NOT_MINE if found.reason else found.kind is None


def _item(number: int, found: Found, kind: str | None) -> Entry | Rejected:
    number = found.place or number
    if found.reason:
        return Rejected(number, found.reason, _shown(found.text))
    try:
        observable = parse(found.text, found.kind or kind)
    except InvalidObservable as error:
        reason = error.reason
    else:
        return Entry(number, observable, found.facts) if found.facts else Entry(number, observable)
    if not found.text.isascii() and _NO_UTF8.search(found.text):
        reason = "not-utf-8"
    return Rejected(number, reason, _shown(found.text))


class _Others:
    """Reads lines that are not of the list's own form; what a line says of those below it is kept."""

    def __init__(self, own: Form | None, kind: str | None) -> None:
        self._forms = [form for form in _by_order() if form is not own]
        self._kind = kind
        self._readers: dict[str, LineReader] = {}

    def read(self, number: int, text: str) -> list[Entry | Rejected]:
        """A line as the first form that claims it reads it; empty where none does."""
        for form in self._forms:
            if form.claims(text):
                reader = self._readers.setdefault(form.name, form.reader())
                return [_item(number, found, self._kind) for found in reader.values(text)]
        return []


def _whole(source: Source) -> Iterator[Line | Rejected]:
    pieces, size = [], 0
    while piece := source.readline(1 << 20):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_WHOLE:
            raise UnreadableList(
                "more than 64 MB of JSON in one piece: write one object a line (jq -c '.[]')"
            )
    yield 1, b"".join(pieces).decode("utf-8", "surrogateescape")


def _lines(source: Source) -> Iterator[Line | Rejected]:
    number, readline = 0, source.readline
    while piece := readline(MAX_LINE + 2):
        number += 1
        if b"\r" in piece:
            piece = _to_carriage_return(source, piece)
        if len(piece.rstrip(b"\r\n")) > MAX_LINE:
            _skip_line(source, piece)
            yield Rejected(
                number, "line-too-long", _shown(piece[:MAX_SHOWN].decode("utf-8", "replace"))
            )
            continue
        try:
            text = piece.decode().strip()
        except UnicodeDecodeError:
            text = piece.decode("utf-8", "surrogateescape").strip()
        if not text:
            continue
        if not text.isprintable() and _BINARY.search(text):
            yield Rejected(number, "binary", _shown(text))
        else:
            yield number, text


def _to_carriage_return(source: Source, piece: bytes) -> bytes:
    """A piece up to its first CR that ends a line by itself, as old systems and some exports write."""
    end = piece.find(b"\r") + 1
    if end and piece[end:].strip(b"\r\n"):
        source.put_back(piece[end:])
        return piece[:end]
    return piece


def _skip_line(source: Source, piece: bytes) -> None:
    while piece and not piece.endswith((b"\n", b"\r")):
        piece = _to_carriage_return(source, source.readline(MAX_LINE))
    if piece.endswith(b"\r") and (more := source.readline(1)) != b"\n":
        source.put_back(more)


def _shown(text: str) -> str:
    shown = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return shown[:MAX_SHOWN]
