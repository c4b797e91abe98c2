"""Parsing lists: bytes → entries, one line at a time; the file is never held whole (but for one JSON document).

A list has one form, guessed from its first lines. A line that is not of that form costs itself alone: where
it is unmistakably of another form it is read as that, else it is quarantined.
"""

import contextlib
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain, islice
from typing import BinaryIO, cast

from lachan.formats.lists.exceptions import Exceptions, TooMuchLetThrough, may_let_through
from lachan.formats.lists.form import Form, Found, Lets, LineReader, is_comment
from lachan.formats.lists.holders import SECTION_ENDS, Section
from lachan.formats.lists.joining import Line, joined
from lachan.formats.lists.record import MAX_LINE, Entry, Rejected, UnreadableList
from lachan.formats.lists.source import MAX_WHOLE, Source, lines_read, shown, whole_read
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.discovery import discover

_LOOKED_AT, _HELD = 50, 2_000
_CHANGES = ("+ ", "- ")
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
    alone, and so is a value that is not UTF-8. What the list itself lets through in whatever line is
    refused, and an entry of which it lets a part through says so in `lets`. A byte-order mark, CRLF and CR are taken off.

    Args:
        stream: opened for reading bytes; where it cannot seek, it is first laid down in a temporary file.
        form: a name of `forms()`, or auto to look at the first lines, of which 50 are no comments.
        kind: the kind that plain values have; guessed value by value where it is not given.

    Raises:
        UnreadableList: an unknown form, UTF-16 or another file that is no text, or a packed one that is
            damaged or unpacks to too much; or the list lets through more than a million values.
    """
    if form != "auto" and form not in forms():
        raise UnreadableList(f"there is no such form: choose auto, {', '.join(forms())}")
    with _rewindable(stream) as again:
        begin = again.tell()
        exceptions = exceptions_read(again, form, kind)
        again.seek(begin)
        items = _read(again, form, kind)
        yield from map(exceptions.judge, items) if exceptions else items


def _read(stream: BinaryIO, form: str, kind: str | None) -> Iterator[Entry | Rejected]:
    source = Source(stream)
    if form != "auto" and forms()[form].whole:
        yield from _items(whole_read(source), forms()[form], kind, alone=True)
        return
    chosen, lines, changes = _begun(source, form)
    yield from _items(lines, chosen, kind, alone=form != "auto" or chosen.whole, changes=changes)


def exceptions_read(stream: BinaryIO, form: str = "auto", kind: str | None = None) -> Exceptions:
    """What a list lets through, wherever it says so; a stream that can seek is left somewhere in it.

    Raises:
        TooMuchLetThrough: more than can be held.
    """
    found, begin = Exceptions(), stream.tell()
    try:
        if any(map(may_let_through, iter(Source(stream).lines, b""))):
            stream.seek(begin)
            for item in _read(stream, form, kind):
                if isinstance(item, Rejected):
                    found.add(item)
    except TooMuchLetThrough:
        raise
    except UnreadableList:
        pass  # a list that cannot be read, or only in part, says so where it is read for good
    return found


@contextlib.contextmanager
def _rewindable(stream: BinaryIO) -> Iterator[BinaryIO]:
    """A stream that can be read twice: what comes through a pipe is laid down on the disk."""
    if stream.seekable():
        yield stream
        return
    with tempfile.SpooledTemporaryFile(max_size=MAX_WHOLE) as kept:
        shutil.copyfileobj(stream, kept)
        kept.seek(0)
        yield cast("BinaryIO", kept)


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


def _begun(source: Source, form: str) -> tuple[Form, Iterator[Line | Rejected], bool]:
    """A list's form, its lines, and whether these are changes: `+ ` and `- ` before each."""
    if form == "auto":
        first = b""
        while len(first) < MAX_LINE and not first.strip() and (piece := source.readline(MAX_LINE)):
            first += piece
        source.put_back(first)
        opening = first.decode("utf-8", "replace").strip().splitlines()[:1]
        for each in _by_order():
            if each.whole and each.recognise(opening):
                return each, whole_read(source), False
    lines = lines_read(source)
    start: list[Line | Rejected] = []
    left = _LOOKED_AT
    for line in islice(lines, _HELD):
        start.append(line)
        left -= isinstance(line, tuple) and not is_comment(line[1])
        if not left:
            break
    texts = [line[1] for line in start if isinstance(line, tuple)]
    if changes := _are_changes(texts):
        texts = [text[2:] if text.startswith(_CHANGES) else text for text in texts]
    lines = chain(start, lines)
    if form != "auto":
        return forms()[form], lines, changes
    chosen = next((each for each in _by_order() if not each.whole and each.recognise(texts)), None)
    return chosen or forms()["plain"], lines, changes


