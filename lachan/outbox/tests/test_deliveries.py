"""Each handler hears of each event apart: what one does, or fails to do, is nothing to the others."""

import dataclasses
import itertools
import logging
import os
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.kernel import clock
from lachan.kernel.events import HANDLERS, Handler, handles
from lachan.kernel.schedule import Task
from lachan.outbox import deliveries, lanes, selectors, services
from lachan.outbox.models import OutboxEvent
from lachan.outbox.tests.test_outbox import BellRang
from lachan.outbox.turns import sole
from tests.lived import lived_until

NOW = datetime(2026, 3, 4, 5, tzinfo=UTC)
LATER = timedelta(hours=2)


class Ears:
    """Handlers of one event, each with what it has done; those that are `down` fail."""

    def __init__(self):
        self.heard = {}
        self.down = set()
        self.calls = Counter()

    def add(self, name, **facts):
        self.heard[name] = []

        def hear(event):
            self.calls[name] += 1
            if name in self.down or (name, event.times) in self.down:
                raise RuntimeError
            self.heard[name].append(event.times)

        HANDLERS.setdefault(BellRang.topic, []).append(Handler(name, hear, **facts))


@pytest.fixture
def ears(monkeypatch):
    monkeypatch.setitem(HANDLERS, BellRang.topic, [])
    return Ears()


def ring(*numbers):
    for times in numbers:
        services.event_publish(BellRang(times=times))


def statuses():
    rows = OutboxEvent.objects.order_by("handler")
    return [(r.handler, r.delivered_at is not None, r.attempts) for r in rows]


@pytest.mark.django_db
def test_it_repeats_the_failing_handler_alone(ears):
    ears.add("a.on_bell")
    ears.add("b.on_bell")
    ears.down.add("b.on_bell")
    with clock.held_at(NOW):
        ring(1)
        assert services.events_deliver() == 1
    assert statuses() == [("a.on_bell", True, 0), ("b.on_bell", False, 1)]
    ears.down.clear()
    with clock.held_at(NOW + LATER):
        assert services.events_deliver() == 1
    assert ears.heard == {"a.on_bell": [1], "b.on_bell": [1]}
    assert selectors.event_count_waiting() == 0


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    outages=st.lists(st.sets(st.tuples(st.sampled_from("abc"), st.integers(0, 5))), max_size=4),
    span=st.integers(0, 4000),
)
@pytest.mark.django_db
def test_each_handler_does_its_work_once_whatever_fails_and_when(ears, outages, span):
    HANDLERS[BellRang.topic].clear()
    OutboxEvent.objects.all().delete()
    for name in "abc":
        ears.add(name)
    moment = NOW
    with clock.held_at(moment):
        ring(*range(6))
    for outage in [*outages, set()]:
        ears.down = outage
        with clock.held_at(moment):
            services.events_deliver()
        moment += timedelta(seconds=span)
    with clock.held_at(moment + LATER):
        while services.events_deliver():
            pass
    once = list(range(6))
    assert {name: sorted(heard) for name, heard in ears.heard.items()} == dict.fromkeys("abc", once)
    unharmed = set("abc") - {name for outage in outages for name, _ in outage}
    assert all(ears.heard[name] == once for name in unharmed)  # and in order


@pytest.mark.django_db
def test_a_handler_that_is_down_is_left_alone_and_the_others_come_first(ears, monkeypatch):
    second = 0.0
    monkeypatch.setattr(deliveries.time, "monotonic", lambda: second)
    ears.add("down.on_bell")
    ears.add("well.on_bell")
    ears.down.add("down.on_bell")
    lane = services.Lane()
    with clock.held_at(NOW):
        ring(*range(50))
        lane.drain()
        assert len(ears.heard["well.on_bell"]) == 50
        assert ears.calls["down.on_bell"] == 3
        lane.drain()
        assert ears.calls["down.on_bell"] == 3
        # A second later it gets its chance again, and on the way back it lets the others pass.
        second = 1.0
        ears.down.clear()
        ring(50)
        assert lane.step(1).arrived == 1
        assert ears.heard["well.on_bell"][-1] == 50
        lane.drain()
    assert len(ears.heard["down.on_bell"]) == 48  # three wait for their pause


