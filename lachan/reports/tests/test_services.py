import itertools
import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import NotFound, Refused, Unavailable
from lachan.kernel.sealing.envelope import keypair_new
from lachan.kernel.sealing.errors import SealBroken
from lachan.kernel.sealing.work import pow_zeros
from lachan.members.models import AuditEntry
from lachan.members.records import PUBLIC, system
from lachan.outbox.models import OutboxEvent
from lachan.proofs.records import RowUnproved
from lachan.reports import arrivals, conf, inbox, selectors, services, tasks
from lachan.reports.models import InboxSession, Message, Report
from lachan.reports.records import Author, Status, Urgency
from tests.lived import lived_until

pytestmark = pytest.mark.django_db
SYSTEM = system("test")


def events():
    return [(e.topic, e.data) for e in OutboxEvent.objects.order_by("id")]


def bits_of(form):
    return int(form.split(".")[1])


def worked(form):
    return next(str(i) for i in itertools.count() if pow_zeros(form, str(i)) >= bits_of(form))


def test_it_opens_for_the_desk_and_is_written_down(submit, desk_key, analyst):
    sent = submit(words="chuyện ở lớp", traces="xau.example", about="friend", contact="cô giáo")
    opened = selectors.report_open(by=analyst, report=sent.report, keys=desk_key.keys)
    assert opened.content.words == "chuyện ở lớp"
    assert opened.content.about == "friend"
    assert opened.facts.urgency is Urgency.SOON
    assert AuditEntry.objects.get().action == "report.open"


def test_it_stays_shut_without_the_right_or_the_key(submit, desk_key, analyst, stranger):
    sent = submit(words="chuyện ở lớp")
    with pytest.raises(Refused):
        selectors.report_open(by=stranger, report=sent.report, keys=desk_key.keys)
    for keys in ({}, {uuid.uuid4(): keypair_new().private}):
        with pytest.raises(SealBroken):
            selectors.report_open(by=analyst, report=sent.report, keys=keys)


def test_it_keeps_nothing_in_clear(submit, desk_key):
    canaries = {name: f"canary-{name}-bí-mật" for name in ("words", "traces", "contact")}
    sent = submit(about="child", **canaries)
    services.reporter_write(by=PUBLIC, report=sent.report, words="canary-more")
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  names from the schema
            rows += [
                repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor
            ]
    text = "".join(rows)
    assert "canary" not in text
    assert sent.receipt not in text


def test_it_keeps_no_exact_time(submit):
    moment = datetime(2026, 5, 6, 7, 48, 59, 123456, tzinfo=UTC)
    with held_at(moment):
        sent = submit()
        services.reporter_write(by=PUBLIC, report=sent.report, words="thêm")
    hour = datetime(2026, 5, 6, 7, tzinfo=UTC)
    row = Report.objects.get()
    assert row.received_hour == Message.objects.get().written_hour == hour
    assert row.uid.version == 4  # random through and through


def test_the_same_form_twice_is_one_report_with_one_receipt(submit):
    form = services.form_new()
    first, second = submit(form=form, words="một"), submit(form=form, words="một")
    assert (first.report, first.receipt) == (second.report, second.receipt)
    assert second.again
    assert not first.again
    assert Report.objects.count() == 1
    assert not Message.objects.exists()
    assert [topic for topic, _ in events()] == ["reports.ReportReceived"]


def test_the_same_form_with_other_words_loses_nothing(submit, desk_key, analyst):
    form = services.form_new()
    sent = submit(form=form, words="một")
    for _ in range(2):
        submit(form=form, words="một và hai", traces="0900000000")
    opened = selectors.report_open(by=analyst, report=sent.report, keys=desk_key.keys)
    assert [m.words for m in opened.messages] == ["một và hai\n\n0900000000"]


def test_it_shows_the_receipt_again_only_for_a_while(submit):
    form = services.form_new()
    sent = submit(form=form)
    with held_at(now() + conf.RETRY):
        late = submit(form=form)
    assert late.receipt is None
    assert late.report == sent.report


def test_it_takes_no_form_of_another_instance(submit):
    for form in ("", "1.1.1.1.1", "x" * 5000, services.form_new()[:-1] + "x"):
        with pytest.raises(services.FormUnknown):
            submit(form=form)


def test_it_takes_no_report_that_nobody_could_open(submit, monkeypatch):
    monkeypatch.setattr(services.members, "desk_key_home", lambda: None)
    with pytest.raises(Unavailable):
        submit()


def test_it_needs_few_queries(submit, django_assert_max_num_queries):
    submit()  # what is remembered of the key and the clock is worked out once
    form = services.form_new()
    # The desk's key, the moment that was believed last, two inserts, and the test's own savepoint; the tally is
    # read and written at the commit.
    with django_assert_max_num_queries(6):
        submit(form=form)


