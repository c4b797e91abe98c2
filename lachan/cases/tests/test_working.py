from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from lachan.cases.models import CaseNote
from lachan.cases.records import CaseMoved, CaseTaken, NoSuchChoice, Status
from lachan.cases.selectors.choices import outcome_list
from lachan.cases.selectors.desk import case_get
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.notes import LONGEST, note_add, note_read
from lachan.cases.services.rating import cases_rate_due, priority_set
from lachan.cases.services.working import (
    case_answer,
    case_classify,
    case_close,
    case_held,
    case_move,
    case_reopen,
    clock_meet,
)
from lachan.kernel.clock import held_at
from lachan.kernel.errors import InvalidInput, NotFound, Refused
from lachan.kernel.sealing.errors import SealBroken
from lachan.members.models import AuditEntry
from lachan.members.records import system
from lachan.outbox.models import OutboxEvent
from lachan.proofs.records import RowUnproved
from lachan.reports.records import Author, Urgency
from lachan.reports.selectors import report_get, report_open

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(case, personas):
    def mine(**content):
        row = case(**content)
        case_claim(by=personas.analyst.actor, uid=row.uid)
        row.refresh_from_db()
        return row

    return mine


def test_it_answers_the_reporter_once_for_a_form(mine, personas, keys):
    row, by = mine(), personas.analyst.actor
    for words in ("Cảm ơn bạn", "Cảm ơn bạn", "Cảm ơn bạn nhiều"):
        case_answer(by=by, uid=row.uid, words=words, token="form-1")
    opened = report_open(by=by, report=row.report_uid, keys=keys)
    assert [(m.author, m.words) for m in opened.messages] == [
        (Author.DESK, "Cảm ơn bạn"),
        (Author.DESK, "Cảm ơn bạn nhiều"),
    ]
    row.refresh_from_db()
    assert row.status == "in_progress"
    assert row.timeline.filter(kind="answered").count() == 2
    assert "form-1" not in str(list(row.timeline.values()))


@pytest.mark.parametrize("words", ["", "  \n ", "x" * (LONGEST + 1)])
def test_it_sends_no_empty_or_endless_answer(mine, personas, words):
    row, by = mine(), personas.analyst.actor
    with pytest.raises(InvalidInput):
        case_answer(by=by, uid=row.uid, words=words)
    with pytest.raises(InvalidInput):
        note_add(by=by, uid=row.uid, words=words)


def test_it_lets_only_the_holder_work(mine, personas):
    row, by = mine(), personas.officer.actor
    with pytest.raises(CaseTaken):
        case_answer(by=by, uid=row.uid, words="xin chào")
    with pytest.raises(CaseTaken):
        case_move(by=by, uid=row.uid, to=Status.WAITING)
    with pytest.raises(CaseTaken):
        case_close(by=by, uid=row.uid, outcome="helped")


def test_it_seals_notes_to_the_desk(mine, personas, keys):
    row = mine()
    note_add(by=personas.officer.actor, uid=row.uid, words="canary-ghi-chú")
    note = CaseNote.objects.get()
    assert "canary" not in bytes(note.sealed).decode("latin-1")
    assert note_read(note, keys.values()) == "canary-ghi-chú"
    assert note_read(note, []) is None


def test_it_waits_and_goes_on(mine, personas):
    row, by = mine(), personas.analyst.actor
    case_move(by=by, uid=row.uid, to=Status.IN_PROGRESS)
    case_move(by=by, uid=row.uid, to=Status.WAITING)
    case_move(by=by, uid=row.uid, to=Status.WAITING)
    assert [e.kind for e in row.timeline.order_by("at")][-2:] == ["started", "waits"]
    with pytest.raises(NoSuchChoice):
        case_move(by=by, uid=row.uid, to=Status.NEW)


def test_it_puts_a_case_under_another_category(mine, personas):
    row, by = mine(category="other"), personas.analyst.actor
    case_classify(by=by, uid=row.uid, category="contact.sexual")
    row.refresh_from_db()
    assert row.category == "contact.sexual"
    assert "solicitation" in row.reasons
    with pytest.raises(InvalidInput):
        case_classify(by=by, uid=row.uid, category="nonsense")


def test_it_stops_a_clock_when_somebody_says_that_it_is_done(mine, personas):
    row, by = mine(urgency=Urgency.DANGER), personas.analyst.actor
    before = row.due_at
    clock_meet(by=by, uid=row.uid, clock="emergency-measures")
    clock_meet(by=by, uid=row.uid, clock="emergency-measures")
    row.refresh_from_db()
    assert row.due_at > before
    assert row.timeline.filter(kind="clock_met").count() == 1
    with pytest.raises(NoSuchChoice):
        clock_meet(by=by, uid=row.uid, clock="no-such-clock")


def test_it_lets_a_person_overrule_the_rules_with_a_sealed_reason(mine, personas, keys):
    row, by = mine(), personas.analyst.actor
    advised = row.score
    with pytest.raises(InvalidInput):
        priority_set(by=by, uid=row.uid, priority=500, reason="")
    with pytest.raises(InvalidInput):
        priority_set(by=by, uid=row.uid, priority=1000, reason="vì thế")
    priority_set(by=by, uid=row.uid, priority=500, reason="canary-lý-do")
    row.refresh_from_db()
    assert (row.priority, row.score) == (500, advised)
    assert note_read(row.notes.get(), keys.values()) == "canary-lý-do"
    assert "canary" not in str(list(row.timeline.values()))
    priority_set(by=by, uid=row.uid, priority=None, reason="")
    row.refresh_from_db()
    assert row.priority == row.score == advised


