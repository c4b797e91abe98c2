"""Parsing observables: text → `Observable`."""

import re
from functools import cache

from lachan.formats.observables.defang import refang
from lachan.formats.observables.kind import Kind
from lachan.formats.observables.names import is_plain_name
from lachan.formats.observables.platforms import is_profile_host
from lachan.formats.observables.prose import unwrapped
from lachan.formats.observables.record import InvalidObservable, Observable
from lachan.kernel.discovery import discover
from lachan.kernel.pasted import cleaned, composed

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202e]")
# Half of a pair: what bytes that are no UTF-8 become where a file is read all the same, and "\\ud800" in JSON.
_NO_LETTER = re.compile(r"[\ud800-\udfff]")
MAX_RAW = 8192
_PASSES = 4


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name: one folder each in `kinds/`."""
    return discover("lachan.formats.observables.kinds", Kind, module="kind")


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
    # Most of what ever comes, at a tenth of the cost.
    if kind is None and is_plain_name(text) and not is_profile_host(text.lower()):
        return Observable("domain", text.lower(), raw)
    text = _legible(text)
    if kind is not None:
        if kind not in kinds():
            raise InvalidObservable("unknown-kind")
        return Observable(kind, _canonical(kinds()[kind], text), raw)
    return _guess(text, raw)


def untrimmed(observable: Observable) -> str:
    """The canonical form with the marks behind it that `parse` takes for a sentence's; empty without any.

    Entries from before they were trimmed stand so, and an address may end in one after all.
    """
    raw = observable.raw.strip()
    if unwrapped(raw) == raw:
        return ""
    try:
        return kinds()[observable.kind].canonical(_legible(raw, trim=False))
    except InvalidObservable:
        return ""


def _legible(text: str, *, trim: bool = True) -> str:
    """Without what nobody sees, in NFC, and whole where it was defanged."""
    if len(text) > MAX_RAW:
        raise InvalidObservable("too-long")
    if not text.isascii():
        if _NO_LETTER.search(text):
            raise InvalidObservable("bad-characters")
        text = composed(cleaned(text)).strip()
    if trim:
        text = unwrapped(text)
    if not text:
        raise InvalidObservable("empty")
    if _CONTROL.search(text):
        raise InvalidObservable("control-characters")
    for _ in range(_PASSES):  # marks within marks
        if (whole := refang(text)) == text:
            return text
        text = whole
    raise InvalidObservable("bad-characters")


def _canonical(kind: Kind, text: str) -> str:
    """The canonical form, once it stays as it is: an escaped dot may come out within brackets."""
    value = kind.canonical(text)
    for _ in range(_PASSES):
        if (whole := unwrapped(refang(value))) == value:
            return value
        value = kind.canonical(whole)
    raise InvalidObservable("bad-characters")


def _guess(text: str, raw: str) -> Observable:
    refused: InvalidObservable | None = None
    for candidate in _by_order():
        if candidate.recognise(text):
            try:
                return Observable(candidate.name, _canonical(candidate, text), raw)
            except InvalidObservable as error:
                if error.reason == "network-not-address":
                    raise  # and nothing else: neither a page nor a name
                refused = refused or error
    raise refused or InvalidObservable("unrecognised")


def display(kind: str, value: str) -> str:
    """A canonical value as people read it: U-labels, national telephone writing."""
    return kinds()[kind].display(value) if kind in kinds() else value