def _are_changes(lines: list[str]) -> bool:
    """Whether lines are a change list's. Where all begin with `- `, which bullets do as well, they are taken
    for removals: what was withdrawn may never come back as blocked.
    """
    content = [line for line in lines if not is_comment(line)]
    if any(line.startswith("+ ") for line in content):
        return True
    rules = forms()["rules"]
    return bool(content) and all(
        line.startswith("- ") and not rules.claims(line) for line in content
    )


def _items(
    lines: Iterator[Line | Rejected],
    form: Form,
    kind: str | None,
    *,
    alone: bool,
    changes: bool = False,
) -> Iterator[Entry | Rejected]:
    reader, others, section = form.reader(), _Others(form, kind), Section()
    for line in joined(lines, reader) if form.rows_go_on else lines:
        if isinstance(line, Rejected):
            yield line
            continue
        number, text = line
        if text.startswith(form.comments):
            continue
        closed = section.reason
        if changes and text.startswith(_CHANGES):
            closed = "removal" if text[0] == "-" else closed
            text = text[2:].lstrip() or text
        elif (
            form.sections
            and text.endswith(SECTION_ENDS)
            and not is_comment(text)
            and section.opens(text)
        ):
            closed = ""
        items: Iterable[Entry | Rejected]
        if alone:
            items = (_item(number, found, kind) for found in reader.values(text))
        else:
            items = _own_or_others(number, text, kind, reader, others)
        yield from (_closed(item, closed) for item in items) if closed else items


def _own_or_others(
    number: int, text: str, kind: str | None, reader: LineReader, others: "_Others"
) -> list[Entry | Rejected]:
    """A line as its list's own form reads it or, where that finds it odd from end to end, as another does."""
    founds = list(reader.values(text))
    items = [_item(number, found, kind) for found in founds]
    of_own = any(isinstance(item, Entry) for item in items) or not all(map(_is_odd, founds))
    if of_own or not items:
        return items
    return [] if is_comment(text) else others.read(number, text) or items


def _closed(item: Entry | Rejected, reason: str) -> Rejected:
    """What stands where nothing is to be blocked, as refused."""
    if isinstance(item, Rejected):
        return item
    value = item.observable
    through = None if reason == "unknown-holder" else Lets(value.value, value.kind)
    return Rejected(item.line, reason, shown(value.value), through)


def _is_odd(found: Found) -> bool:
    """Whether a refused line may be of another form: nothing told its kind, or its form says so."""
    return found.reason in _NOT_MINE if found.reason else found.kind is None


def _item(number: int, found: Found, kind: str | None) -> Entry | Rejected:
    number = found.place or number
    if found.reason:
        return Rejected(number, found.reason, shown(found.text), found.lets)
    try:
        observable = parse(found.text, found.kind or kind)
    except InvalidObservable as error:
        reason = error.reason
    else:
        return Entry(number, observable, found.facts) if found.facts else Entry(number, observable)
    if not found.text.isascii() and _NO_UTF8.search(found.text):
        reason = "not-utf-8"
    return Rejected(number, reason, shown(found.text))


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
