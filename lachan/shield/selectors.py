"""Look-ups: is this known? Answered from what follows the ledger, with the asker's own eyes; for the public the
database is never asked.
"""

from contextlib import suppress
from threading import local

from django.conf import settings
from django.utils.translation import get_language

from lachan.formats.classification.categories import categories
from lachan.formats.observables.extraction import extract
from lachan.formats.observables.lookups import parents
from lachan.formats.observables.parsing import parse
from lachan.formats.observables.record import InvalidKey, InvalidObservable, Observable
from lachan.formats.sharing import Level
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.matching.covering import Covering
from lachan.members.records import PUBLIC, Actor
from lachan.sightings.selectors import exact_find

from .records import CheckAnswer

_mine = local()
_SEVERITY = ("none", "allow", "warn", "block")


def _reader() -> SnapshotReader:
    """This thread's reader: mapped files are shared by the kernel, so one a thread costs next to nothing."""
    reader: SnapshotReader | None = getattr(_mine, "reader", None)
    if reader is None:
        reader = _mine.reader = SnapshotReader(settings.LACHAN_HOME / "snapshots")
    return reader


def value_check(text: str, kind: str | None = None, *, by: Actor = PUBLIC) -> CheckAnswer:
    """What the published indicators that `by` may see say of `text`, or of something that covers it.

    Of a whole message it says what is worst of all that the message names.

    Args:
        text: an address, number, account or fingerprint, as people write it.
        kind: when it could be several things.
        by: with whose eyes.

    Raises:
        InvalidObservable: it is none of these.
    """
    return message_check(text, kind, by=by)[0]


def message_check(text: str, kind: str | None = None, *, by: Actor = PUBLIC) -> list[CheckAnswer]:
    """As `value_check`, of everything that a message names: the worst first, then as they stand in it.

    Raises:
        InvalidObservable: it names nothing that can be asked.
    """
    answers = [_answer(asked, by, guessed=kind is None) for asked in _named(text, kind)]
    return sorted(answers, key=lambda answer: -_SEVERITY.index(answer.action))


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


def _answer(asked: Observable, by: Actor, *, guessed: bool) -> CheckAnswer:
    verdict = _verdict(asked, by)
    if verdict is None and guessed and asked.kind == "sha256":
        # 64 hexadecimal digits are a file's digest or a picture's.
        other = parse(asked.value, "pdq")
        if (verdict := _verdict(other, by)) is not None:
            asked = other
    # The number is the public's own: one of all rows would tell whoever counts of hidden ones.
    sequence = _reader().sequence
    if verdict is None:
        return CheckAnswer(
            kind=asked.kind, value=asked.value, sequence=sequence, known=False, action="none"
        )
    return CheckAnswer(
        kind=asked.kind,
        value=asked.value,
        sequence=max(sequence, verdict.sequence),
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


def _verdict(asked: Observable, by: Actor) -> Verdict | None:
    """From the collection; the snapshot stands in for what is public where no collection here can tell, or
    while it is behind.
    """
    reader = _reader()
    answer = exact_find(by=by, asked=asked)
    found = answer.found if answer else ()
    if answer is None or answer.sequence < reader.sequence:
        if (verdict := _covering(reader, parents(asked))) is not None:
            return verdict
        found = tuple(one for one in found if one.hit.facts.reach != Level.PUBLIC)
    return _verdict_of(found[0]) if found else None


def _verdict_of(one: Covering) -> Verdict:
    facts = one.hit.facts
    return Verdict(
        kind=one.kind,
        value=one.hit.value,
        categories=facts.categories,
        source=facts.source,
        sequence=facts.sequence,
        indicator=str(facts.indicator),
    )


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