def test_it_slows_a_flood_and_refuses_none(submit, analyst):
    calm = conf.BUSY_PER_MINUTE
    for _ in range(calm):
        arrivals.arrival_note()
    held = submit(words="không có JavaScript")
    assert held.receipt
    assert selectors.report_get(held.report).status is Status.HELD
    assert inbox.inbox_open(held.receipt)
    form = services.form_new()
    assert bits_of(form) == conf.WORK_BITS_BUSY
    sent = submit(form=form, work=worked(form))
    assert selectors.report_get(sent.report).status is Status.OPEN
    assert [data["report"] for _, data in events()] == [str(sent.report)]


def test_work_of_a_calm_hour_earns_nothing_in_a_flood(submit):
    early = services.form_new()
    assert bits_of(early) == conf.WORK_BITS_CALM
    work = worked(early)
    for _ in range(conf.BUSY_PER_MINUTE):
        arrivals.arrival_note()
    sent = submit(form=early, work=work)
    assert sent.receipt
    assert selectors.report_get(sent.report).status is Status.HELD


def test_held_reports_go_on_by_themselves_the_urgent_first(submit):
    for _ in range(conf.BUSY_PER_MINUTE):
        arrivals.arrival_note()
    calm = submit(urgency=Urgency.CALM)
    danger = submit(urgency=Urgency.DANGER)
    soon = submit(urgency=Urgency.SOON)
    assert selectors.report_count(status=Status.HELD) == 3
    assert services.reports_release(by=SYSTEM, limit=1) == 1
    assert [f.uid for f in selectors.report_list(status=Status.OPEN)] == [danger.report]
    tasks.release()
    assert [d["report"] for _, d in events()] == [str(s.report) for s in (danger, soon, calm)]
    assert not selectors.report_list(status=Status.HELD)
    assert tasks.release() is None
    # No line says at which minute a report was let go: it came just before.
    assert not AuditEntry.objects.filter(action="report.release").exists()


def test_an_analyst_holds_and_releases(submit, analyst, stranger):
    sent = submit()
    for service in (services.report_hold, services.report_release, services.report_close):
        with pytest.raises(Refused):
            service(by=stranger, report=sent.report)
        with pytest.raises(Refused):
            service(by=PUBLIC, report=sent.report)
        with pytest.raises(NotFound):
            service(by=analyst, report=uuid.uuid4())
    services.report_hold(by=analyst, report=sent.report)
    assert selectors.report_get(sent.report).status is Status.HELD
    services.report_release(by=analyst, report=sent.report)
    services.report_release(by=analyst, report=sent.report)
    assert selectors.report_get(sent.report).status is Status.OPEN
    assert [t for t, _ in events()] == ["reports.ReportReceived"] * 2


def test_both_sides_read_what_both_sides_write(submit, desk_key, analyst, stranger):
    sent = submit(words="một")
    services.report_answer(
        by=analyst, report=sent.report, words="Bạn an toàn chưa?", is_question=True
    )
    services.reporter_write(by=PUBLIC, report=sent.report, words="Rồi ạ", token="t")
    services.reporter_write(by=PUBLIC, report=sent.report, words="Rồi ạ", token="t")
    services.reporter_write(by=PUBLIC, report=sent.report, words="Rồi ạ, còn nữa", token="t")
    with pytest.raises(Refused):
        services.report_answer(by=stranger, report=sent.report, words="x")
    mine = inbox.inbox_read(inbox.inbox_open(sent.receipt))
    theirs = selectors.report_open(by=analyst, report=sent.report, keys=desk_key.keys)
    assert mine.messages == theirs.messages
    assert [(m.author, m.words, m.is_question) for m in mine.messages] == [
        (Author.DESK, "Bạn an toàn chưa?", True),
        (Author.REPORTER, "Rồi ạ", False),
        (Author.REPORTER, "Rồi ạ, còn nữa", False),
    ]
    assert mine.content.words == "một"
    assert [t for t, _ in events()].count("reports.ReporterWrote") == 2


def test_a_new_desk_key_opens_what_comes_and_the_old_one_what_came(submit, desk_key, analyst):
    sent = submit(words="một")
    old = dict(desk_key.keys)
    desk_key.rotate()
    services.reporter_write(by=PUBLIC, report=sent.report, words="hai")
    opened = selectors.report_open(by=analyst, report=sent.report, keys=old)
    assert [m.words for m in opened.messages] == [None]
    opened = selectors.report_open(by=analyst, report=sent.report, keys=desk_key.keys)
    assert [m.words for m in opened.messages] == ["hai"]


@pytest.mark.parametrize("days", [365, 1200, 100_000])
def test_it_forgets_nothing_on_the_word_of_a_clock_that_leaps(submit, analyst, days):
    open_one, closed = submit(), submit()
    services.report_close(by=analyst, report=closed.report)
    for minute in range(3):
        with held_at(now() + timedelta(days=days, minutes=minute)):
            tasks.purge()
    assert {row.uid for row in Report.objects.all()} == {open_one.report, closed.report}