@pytest.mark.django_db
def test_it_gives_up_after_days_and_forgets_nothing(ears):
    ears.add("a.on_bell")
    ears.down.add("a.on_bell")
    moment = NOW
    with clock.held_at(moment):
        ring(1)
    tries = 0
    while OutboxEvent.objects.get().gave_up_at is None:
        with clock.held_at(moment):
            assert services.events_deliver() == 0
        row, tries = OutboxEvent.objects.get(), tries + 1
        moment = row.next_attempt_at
    assert tries == deliveries.ATTEMPTS_IN_ALL
    assert timedelta(days=2.5) < moment - NOW < timedelta(days=4)
    (failing,) = selectors.failing_list()
    assert (failing.handler, failing.gave_up, failing.waiting) == ("a.on_bell", 1, 0)
    assert (failing.since, failing.errors) == (NOW, ("RuntimeError",))
    assert selectors.event_count_waiting() == 0
    with lived_until(moment + timedelta(days=30)):
        assert services.events_deliver() == services.events_purge() == 0
    ears.down.clear()
    assert services.deliveries_retry(handler="b.on_bell") == 0
    assert services.deliveries_retry() == 1
    assert services.events_deliver() == 1
    assert ears.heard["a.on_bell"] == [1]


def given_up(handler="a.on_bell"):
    return OutboxEvent.objects.create(
        event=uuid4(), topic=BellRang.topic, handler=handler, data={"times": 1}, created_at=NOW,
        attempts=80, next_attempt_at=NOW, gave_up_at=NOW, last_error="RuntimeError",
    )  # fmt: skip


def _die_of_it(deaths):
    """Deliver in a process that dies of it, so often."""
    for _ in range(deaths):
        connection.close()
        child = os.fork()
        if not child:
            for _ in range(3):
                services.events_deliver()
            os._exit(0)
        assert os.waitpid(child, 0)[1] >> 8 == 9


@pytest.mark.django_db(transaction=True)
def test_what_takes_its_process_with_it_waits_like_what_failed(ears, monkeypatch):
    """Else the next process would begin with the same event, and no other would ever arrive."""
    ears.add("a")
    ears.add("b")
    a, b = HANDLERS[BellRang.topic]
    deadly = dataclasses.replace(b, run=lambda event: os._exit(9) if event.times == 1 else b(event))
    monkeypatch.setitem(HANDLERS, BellRang.topic, [a, deadly])
    ring(1, 2, 3)
    _die_of_it(1)
    for _ in range(3):
        services.events_deliver()
    assert ears.heard == {"a": [2, 3], "b": [2, 3]}
    (row,) = OutboxEvent.objects.filter(delivered_at=None)
    assert (row.handler, row.attempts, row.last_error) == ("b", 1, "ProcessDied")
    with clock.held_at(clock.now() + LATER):
        _die_of_it(1)
        ring(4)
        for _ in range(3):
            services.events_deliver()
    assert ears.heard["b"] == [2, 3, 4]
    row.refresh_from_db()
    assert (row.attempts, row.last_error) == (2, "ProcessDied")


@pytest.mark.django_db
def test_a_worker_that_begins_tries_again_what_gave_up(ears):
    ears.add("a.on_bell")
    given_up()
    assert services.events_deliver() == 0
    services.deliveries_begin()
    assert services.events_deliver() == 1
    assert ears.heard["a.on_bell"] == [1]


@pytest.mark.django_db
def test_nothing_waits_unseen_for_a_handler_that_is_no_more(ears):
    ears.add("a.on_bell")
    ring(1)
    HANDLERS[BellRang.topic].clear()
    services.deliveries_begin()
    (failing,) = selectors.failing_list()
    assert (failing.gave_up, failing.errors) == (1, ("HandlerGone",))
    assert services.deliveries_retry() == 0
    assert services.deliveries_drop(handler="a.on_bell") == 1
    assert selectors.failing_list() == []


