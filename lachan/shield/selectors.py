"""Look-ups: is this known? Answered from the snapshot; the database is never asked."""

from contextlib import suppress
from threading import local

from django.conf import settings
from django.utils.translation import get_language

from lachan.formats.classification.categories import categories
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.lookups import parents
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidKey, InvalidObservable, Observable
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict

from .records import CheckAnswer

_mine = local()
_SEVERITY = ("none", "allow", "warn", "block")


def _reader() -> SnapshotReader:
    """This thread's reader: mapped files are shared by the kernel, so one a thread costs next to nothing."""
    reader: SnapshotReader | None = getattr(_mine, "reader", None)
    if reader is None:
        reader = _mine.reader = SnapshotReader(settings.LACHAN_HOME / "snapshots")
    return reader


def value_check(text: str, kind: str | None = None) -> CheckAnswer:
    """What the published indicators say of `text`, or of something that covers it.

    Of a whole message it says what is worst of all that the message names.

    Args:
        text: an address, number, account or fingerprint, as people write it.
        kind: when it could be several things.

    Raises:
        InvalidObservable: it is none of these.
    """
    return max(
        (_answer(asked, guessed=kind is None) for asked in _named(text, kind)),
        key=lambda answer: _SEVERITY.index(answer.action),
    )


def _named(text: str, kind: str | None) -> list[Observable]:
    """What a text names: one value or, of a message, all that stand in it."""
    try:
        one = parse(text, kind)
    except InvalidObservable:
        found = extract(text) if kind is None else []
        # One alone, and nothing around it: that is what could not be read.
        if len(found) > 1 or (found and len(text.split()) > 1):
            return found
        raise
    # A blank is no part of an address, though a URL can be read with one.
    if kind is None and one.kind == "url" and len(text.split()) > 1:
        return extract(text) or [one]
    return [one]


def _answer(asked: Observable, *, guessed: bool) -> CheckAnswer:
    reader = _reader()
    verdict = _covering(reader, parents(asked))
    if verdict is None and guessed and asked.kind == "sha256":
        # 64 hexadecimal digits are a file's digest or a picture's.
        other = parse(asked.value, "pdq")
        if (verdict := _covering(reader, parents(other))) is not None:
            asked = other
    common = {"kind": asked.kind, "value": asked.value, "sequence": reader.sequence}
    if verdict is None:
        return CheckAnswer(**common, known=False, action="none")
    return CheckAnswer(
        **common,
        known=True,
        action=verdict.action,
        matched_kind=verdict.kind,
        matched_value=verdict.value,
        categories=verdict.categories,
        reason=_reason(verdict),
        source=verdict.source,
        indicator=verdict.indicator,
        published=verdict.sequence,
    )


def _reason(verdict: Verdict) -> str:
    category = categories().get(verdict.categories[0]) if verdict.categories else None
    return category.name(get_language() or "vi") if category else verdict.reason


def _covering(reader: SnapshotReader, places: list[tuple[str, str]]) -> Verdict | None:
    for kind, key in places:
        if kind == "domain":
            # The reader walks to the parents itself, and knows which entries mean one name alone.
            return reader.check_domain(key)
        for value in _values(kind, key):
            # An address longer than an entry can be is in no snapshot; its shorter prefixes may be.
            with suppress(InvalidKey):
                if (verdict := reader.get(kind, value)) is not None:
                    return verdict
    return None


def _values(kind: str, key: str) -> tuple[str, ...]:
    """The entries that a look-up key means: whoever blocks http://x/ means https://x/ too.

    They stay two entries, so that withdrawing the one never frees what the other says.
    """
    return (f"https://{key}", f"http://{key}") if kind == "url" else (key,)


def snapshot_status() -> dict[str, object]:
    """State, sequence and size of the snapshot that answers now."""
    status = _reader().status()
    return {name: getattr(status, name) for name in status.__struct_fields__}
