import dataclasses
import itertools
import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection, transaction

from lachan.kernel import clock
from lachan.kernel.events import HANDLERS, Event, Handler
from lachan.outbox import selectors, services, sockets
from lachan.outbox.journal import journal_empty
from lachan.outbox.models import OutboxEvent
from tests.lived import lived_until


@dataclasses.dataclass(frozen=True, kw_only=True)
class BellRang(Event):
    times: int


@pytest.fixture
def heard(monkeypatch):
    heard = []
    monkeypatch.setitem(HANDLERS, BellRang.topic, [Handler("tests.heard", heard.append)])
    return heard


@pytest.mark.django_db
def test_it_delivers_in_order_and_once(heard):
    for times in range(3):
        services.event_publish(BellRang(times=times))
    assert services.events_deliver() == 3
    assert services.events_deliver() == 0
    assert [event.times for event in heard] == [0, 1, 2]


@pytest.mark.django_db
def test_it_says_nothing_of_what_was_rolled_back(heard):
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012  both lines are the case
        services.event_publish(BellRang(times=1))
        raise ZeroDivisionError
    assert services.events_deliver() == 0
    assert heard == []


@pytest.mark.django_db
def test_it_tries_again_after_a_pause_and_lets_the_others_pass(monkeypatch):
    heard = []

    def stumble(event):
        if event.times == 0 and not heard:
            heard.append("stumbled")
            raise RuntimeError("a child's name")
        heard.append(event.times)

    monkeypatch.setitem(HANDLERS, BellRang.topic, [Handler("tests.stumble", stumble)])
    services.event_publish(BellRang(times=0))
    services.event_publish(BellRang(times=1))
    assert services.events_deliver() == 1
    assert selectors.event_count_failing() == 1
    row = OutboxEvent.objects.get(delivered_at=None)
    assert row.last_error == "RuntimeError"  # the message may hold what must not rest in clear
    with clock.held_at(row.next_attempt_at):
        assert services.events_deliver() == 1
    assert heard == ["stumbled", 1, 0]


@pytest.mark.django_db
def test_it_keeps_the_hour_of_an_event_and_nothing_finer(heard):
    # A report keeps no exact time of arrival: the row of its event must not give it away, now or later.
    moment = datetime(2026, 3, 4, 5, 6, 7, 891011, UTC)
    hour = datetime(2026, 3, 4, 5, tzinfo=UTC)
    with clock.held_at(moment):
        services.event_publish(BellRang(times=1))
        row = OutboxEvent.objects.get()
        assert (row.created_at, row.next_attempt_at, row.delivered_at) == (hour, None, None)
        services.events_deliver()
    row = OutboxEvent.objects.get()
    assert (row.created_at, row.next_attempt_at, row.delivered_at) == (hour, None, hour)
    assert (row.attempts, row.last_error) == (0, "")


@pytest.mark.django_db
def test_it_waits_twice_as_long_each_time_for_an_hour_at_most_and_says_so_louder(
    monkeypatch, caplog
):
    def fail(event):
        raise RuntimeError("a child's name")

    monkeypatch.setitem(HANDLERS, BellRang.topic, [Handler("tests.fail", fail)])
    moment = datetime(2026, 3, 4, 5, tzinfo=UTC)
    waits, levels = [], []
    with clock.held_at(moment):
        services.event_publish(BellRang(times=1))
    for _ in range(13):
        caplog.clear()
        with clock.held_at(moment):
            assert services.events_deliver() == 0
        levels.append(caplog.records[0].levelname)
        row = OutboxEvent.objects.get()
        waits.append((row.next_attempt_at - moment).total_seconds())
        moment = row.next_attempt_at
        with clock.held_at(moment - timedelta(seconds=1)):
            assert services.events_deliver() == 0
        assert OutboxEvent.objects.get().attempts == row.attempts
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert levels == ["WARNING"] * 7 + ["ERROR"] * 6
    assert "child" not in caplog.text


@pytest.mark.django_db
def test_it_hands_out_no_more_than_asked(heard):
    for times in range(3):
        services.event_publish(BellRang(times=times))
    assert services.events_deliver(limit=2) == 2
    assert [event.times for event in heard] == [0, 1]


@pytest.mark.django_db
def test_it_forgets_nothing_before_a_week_is_over(heard):
    with clock.held_at(datetime(2026, 3, 4, 5, 30, tzinfo=UTC)):
        services.event_publish(BellRang(times=1))
        services.events_deliver()
    with lived_until(datetime(2026, 3, 11, 5, tzinfo=UTC)):
        assert services.events_purge() == 0
    with lived_until(datetime(2026, 3, 11, 5, 0, 1, tzinfo=UTC)):
        assert services.events_purge() == 1


@pytest.mark.django_db
def test_it_forgets_delivered_events_after_a_week(heard):
    services.event_publish(BellRang(times=1))
    services.events_deliver()
    assert services.events_purge() == 0
    with lived_until(clock.now() + services.KEPT * 2):
        assert services.events_purge() == 1