@pytest.mark.django_db
def test_it_drops_only_what_gave_up_at_that_handler(ears):
    ears.add("a.on_bell")
    given_up("other.on_bell")
    ring(1)
    assert services.deliveries_drop(handler="a.on_bell") == 0
    assert services.deliveries_drop(handler="other.on_bell") == 1
    assert services.events_deliver() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("history", [True, False])
def test_a_new_handler_gets_history_only_where_it_asks(ears, history):
    ears.add("a.on_bell")
    ring(1, 2)
    services.events_deliver()
    OutboxEvent.objects.filter(data__times=2).update(event=None)  # of a version before
    ears.add("new.on_bell", history=history)
    for _ in range(2):
        services.deliveries_begin()
        services.events_deliver()
    assert sorted(ears.heard["new.on_bell"]) == ([1, 2] if history else [])
    assert ears.heard["a.on_bell"] == [1, 2]


@pytest.mark.django_db
def test_it_keeps_an_event_while_one_handler_waits_for_it(ears):
    ears.add("a.on_bell")
    ears.add("b.on_bell")
    ears.down.add("b.on_bell")
    ring(1)
    services.events_deliver()
    with lived_until(clock.now() + services.KEPT * 2):
        assert services.events_purge() == 0
        ears.down.clear()
        services.events_deliver()
    with lived_until(clock.now() + services.KEPT * 4):
        assert services.events_purge() == 2


@pytest.mark.django_db
def test_it_keeps_what_nobody_hears_for_whoever_comes(ears):
    ring(1)
    assert statuses() == [("", True, 0)]
    assert services.events_deliver() == 0


@pytest.mark.django_db(transaction=True)
def test_it_tells_outbound_handlers_outside_any_transaction_one_lane_at_a_time(ears):
    seen = []

    def other():
        with sole("out.tell") as is_ours:
            seen.append(is_ours)
        connection.close()

    def tell(event):
        seen.append(connection.in_atomic_block)
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    HANDLERS[BellRang.topic].append(Handler("out.tell", tell, outbound=True))
    ears.add("a.on_bell")
    ring(1)
    assert services.events_deliver() == 1
    assert (ears.heard["a.on_bell"], seen) == ([1], [])
    services.Lane("out.tell").drain()
    assert seen == [False, False]
    assert selectors.event_count_waiting() == 0
    other()
    assert seen == [False, False, True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("outbound", "effects"), [(False, 1), (True, 2)])
def test_what_is_cut_off_after_its_effect_is_told_again(ears, outbound, effects):
    """Once in all where the effect is in the database; else at least once, at once when a worker is back."""
    cuts = [KeyboardInterrupt]

    def work(event):
        OutboxEvent.objects.create(topic="effect", handler="none", data={}, created_at=NOW)
        if cuts:
            raise cuts.pop()

    HANDLERS[BellRang.topic].append(Handler("a.work", work, outbound=outbound))
    ring(1)
    lane = "a.work" if outbound else ""
    with pytest.raises(KeyboardInterrupt):
        services.Lane(lane).drain()
    services.Lane(lane).drain()
    assert OutboxEvent.objects.filter(topic="effect").count() == effects
    assert OutboxEvent.objects.get(handler="a.work").delivered_at is not None


@pytest.mark.django_db
def test_it_names_a_handler_that_holds_up_all_who_write(ears, monkeypatch, caplog):
    ears.add("a.on_bell")
    moments = iter(range(0, 1000, 5))
    monkeypatch.setattr(deliveries.time, "monotonic", lambda: float(next(moments)))
    ring(1)
    services.events_deliver()
    assert "a.on_bell held up all who write" in caplog.text


@pytest.fixture
def lived(monkeypatch, home):
    """Lanes with these tasks, until the file in which they write what they did says enough."""
    monkeypatch.setattr(lanes, "_PATIENCE", 1)
    home.joinpath("run").mkdir()
    wrote = home / "wrote"
    wrote.touch()

    def live(runs, is_enough, **facts):
        def run(name):
            with wrote.open("a") as file:
                file.write(f"{name}\n")
            runs[name](wrote.read_text().split())

        tasks = {
            name: Task(name, facts.get("every", timedelta(0)), partial(run, name), name == "last")
            for name in runs
        }
        monkeypatch.setattr(lanes, "TASKS", tasks)
        monkeypatch.setattr(lanes, "ways", dict)
        stop = threading.Event()
        # A thread has no connection to the database that its processes could take along.
        thread = threading.Thread(target=lanes.lanes_run, args=(stop,))
        thread.start()
        _until(lambda: is_enough(wrote.read_text().split()))
        stop.set()
        thread.join()
        return wrote.read_text().split()

    return live