@pytest.mark.parametrize("minute", [0, 29, 30, 59])
def test_it_keeps_no_moment_at_which_an_inbox_was_opened(submit, minute):
    moment = datetime(2026, 5, 6, 7, minute, 12, 345678, tzinfo=UTC)
    sent = submit()
    with held_at(moment):
        secret = inbox.inbox_open(sent.receipt)
    row = InboxSession.objects.get()
    assert (row.closes_hour.minute, row.closes_hour.second, row.closes_hour.microsecond) == (0,) * 3
    for after, opened in ((29, True), (30, False), (31, False)):
        with held_at(moment + timedelta(minutes=after)):
            assert (inbox.inbox_report(secret) is not None) is opened
    with held_at(row.closes_hour):
        services.reports_purge(by=SYSTEM)
    assert not InboxSession.objects.exists()


def test_messages_stand_in_order_within_a_report_and_in_none_between_two(submit, desk_key, analyst):
    first, second = submit(), submit()
    for number in range(6):
        for sent in (first, second):
            services.reporter_write(by=PUBLIC, report=sent.report, words=str(number))
    for sent in (first, second):
        opened = selectors.report_open(by=analyst, report=sent.report, keys=desk_key.keys)
        assert [m.words for m in opened.messages] == list("012345")
    written = [(sent.report, n) for n in range(1, 7) for sent in (first, second)]
    lying = list(Message.objects.order_by("id").values_list("report__uid", "number"))
    assert sorted(lying) == sorted(written)
    assert lying not in (written, written[::-1])
    assert abs(Report.objects.all()[0].pk - Report.objects.all()[1].pk) > 1000


def test_what_a_reporter_causes_leaves_no_line_in_the_trail(submit, analyst):
    """The trail has exact times, and each line stands between two others."""
    sent = submit()
    services.report_close(by=analyst, report=sent.report)
    lines = AuditEntry.objects.count()
    services.report_reopen(by=SYSTEM, report=sent.report)  # as for words to a closed case
    services.reporter_write(by=PUBLIC, report=sent.report, words="x")
    inbox.inbox_close(inbox.inbox_open(sent.receipt))
    assert selectors.report_get(sent.report).status is Status.OPEN
    assert AuditEntry.objects.count() == lines


def test_an_inbox_opened_by_a_clock_that_ran_ahead_is_closed(submit):
    with held_at(now() + timedelta(days=365)):
        secret = inbox.inbox_open(submit().receipt)
        assert inbox.inbox_read(secret)
    assert inbox.inbox_read(secret) is None


def test_it_forgets_by_the_rule(submit, analyst):
    kept, closed = submit(), submit()
    services.reporter_write(by=PUBLIC, report=closed.report, words="x")
    services.report_close(by=analyst, report=closed.report)
    inbox.inbox_open(kept.receipt)
    days = {r["status"]: r["days"] for r in conf.retention_rules()}
    with lived_until(now() + timedelta(days=days["closed"] - 1)):
        assert services.reports_purge(by=SYSTEM) == 0
    assert not InboxSession.objects.exists()
    with lived_until(now() + timedelta(days=days["closed"], hours=2)):
        tasks.purge()
    assert [r.uid for r in Report.objects.all()] == [kept.report]
    assert not Message.objects.exists()
    assert events()[-1] == ("reports.ReportPurged", {"report": str(closed.report)})
    with lived_until(now() + timedelta(days=days["open"], hours=2)):
        assert services.reports_purge(by=SYSTEM) == 1


def test_it_keeps_what_arrived_while_the_clock_was_behind(submit):
    day = datetime(2030, 5, 6, 7, 8, tzinfo=UTC)
    with lived_until(day):
        with held_at(day - timedelta(days=1200)):
            report = submit().report
        assert selectors.report_get(report).received == day.replace(minute=0)
        assert services.reports_purge(by=system("purge")) == 0
    assert selectors.report_get(report)


@pytest.mark.parametrize(
    "moment", [datetime(1970, 1, 2, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)]
)
def test_a_child_can_report_by_a_clock_from_before_there_was_any_list(moment):
    with held_at(moment):
        assert conf.categories() == conf.categories(on=date(2026, 6, 1))
        assert conf.retention_rules()


@pytest.mark.parametrize(
    "change", ["recipient = %s", "organisation_id = %s", "written = 7 + 0 * %s"]
)
def test_no_word_is_sealed_to_a_key_that_somebody_put_into_a_report(
    submit, desk_key, analyst, stranger, change
):
    sent = submit(words="chuyện ở lớp")
    theirs = {
        "recipient = %s": keypair_new().public,
        "organisation_id = %s": stranger.organisation_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE reports_report SET {change}", [theirs.get(change, 0)])  # noqa: S608
    with pytest.raises(RowUnproved):
        services.reporter_write(by=PUBLIC, report=sent.report, words="còn nữa")
    with pytest.raises((RowUnproved, Refused)):
        services.report_answer(by=analyst, report=sent.report, words="chào em")
    assert not Message.objects.exists()