@pytest.mark.django_db(transaction=True)
def test_it_wakes_a_waiting_process_after_the_commit():
    listener = services.listener_open()
    try:
        with transaction.atomic():
            services.wake("ledger")
            assert listener.wait(0) == set()
        # With PostgreSQL the same word comes twice, by socket and by NOTIFY, together or one after the other.
        assert listener.wait(5) == {"ledger"}
        assert listener.wait(0.1) <= {"ledger"}
    finally:
        listener.close()


def test_it_wakes_only_who_waits_for_that(tmp_path, monkeypatch):
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path))
    listeners = {topic: sockets.Listener(topic=topic) for topic in ("ledger", "outbox", "")}
    try:
        sockets.wake("outbox")
        woken = {topic: listener.wait(0.05) for topic, listener in listeners.items()}
        assert woken == {"ledger": set(), "outbox": {"outbox"}, "": {"outbox"}}
        assert listeners["outbox"].wait(0.05) == set()
    finally:
        for listener in listeners.values():
            listener.close()
    assert list(sockets._folder().iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_it_says_to_nobody_what_nobody_hears(monkeypatch):
    woken = []
    monkeypatch.setattr(sockets, "wake", woken.append)
    monkeypatch.delitem(HANDLERS, BellRang.topic, raising=False)
    services.event_publish(BellRang(times=1))
    assert woken == []
    assert selectors.event_count_waiting() == 0
    row = OutboxEvent.objects.get()
    assert (row.handler, row.pk < 0, row.delivered_at.minute) == ("", True, 0)
    assert services.events_deliver() == 0


@pytest.mark.django_db(transaction=True)
def test_it_hands_each_event_to_one_of_several_workers(heard):
    for times in range(20):
        services.event_publish(BellRang(times=times))

    def work():
        from django.db import connection

        try:
            while services.events_deliver(limit=5):
                pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(event.times for event in heard) == list(range(20))


def test_it_wakes_in_a_home_whose_path_is_too_long_for_a_socket(tmp_path, monkeypatch):
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path / ("long" * 30)))
    monkeypatch.setenv("TMPDIR", str(tmp_path / ("also" * 30)))
    listener = sockets.Listener()
    sockets.wake("outbox")
    assert listener.wait(5) == {"outbox"}
    listener.close()


def test_it_follows_no_link_and_deletes_nothing_but_sockets(tmp_path, monkeypatch):
    """Another user of the machine may lay a link where the folder will be."""
    mine, link = tmp_path / "mine", tmp_path / "wake"
    mine.mkdir()
    (mine / "db.sqlite3").write_text("all")
    link.symlink_to(mine)
    monkeypatch.setattr(sockets, "_folder", lambda: link)
    with pytest.raises(PermissionError):
        sockets.Listener()
    sockets.wake("ledger")
    assert (mine / "db.sqlite3").read_text() == "all"


@pytest.mark.django_db(transaction=True)
def test_it_waits_for_the_disk_only_when_asked():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL always waits")

    def level():
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA synchronous").fetchone()[0]

    assert level() == 1
    with services.durable():
        assert level() == 2
        with transaction.atomic(), services.durable():
            pass
    with pytest.raises(ZeroDivisionError), services.durable():
        _ = 1 / 0
    assert level() == 1


@pytest.mark.django_db(transaction=True)
def test_it_lets_writers_take_turns():
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has many writers")
    order = []

    def other():
        with services.turn():
            order.append("other")
        connection.close()

    with services.turn():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.2)
        order.append("first")
        with transaction.atomic(), services.turn():
            order.append("inside")
    thread.join()
    assert order == ["first", "inside", "other"]


@pytest.mark.django_db
def test_it_leaves_no_order_of_what_has_arrived(heard):
    """Serial keys would tell between which acts of staff, whose minute is known, a report came."""
    for times in range(8):
        services.event_publish(BellRang(times=times))
    waiting = list(OutboxEvent.objects.order_by("id").values_list("data", flat=True))
    assert [data["times"] for data in waiting] == list(range(8))
    assert services.events_deliver() == 8
    assert [event.times for event in heard] == list(range(8))
    arrived = list(OutboxEvent.objects.order_by("id").values_list("id", "data"))
    assert [data["times"] for _, data in arrived] != list(range(8))
    gaps = [later - earlier for (earlier, _), (later, _) in itertools.pairwise(arrived)]
    assert min(gaps) > 1000
    services.event_publish(BellRang(times=9))
    assert OutboxEvent.objects.get(delivered_at=None).pk > 0


@pytest.mark.django_db(transaction=True)
def test_it_cuts_the_write_ahead_log():
    if connection.vendor != "sqlite":
        pytest.skip("SQLite's own")
    log = Path(f"{connection.settings_dict['NAME']}-wal")
    services.event_publish(BellRang(times=1))
    assert log.stat().st_size > 0
    assert journal_empty()
    assert log.stat().st_size == 0
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA busy_timeout").fetchone() == (20_000,)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_wait(number):
    kept = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    listener = services.listener_open("x")
    try:
        stop = services.stop_on_signal()
        sent = threading.Timer(0.1, os.kill, (os.getpid(), number))
        sent.start()
        assert listener.wait(60) == {""}
        assert stop.is_set()
        sent.join()
    finally:
        listener.close()
        for one, handler in kept.items():
            signal.signal(one, handler)
