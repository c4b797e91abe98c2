"""The door: text → `Observable`."""

import re
import unicodedata
from functools import cache

from lachan.formats.observables.defang import refang
from lachan.formats.observables.kind import Kind
from lachan.formats.observables.names import is_plain_name
from lachan.formats.observables.record import InvalidObservable, Observable
from lachan.kernel.discovery import discover

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
# Half of a pair: what bytes that are no UTF-8 become where a file is read all the same, and "\\ud800" in JSON.
_NO_LETTER = re.compile(r"[\ud800-\udfff]")
MAX_RAW = 8192


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name: one file each in `kinds/`."""
    return discover("lachan.formats.observables.kinds", Kind)


@cache
def _by_order() -> list[Kind]:
    return sorted(kinds().values(), key=lambda kind: kind.order)


def parse(text: str, kind: str | None = None) -> Observable:
    """Reads one value; the kind is guessed where it is not given.

    Raises:
        InvalidObservable: with a reason code; nothing is ever half read.
    """
    raw = text
    text = text.strip()
    if not text:
        raise InvalidObservable("empty")
    if len(text) > MAX_RAW:
        raise InvalidObservable("too-long")
    if not text.isascii():
        if _NO_LETTER.search(text):
            raise InvalidObservable("bad-characters")
        text = unicodedata.normalize("NFC", text)
    if _CONTROL.search(text):
        raise InvalidObservable("control-characters")
    text = refang(text)
    if kind is None and is_plain_name(text):
        return Observable(
            "domain", text.lower(), raw
        )  # most of what ever comes, at a tenth of the cost
    if kind is not None:
        if kind not in kinds():
            raise InvalidObservable("unknown-kind")
        return Observable(kind, kinds()[kind].canonical(text), raw)
    return _guess(text, raw)


def _guess(text: str, raw: str) -> Observable:
    refused: InvalidObservable | None = None
    for candidate in _by_order():
        if candidate.recognise(text):
            try:
                return Observable(candidate.name, candidate.canonical(text), raw)
            except InvalidObservable as error:
                refused = refused or error
    raise refused or InvalidObservable("unrecognised")


def display(kind: str, value: str) -> str:
    """A canonical value as people read it: U-labels, national telephone writing."""
    return kinds()[kind].display(value) if kind in kinds() else value
