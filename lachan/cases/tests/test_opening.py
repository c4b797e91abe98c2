from datetime import timedelta

import pytest

from lachan.cases.models import Case, CaseNote
from lachan.cases.records import CaseMoved
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.notes import note_add
from lachan.cases.services.opening import case_forget, case_mark_written, case_open
from lachan.cases.services.unsealing import case_report_open
from lachan.cases.services.working import case_answer, case_close, case_reopen
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import NotFound
from lachan.kernel.events import HANDLERS
from lachan.kernel.ids import uuid7
from lachan.members.records import PUBLIC, system
from lachan.outbox.models import OutboxEvent
from lachan.reports.events import ReporterWrote, ReportReceived
from lachan.reports.records import Status, Urgency
from lachan.reports.selectors import report_get
from lachan.reports.services import reporter_write, reports_purge
from tests.lived import lived_until

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def topics():
    return list(OutboxEvent.objects.order_by("id").values_list("topic", flat=True))


def test_it_opens_a_case_when_a_report_arrives(report, deliver, personas):
    uid = report(category="contact.sexual", urgency=Urgency.DANGER, province="04")
    deliver()
    case = Case.objects.get(report_uid=uid)
    assert (case.category, case.urgency, case.province) == ("contact.sexual", "danger", "04")
    assert case.organisation == personas.organisation
    assert case.status == "new"
    assert case.priority == case.score > 100
    assert case.due_at == case.opened_at + timedelta(hours=12)
    assert [line.kind for line in case.timeline.all()] == ["opened"]
    assert "cases.CaseOpened" in topics()


def test_it_opens_one_case_however_often_it_hears_of_a_report(report, deliver):
    uid = report()
    deliver()
    event = ReportReceived(report=uid, category="other", urgency="calm")
    for _ in range(2):
        for handler in HANDLERS[ReportReceived.topic]:
            handler(event)
    assert case_open(by=SYSTEM, report=uid) == Case.objects.get().uid
    assert Case.objects.get().timeline.count() == 1
    assert topics().count("cases.CaseOpened") == 1


def test_it_keeps_no_exact_time_of_a_report(report, deliver):
    with held_at(now().replace(minute=17, second=23, microsecond=5)):
        uid = report()
        deliver()
        reporter_write(by=PUBLIC, report=uid, words="thêm một điều")
        deliver()
    case = Case.objects.get()
    moments = [case.opened_at, case.reporter_waits_since, *(e.at for e in case.timeline.all())]
    assert all((m.minute, m.second, m.microsecond) == (0, 0, 0) for m in moments)
    assert case.uid.version == 4  # random through and through


def test_it_opens_no_case_without_a_report(db):
    with pytest.raises(NotFound):
        case_open(by=SYSTEM, report=uuid7())


def test_it_marks_the_case_when_the_reporter_writes(case, deliver, personas):
    row = case()
    before = row.priority
    reporter_write(by=PUBLIC, report=row.report_uid, words="thêm một điều")
    reporter_write(by=PUBLIC, report=row.report_uid, words="và một điều nữa")
    deliver()
    row.refresh_from_db()
    assert row.reporter_unread
    assert row.priority > before
    # Two messages within an hour are one line: a line each would tell when a child sat at the phone.
    assert {e.kind: e.at.minute for e in row.timeline.all()} == {"opened": 0, "reporter_wrote": 0}
    assert row.timeline.count() == 2


def test_it_goes_on_when_the_awaited_answer_comes(case, deliver, personas):
    row, by = case(), personas.analyst.actor
    case_claim(by=by, uid=row.uid)
    case_answer(by=by, uid=row.uid, words="Bạn có thể kể thêm không?", is_question=True)
    row.refresh_from_db()
    assert (row.status, row.reporter_waits_since) == ("waiting", None)
    reporter_write(by=PUBLIC, report=row.report_uid, words="có")
    deliver()
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("in_progress", personas.analyst.person)


def test_it_opens_a_closed_case_again_when_the_reporter_writes(case, deliver, personas):
    row, by = case(), personas.analyst.actor
    case_claim(by=by, uid=row.uid)
    case_close(by=by, uid=row.uid, outcome="helped")
    assert report_get(row.report_uid).status is Status.CLOSED
    reporter_write(by=PUBLIC, report=row.report_uid, words="lại nữa rồi")
    deliver()
    row.refresh_from_db()
    assert (row.status, row.assignee, row.outcome, row.closed_at) == ("new", None, "", None)
    assert "came-back" in row.reasons
    # The days of retention stop as well.
    assert report_get(row.report_uid).status is Status.OPEN
    for handler in HANDLERS[ReporterWrote.topic]:
        handler(ReporterWrote(report=row.report_uid))
    assert row.timeline.filter(kind="reopened").count() == 1


def test_it_forgets_words_and_fingerprints_with_the_report(case, deliver, personas, keys):
    row, by = case(traces="xau.example"), personas.analyst.actor
    case_claim(by=by, uid=row.uid)
    case_report_open(by=by, uid=row.uid, keys=keys)
    note_add(by=by, uid=row.uid, words="đã gọi lại")
    assert row.fingerprints.exists()
    case_close(by=by, uid=row.uid, outcome="helped")
    with lived_until(now() + timedelta(days=5000)):
        assert reports_purge(by=SYSTEM) == 1
        deliver()
    assert not CaseNote.objects.exists()
    assert not row.fingerprints.exists()
    row.refresh_from_db()
    assert (row.status, row.outcome) == ("closed", "helped")
    page = personas.analyst.client().get(f"/staff/cases/{row.uid}/")
    assert page.context["is_gone"]
    with pytest.raises(CaseMoved):
        case_reopen(by=by, uid=row.uid)


def test_it_ends_a_case_whose_report_went_unworked(case, deliver):
    row = case()
    with lived_until(now() + timedelta(days=5000)):
        reports_purge(by=SYSTEM)
        deliver()
    row.refresh_from_db()
    assert (row.status, row.outcome) == ("closed", "forgotten")


def test_it_passes_over_reports_that_have_no_case(db):
    assert case_mark_written(by=SYSTEM, report=uuid7()) is None
    assert case_forget(by=SYSTEM, report=uuid7()) is None


def test_the_wait_runs_from_the_first_word_that_nobody_has_answered(case, deliver, personas, keys):
    row, by, start = case(), personas.analyst.actor, now()
    case_claim(by=by, uid=row.uid)
    waits = []
    for hours in (1, 4):
        with held_at(start + timedelta(hours=hours)):
            reporter_write(by=PUBLIC, report=row.report_uid, words=f"thêm {hours}")
            deliver()
        row.refresh_from_db()
        waits.append(row.reporter_waits_since)
    assert waits[0] == waits[1] is not None
    case_report_open(by=by, uid=row.uid, keys=keys)
    case_answer(by=by, uid=row.uid, words="Cảm ơn bạn", is_question=True)
    row.refresh_from_db()
    assert (row.reporter_waits_since, row.status) == (None, "waiting")


def test_what_waits_without_a_holder_comes_back_as_new(case, deliver, personas):
    row = case()
    Case.objects.filter(pk=row.pk).update(status="waiting")
    reporter_write(by=PUBLIC, report=row.report_uid, words="có")
    deliver()
    row.refresh_from_db()
    assert (row.status, row.assignee) == ("new", None)
