"""What is done a second time, or to the very hour: once counted, once written down, nothing lost."""

from datetime import timedelta

import pytest

from lachan.kernel.clock import held_at, now
from lachan.members.models import AuditEntry
from lachan.members.records import PUBLIC, system
from lachan.outbox.models import OutboxEvent
from lachan.reports import conf, inbox, selectors, services
from lachan.reports.models import InboxSession, Message, Report
from lachan.reports.records import Status
from tests.lived import lived_until

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def lines(action):
    return AuditEntry.objects.filter(action=action).count()


def test_an_act_that_changes_nothing_writes_no_line(submit, analyst):
    sent = submit()
    for act, status in (
        (services.report_hold, Status.HELD),
        (services.report_release, Status.OPEN),
        (services.report_close, Status.CLOSED),
        (services.report_reopen, Status.OPEN),
    ):
        for _ in range(2):
            act(by=analyst, report=sent.report)
        assert selectors.report_get(sent.report).status is status
        assert lines(f"report.{act.__name__.removeprefix('report_')}") == 1
    services.report_close(by=analyst, report=sent.report)
    for act in (services.report_hold, services.report_release):
        act(by=analyst, report=sent.report)
    assert selectors.report_get(sent.report).status is Status.CLOSED
    assert (lines("report.hold"), lines("report.release")) == (1, 1)


def test_an_answer_sent_twice_is_one_message_and_one_line(submit, analyst):
    sent = submit()
    for _ in range(2):
        services.report_answer(by=analyst, report=sent.report, words="Bạn ổn không?", token="t")
    for _ in range(2):
        services.report_answer(by=analyst, report=sent.report, words="Bạn ổn không?")
    assert Message.objects.count() == lines("report.answer") == 3
    messages = inbox.inbox_read(inbox.inbox_open(sent.receipt)).messages
    assert [message.is_question for message in messages] == [False] * 3


def test_a_mark_has_the_length_of_its_column(submit, analyst):
    """A mark of another length would not find its message again after an upgrade."""
    form = services.form_new()
    sent = submit(form=form)
    submit(form=form, words="khác")
    services.report_answer(by=analyst, report=sent.report, words="x", token="t")
    services.report_answer(by=analyst, report=sent.report, words="x")
    assert {len(bytes(mark)) for mark in Message.objects.values_list("mark", flat=True)} == {16}
    assert Message.objects.count() == 3


def test_the_receipt_is_shown_again_to_the_last_moment_and_not_in_the_next(submit):
    hour = now().replace(minute=0, second=0, microsecond=0)
    with held_at(hour):
        form = services.form_new()
        sent = submit(form=form)
    with held_at(hour + conf.RETRY - timedelta(microseconds=1)):
        assert submit(form=form).receipt == sent.receipt
    with held_at(hour + conf.RETRY):
        late = submit(form=form)
    assert (late.receipt, late.again) == (None, True)


def test_it_says_whether_a_desk_receives(submit, monkeypatch):
    assert services.is_open()
    monkeypatch.setattr(services.members, "desk_key_home", lambda: None)
    assert not services.is_open()


def test_a_year_runs_from_the_end_of_the_work_and_not_from_the_report(submit, analyst):
    days = {rule["status"]: rule["days"] for rule in conf.retention_rules()}
    start = now()
    sent = submit()
    with lived_until(start + timedelta(days=days["closed"] - 1)):
        services.report_close(by=analyst, report=sent.report)
    with lived_until(start + timedelta(days=days["closed"] + 1)):
        assert services.reports_purge(by=SYSTEM) == 0
    with held_at(start + timedelta(days=9 * days["closed"])):
        assert services.reports_purge(by=SYSTEM) == 0
    with lived_until(start + timedelta(days=2 * days["closed"] + 1)):
        assert services.reports_purge(by=SYSTEM) == 1
    assert not Report.objects.exists()
    assert lines("report.purge") == 1


@pytest.mark.parametrize(("ahead", "stands"), [(0, False), (1, True), (120, True), (121, False)])
def test_an_inbox_stands_no_longer_than_a_clock_could_have_given_it(submit, ahead, stands):
    inbox.inbox_open(submit().receipt)
    moment = now()
    InboxSession.objects.update(closes_hour=moment + timedelta(minutes=ahead))
    with held_at(moment):
        services.reports_purge(by=SYSTEM)
    assert InboxSession.objects.exists() is stands


def test_what_a_reporter_adds_is_told_once(submit):
    sent = submit()
    for _ in range(2):
        services.reporter_write(by=PUBLIC, report=sent.report, words="thêm", token="t")
    told = list(OutboxEvent.objects.order_by("id").values_list("topic", flat=True))
    assert told == ["reports.ReportReceived", "reports.ReporterWrote"]