def test_it_rates_again_when_time_has_changed_the_advice(case):
    row = case()
    assert cases_rate_due() == 0
    with held_at(row.next_rating_at):
        assert cases_rate_due() == 1
        assert cases_rate_due() == 0
    before = row.priority
    row.refresh_from_db()
    assert row.priority > before
    assert "unclaimed-2h" in row.reasons


def test_it_closes_with_an_outcome_of_the_data(mine, personas, keys):
    row, by = mine(), personas.analyst.actor
    with pytest.raises(NoSuchChoice):
        case_close(by=by, uid=row.uid, outcome="duplicate")
    case_close(by=by, uid=row.uid, outcome="helped", words="canary-kết-quả")
    row.refresh_from_db()
    assert (row.status, row.outcome) == ("closed", "helped")
    assert report_get(row.report_uid).status == "closed"
    assert note_read(row.notes.get(), keys.values()) == "canary-kết-quả"
    data = OutboxEvent.objects.get(topic="cases.CaseClosed").data
    assert data == {"case": str(row.uid), "report": str(row.report_uid), "outcome": "helped"}
    assert AuditEntry.objects.filter(action="case.close").exists()
    with pytest.raises(CaseMoved):
        case_close(by=by, uid=row.uid, outcome="helped")
    with pytest.raises(CaseMoved):
        case_claim(by=personas.officer.actor, uid=row.uid)


def test_it_opens_a_closed_case_again(mine, personas):
    row, by = mine(), personas.officer.actor
    with pytest.raises(CaseMoved):
        case_reopen(by=by, uid=row.uid)
    case_close(by=personas.analyst.actor, uid=row.uid, outcome="no-risk")
    case_reopen(by=by, uid=row.uid)
    row.refresh_from_db()
    assert (row.status, row.assignee, row.outcome) == ("claimed", personas.officer.person, "")
    assert report_get(row.report_uid).status == "open"


def test_it_lets_a_reviewer_read_but_not_work(mine, personas):
    row = mine()
    with pytest.raises(Refused):
        note_add(by=personas.reviewer.actor, uid=row.uid, words="xin chào")


def test_a_doubted_clock_rates_nothing(case):
    row = case()
    with held_at(row.next_rating_at + timedelta(days=900)):
        assert cases_rate_due() == 0
    before = row.priority
    row.refresh_from_db()
    assert row.priority == before


def test_it_takes_the_whole_range_of_a_person_s_word(mine, personas):
    row, by = mine(), personas.analyst.actor
    for priority in (0, 999):
        priority_set(by=by, uid=row.uid, priority=priority, reason="vì thế")
        row.refresh_from_db()
        assert row.priority == priority
    with pytest.raises(InvalidInput):
        priority_set(by=by, uid=row.uid, priority=-1, reason="vì thế")


def test_the_same_again_writes_no_line(mine, personas):
    row, by = mine(category="other"), personas.analyst.actor
    case_classify(by=by, uid=row.uid, category="other")
    assert not row.timeline.filter(kind="classified").exists()
    case_close(by=by, uid=row.uid, outcome="helped", words="  ")
    assert not row.notes.exists()


def test_it_takes_words_of_the_longest_length(mine, personas, keys):
    row, by = mine(), personas.analyst.actor
    longest = "x" * LONGEST
    case_answer(by=by, uid=row.uid, words=longest)
    note_add(by=by, uid=row.uid, words=longest)
    assert note_read(row.notes.get(), keys.values()) == longest


def test_a_note_has_an_author(mine):
    with pytest.raises(Refused):
        note_add(by=system("test"), uid=mine().uid, words="xin chào")


def test_it_opens_again_what_ended_by_an_outcome_that_holds_no_more(mine, personas):
    row, by = mine(), personas.analyst.actor
    case_close(by=by, uid=row.uid, outcome="helped")
    with held_at(datetime(2020, 1, 1, tzinfo=UTC)):
        assert "helped" not in {choice.code for choice in outcome_list()}
        case_reopen(by=by, uid=row.uid)
    row.refresh_from_db()
    assert row.status == "claimed"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE cases_casenote SET created_at = '2020-01-01'",
        "UPDATE members_person SET name = 'Kẻ khác'",
    ],
)
def test_it_reads_no_note_that_was_altered_past_the_product(mine, personas, keys, sql):
    note_add(by=personas.analyst.actor, uid=mine().uid, words="xin chào")
    with connection.cursor() as cursor:
        cursor.execute(sql)
    with pytest.raises(SealBroken):
        note_read(CaseNote.objects.get(), keys.values())


@pytest.mark.parametrize(
    "change",
    [
        "organisation_id = (SELECT MAX(id) FROM members_organisation)",
        "assignee_id = (SELECT MAX(id) FROM members_person)",
        "status = 'closed', closed_at = '2026-01-01'",
        "province = ''",
    ],
)
def test_it_opens_no_case_that_was_altered_past_the_product(mine, personas, change):
    uid = mine().uid
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE cases_case SET {change}")  # noqa: S608  our own words
    refused = 0
    for by in (personas.analyst, personas.other.analyst):
        for ask in (case_get, case_held):
            with pytest.raises((RowUnproved, NotFound)) as told:
                ask(by=by.actor, uid=uid)
            refused += told.type is RowUnproved
    assert refused
