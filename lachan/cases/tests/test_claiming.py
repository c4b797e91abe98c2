import threading

import pytest
from django.db import connection

from lachan.cases.models import Case, CaseEvent
from lachan.cases.records import CaseMoved, CaseTaken, NoSuchChoice, Status
from lachan.cases.services.claiming import case_claim, case_hand_over, case_release
from lachan.cases.services.notes import note_read
from lachan.cases.services.working import case_close, case_move, case_reopen
from lachan.kernel.errors import Refused
from lachan.members.models import AuditEntry
from lachan.members.records import Role, system

pytestmark = pytest.mark.django_db


def test_it_gives_a_case_to_who_asks_and_writes_it_down(case, personas):
    row = case()
    before = row.priority
    case_claim(by=personas.analyst.actor, uid=row.uid)
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("claimed", personas.analyst.person)
    assert row.priority <= before
    entry = AuditEntry.objects.get(action="case.claimed")
    assert entry.object == f"case:{row.uid}"


def test_it_gives_a_case_once(case, personas):
    row = case()
    case_claim(by=personas.analyst.actor, uid=row.uid)
    with pytest.raises(CaseTaken):
        case_claim(by=personas.officer.actor, uid=row.uid)
    case_claim(by=personas.analyst.actor, uid=row.uid)
    assert row.timeline.filter(kind="claimed").count() == 1


@pytest.mark.django_db(transaction=True)
def test_it_gives_a_case_once_to_many_at_once(case, personas):
    row = case()
    people = [personas.with_roles(Role.ANALYST).actor for _ in range(8)]
    start, got = threading.Barrier(len(people)), []

    def claim(by):
        start.wait()
        try:
            case_claim(by=by, uid=row.uid)
            got.append(by.person_id)
        except CaseTaken:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=claim, args=(by,)) for by in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    row.refresh_from_db()
    assert row.assignee_id == got[0]
    assert CaseEvent.objects.filter(case=row, kind="claimed").count() == 1


def test_it_takes_a_case_back(case, personas):
    row = case()
    case_claim(by=personas.analyst.actor, uid=row.uid)
    with pytest.raises(CaseMoved):
        case_release(by=personas.officer.actor, uid=row.uid)
    case_release(by=personas.analyst.actor, uid=row.uid)
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("new", None)


def test_it_hands_a_case_over_with_sealed_words(case, personas, keys):
    row, colleague = case(), personas.officer
    case_claim(by=personas.analyst.actor, uid=row.uid)
    case_hand_over(
        by=personas.analyst.actor, uid=row.uid, to=colleague.person.uid, words="canary-bàn-giao"
    )
    row.refresh_from_db()
    assert row.assignee == colleague.person
    note = row.notes.get()
    assert b"canary" not in bytes(note.sealed)
    assert note_read(note, keys.values()) == "canary-bàn-giao"


def test_it_hands_a_case_only_to_colleagues_who_may_work_on_it(case, personas):
    row = case()
    for persona in (personas.reviewer, personas.technical, personas.other.analyst):
        with pytest.raises(NoSuchChoice):
            case_hand_over(by=personas.analyst.actor, uid=row.uid, to=persona.person.uid)


def test_it_gives_cases_to_people_only(case):
    row = case()
    with pytest.raises(Refused):
        case_claim(by=system("test"), uid=row.uid)
    assert Case.objects.get().assignee is None


def test_a_closed_case_is_taken_by_nobody_not_even_again(case, personas):
    row, by = case(), personas.analyst.actor
    case_claim(by=by, uid=row.uid)
    case_close(by=by, uid=row.uid, outcome="helped")
    for who in (personas.analyst, personas.officer):
        with pytest.raises(CaseMoved):
            case_claim(by=who.actor, uid=row.uid)
        with pytest.raises(CaseMoved):
            case_release(by=who.actor, uid=row.uid)
        with pytest.raises(CaseMoved):
            case_hand_over(by=by, uid=row.uid, to=who.person.uid)
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("closed", personas.analyst.person)


def test_what_is_handed_over_without_words_stands_as_it_stood(case, personas):
    row, by, colleague = case(), personas.analyst.actor, personas.officer.person
    case_hand_over(by=by, uid=row.uid, to=colleague.uid, words="  ")
    row.refresh_from_db()
    assert (row.status, row.assignee, row.notes.count()) == ("claimed", colleague, 0)
    case_move(by=personas.officer.actor, uid=row.uid, to=Status.WAITING)
    case_hand_over(by=by, uid=row.uid, to=personas.analyst.person.uid)
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("waiting", personas.analyst.person)


def test_only_a_person_gives_back_or_opens_again(case, personas):
    row, by = case(), personas.analyst.actor
    with pytest.raises(CaseMoved):
        case_release(by=system("test"), uid=row.uid)
    case_claim(by=by, uid=row.uid)
    case_close(by=by, uid=row.uid, outcome="helped")
    with pytest.raises(CaseTaken):
        case_reopen(by=system("test"), uid=row.uid)
    row.refresh_from_db()
    assert row.status == "closed"
