"""The door: bytes → entries, one line at a time; the file is never held whole."""

import codecs
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain, islice
from typing import BinaryIO

from lachan.formats.lists.form import Form, LineReader
from lachan.formats.lists.record import MAX_LINE, MAX_SHOWN, Entry, Rejected, UnreadableList
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidObservable
from lachan.kernel.discovery import discover

_LOOKED_AT = 50
_BINARY = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
Line = tuple[int, str]


@cache
def forms() -> dict[str, Form]:
    """Every form by name: plain, hosts, adblock, urls, jsonl, csv."""
    return discover("lachan.formats.lists.forms", Form)


def read(
    stream: BinaryIO, *, form: str = "auto", kind: str | None = None
) -> Iterator[Entry | Rejected]:
    """Reads a list.

    Comments and blank lines yield nothing; every other line yields at least one item. A line that is
    binary, not UTF-8 or too long is quarantined alone. A byte-order mark and CRLF are taken off.

    Args:
        stream: opened for reading bytes; only `readline` is used.
        form: a name of `forms()`, or auto to look at the first 50 lines with content.
        kind: the kind that plain values have; guessed value by value where it is not given.

    Raises:
        UnreadableList: an unknown form, or UTF-16 text.
    """
    if form != "auto" and form not in forms():
        raise UnreadableList(f"there is no such form: choose auto, {', '.join(forms())}")
    lines = _lines(stream)
    start: list[Line | Rejected] = []
    if form == "auto":
        start = list(islice(lines, _LOOKED_AT))
        form = _recognised([line[1] for line in start if isinstance(line, tuple)])
    chosen = forms()[form]
    yield from _items(chain(start, lines), chosen, chosen.reader(), kind)


def _items(
    lines: Iterator[Line | Rejected], form: Form, reader: LineReader, kind: str | None
) -> Iterator[Entry | Rejected]:
    for line in lines:
        if isinstance(line, Rejected):
            yield line
            continue
        number, text = line
        if text.startswith(form.comments):
            continue
        for found in reader.values(text):
            if found.reason:
                yield Rejected(number, found.reason, _shown(found.text))
                continue
            try:
                observable = parse(found.text, found.kind or kind)
            except InvalidObservable as error:
                yield Rejected(number, error.reason, _shown(found.text))
            else:
                yield Entry(number, observable, found.facts or {})


def _recognised(texts: list[str]) -> str:
    for form in sorted(forms().values(), key=lambda form: form.order):
        lines = [text for text in texts if not text.startswith(form.comments)]
        if lines and form.recognise(lines):
            return form.name
    return "plain"


def _lines(stream: BinaryIO) -> Iterator[Line | Rejected]:
    number = 0
    while piece := stream.readline(MAX_LINE + 2):
        number += 1
        if number == 1:
            if piece.startswith(_WIDE):
                raise UnreadableList("the file is UTF-16 or UTF-32: save it as UTF-8")
            piece = piece.removeprefix(codecs.BOM_UTF8)
        if len(piece.rstrip(b"\r\n")) > MAX_LINE:
            _skip_line(stream, piece)
            yield Rejected(
                number, "line-too-long", _shown(piece[:MAX_SHOWN].decode("utf-8", "replace"))
            )
            continue
        try:
            text = piece.decode("utf-8").strip()
        except UnicodeDecodeError:
            shown = piece.decode("utf-8", "backslashreplace")
            yield Rejected(number, "binary" if b"\0" in piece else "not-utf-8", _shown(shown))
            continue
        if not text:
            continue
        if not text.isprintable() and _BINARY.search(text):
            yield Rejected(number, "binary", _shown(text))
        else:
            yield number, text


def _skip_line(stream: BinaryIO, piece: bytes) -> None:
    while piece and not piece.endswith(b"\n"):
        piece = stream.readline(1 << 20)


def _shown(text: str) -> str:
    shown = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return shown[:MAX_SHOWN]