def _until(is_so):
    end = time.monotonic() + 20
    while not is_so() and time.monotonic() < end:
        time.sleep(0.01)
    assert is_so()


def _fails(_):
    raise RuntimeError


def test_slow_work_holds_up_no_other_lane(lived, caplog):
    """Slow work that does nothing else ends only with the lanes; who fails or dies takes no other with it."""
    caplog.set_level(logging.CRITICAL)
    runs = {
        "computes": lambda _: sum(iter(int, 1)),
        # A single step in C: no other thread of its process would run meanwhile.
        "parses": lambda _: sum(itertools.repeat(0)),
        "fails": _fails,
        "dies": lambda _: os.kill(os.getpid(), signal.SIGKILL),
        "quick": lambda _: None,
    }
    others = ("fails", "dies", "quick")
    wrote = Counter(lived(runs, lambda seen: all(seen.count(name) > 1 for name in others)))
    assert wrote["computes"] == wrote["parses"] == 1


def test_what_notes_where_things_stand_does_so_once_more_at_the_end(lived):
    runs = {"last": lambda _: None, "purge": lambda _: None}
    wrote = lived(runs, lambda seen: len(seen) == 2, every=timedelta(hours=1))
    assert sorted(wrote[:2]) == ["last", "purge"]
    assert wrote[2:] == ["last"]


def test_two_handlers_of_an_event_have_two_names(monkeypatch):
    monkeypatch.setitem(HANDLERS, BellRang.topic, [])
    handles(BellRang, name="a.on_bell")(print)
    with pytest.raises(TypeError, match="are called"):
        handles(BellRang, name="a.on_bell")(repr)


def test_it_knows_every_handler_that_events_are_on_their_way_to():
    """Their names rest in the outboxes of instances: who renames a handler says its old name."""
    names = {handler.name for handlers in HANDLERS.values() for handler in handlers}
    assert names >= {
        "cases.on_received",
        "cases.on_written",
        "cases.on_purged",
        "cases.on_published",
        "cases.on_withdrawn",
        "cases.on_expired",
        "cases.on_rejected",
    }


BEFORE = [("outbox", "0002_instance")]


@pytest.mark.django_db(transaction=True)
def test_it_carries_an_old_homes_events_over(ears):
    """Delivered stays delivered; what waits, also what failed, waits for every handler."""
    executor = MigrationExecutor(connection)
    executor.migrate(BEFORE)
    old = executor.loader.project_state(BEFORE).apps.get_model("outbox", "OutboxEvent")
    facts = {"topic": BellRang.topic, "created_at": NOW, "next_attempt_at": NOW}
    old.objects.create(**facts, id=-5, data={"times": 0}, delivered_at=NOW)
    old.objects.create(**facts, data={"times": 1})
    old.objects.create(**facts, data={"times": 2}, attempts=9, last_error="RuntimeError")
    old.objects.create(
        **facts | {"next_attempt_at": clock.now() + timedelta(minutes=30)}, data={"times": 3}
    )
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes("outbox"))
    ears.add("a.on_bell")
    ears.add("b.on_bell")
    services.deliveries_begin()
    while services.events_deliver():
        pass
    assert {name: sorted(heard) for name, heard in ears.heard.items()} == {
        "a.on_bell": [1, 2],
        "b.on_bell": [1, 2],
    }
    with clock.held_at(clock.now() + timedelta(hours=1)):
        while services.events_deliver():
            pass
    assert ears.heard == {"a.on_bell": [1, 2, 3], "b.on_bell": [1, 2, 3]}
    assert selectors.event_count_waiting() == 0
