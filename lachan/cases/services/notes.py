"""What colleagues write about a case: sealed to the desk, like the report itself."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from lachan.cases.models import Case, CaseNote
from lachan.cases.records import Happening
from lachan.cases.selectors.desk import case_get
from lachan.kernel.errors import InvalidInput, Refused, Unavailable
from lachan.kernel.sealing.bound import bind, unbind
from lachan.kernel.sealing.envelope import seal, unseal
from lachan.kernel.sealing.errors import SealBroken
from lachan.members import selectors as members
from lachan.members.records import Actor
from lachan.proofs.services import row_holds
from lachan.reports.policy import Action

from .timeline import happening_record

LONGEST = 20_000


@transaction.atomic
def note_add(*, by: Actor, uid: UUID, words: str) -> None:
    """Keep a note for the colleagues of the desk.

    Raises:
        InvalidInput: no words, or more than 20,000 characters.
        NotFound, Refused: as `case_get`.
        Unavailable: there is no desk key to seal to.
    """
    case = case_get(by=by, uid=uid, action=Action.CASE_WORK)
    note_write(case, by=by, words=words)
    happening_record(case, Happening.NOTED, by=by)


def note_write(
    case: Case, *, by: Actor, words: str, kind: CaseNote.Kind = CaseNote.Kind.NOTE
) -> None:
    words = words.strip()
    if not words or len(words) > LONGEST:
        raise InvalidInput(f"some words are needed, at most {LONGEST} characters")
    if by.person_id is None:
        raise Refused("a note has an author")
    key = members.desk_key_current(case.organisation_id)
    if key is None:
        raise Unavailable("there is no desk key to seal a note to")
    note = CaseNote(case=case, author_id=by.person_id, kind=kind)
    note.sealed = seal(bind(words.encode(), *_place(note)), to=[key.public])
    note.save(force_insert=True)


def _place(note: CaseNote) -> tuple[object, ...]:
    return ("note", note.uid, note.case.uid, note.author.uid, note.kind)


def note_read(note: CaseNote, keys: Iterable[str]) -> str | None:
    """The words, or None where none of these private keys opens them.

    Raises:
        SealBroken: the note was altered, or brought here from elsewhere, past the product.
    """
    if not (row_holds(note) and row_holds(note.author)):
        raise SealBroken("this note was altered")
    for key in keys:
        try:
            opened = unseal(bytes(note.sealed), key=key)
        except SealBroken:
            continue
        return unbind(opened, *_place(note))[0].decode()
    return None
