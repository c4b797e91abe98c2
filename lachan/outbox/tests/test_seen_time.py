"""Nothing irrevocable on the word of one clock."""

import os
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.kernel.clock import held_at, machine_began, now
from lachan.outbox import seen_time
from lachan.outbox.models import Instance, OutboxEvent
from lachan.outbox.services import (
    clock_is_believed,
    clock_leap,
    event_publish,
    events_deliver,
    time_reached,
)
from lachan.outbox.tests.test_outbox import BellRang, heard  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


def _go(start, *, hours, each=timedelta(minutes=5)):
    """Look every few minutes; what was believed last."""
    end, believed = start + timedelta(hours=hours), False
    while start <= end:
        with held_at(start):
            believed = clock_is_believed()
        start += each
    return believed


@pytest.mark.parametrize("days", [4, 365, 1200, 36_000, -4, -365, -9000])
def test_it_does_not_believe_a_leap(days):
    assert clock_is_believed()
    for minute in range(3):
        with held_at(now() + days * DAY + timedelta(minutes=minute)):
            assert not clock_is_believed()
            assert clock_leap() is not None
    assert clock_is_believed()
    assert clock_leap() is None


def test_it_believes_a_night_and_a_weekend_switched_off_after_a_day():
    start = now()
    assert clock_is_believed()
    with held_at(start + timedelta(hours=60)):
        assert clock_is_believed()
    assert not _go(start + 30 * DAY, hours=23)
    assert _go(start + 31 * DAY, hours=2)


def test_it_does_not_believe_leap_upon_leap():
    clock_is_believed()
    for days in range(4, 60):
        with held_at(now() + days * DAY):
            assert not clock_is_believed()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-4000, 4000), st.integers(0, 20)), max_size=6))
def test_it_believes_nothing_that_it_has_not_lived_through(leaps):
    """Whatever the clock shows for hours at a time, short of a day: what is believed stays near the truth."""
    Instance.objects.all().delete()
    start = now()
    clock_is_believed()
    for days, hours in leaps:
        _go(start + days * DAY, hours=hours, each=timedelta(minutes=50))
        with held_at(start):
            clock_is_believed()
    assert abs(Instance.objects.get().seen_at - start) < 4 * DAY


@pytest.fixture
def looks(monkeypatch):
    """A process of its own that looks after `lived`, on a clock that is then wrong by `wrong`: is it believed?"""
    steadiness, start, began = seen_time.Steadiness(), now(), machine_began()

    def look(lived, wrong):
        monkeypatch.setattr(seen_time, "_steadiness", steadiness)
        monkeypatch.setattr(seen_time, "machine_began", lambda: began + wrong)
        with held_at(start + lived + wrong):
            return clock_is_believed()

    return look


@pytest.mark.parametrize("step", [2.9 * DAY, -2.9 * DAY, 17 * HOUR, HOUR, -HOUR])
def test_it_believes_no_leap_in_small_steps(looks, step):
    said = [looks(MINUTE * 5 * turn, step * turn) for turn in range(200)]
    within = sum(abs(step * turn) <= 3 * DAY for turn in range(200))
    assert said == [True] * within + [False] * (200 - within)
    assert abs(Instance.objects.get().seen_at - now()) < 4 * DAY


def test_it_believes_the_right_clock_at_once_when_it_comes_back(looks):
    assert [looks(MINUTE * turn, 2 * DAY * turn) for turn in range(4)] == [True, True, False, False]
    assert looks(HOUR, 0 * DAY)


def test_what_a_forked_process_believed_counts_for_those_that_come_after_it(monkeypatch):
    """A task lives in a process of its own: in none of them would small leaps add up."""
    steadiness, began = seen_time.Steadiness(), machine_began()
    for days in (0, 2, 4):
        monkeypatch.setattr(seen_time, "machine_began", lambda days=days: began + days * DAY)
        if not (pid := os.fork()):
            is_steady = steadiness.look(now())
            steadiness.believe()
            os._exit(not is_steady)
        assert os.waitpid(pid, 0)[1] == (days > 3) << 8


@pytest.mark.parametrize("speed", [1.5, 10, 0.5])
def test_it_believes_no_clock_that_runs_wrong(looks, speed):
    said = [looks(turn * HOUR, turn * HOUR * (speed - 1)) for turn in range(300)]
    within = sum(abs(turn * HOUR * (speed - 1)) <= 3 * DAY for turn in range(300))
    assert said == [True] * within + [False] * (300 - within)


def test_it_believes_a_clock_that_was_moved_twice_after_a_day_lived_from_there(looks):
    assert looks(0 * HOUR, 0 * DAY)
    assert looks(HOUR, 2 * DAY)
    doubted = [looks(HOUR * turn, 4 * DAY) for turn in range(2, 26)]
    assert not any(doubted)
    assert looks(26 * HOUR, 4 * DAY)
    assert looks(27 * HOUR, 6 * DAY)


def test_a_wrong_clock_at_the_start_is_none_to_reckon_from(looks):
    assert clock_is_believed()
    assert not looks(0 * HOUR, -9000 * DAY)
    assert looks(MINUTE, 0 * DAY)


def test_a_machine_began_when_it_did_whatever_is_held():
    began = machine_began()
    assert began < now()
    with held_at(now() + 400 * DAY):
        assert abs(machine_began() - began) < MINUTE


def test_a_right_that_ended_on_a_wrong_clock_stays_ended():
    clock_is_believed()
    with held_at(now() + 400 * DAY):
        assert time_reached() <= now() - 399 * DAY
    assert now() - time_reached() < timedelta(minutes=1)


def test_it_delivers_what_a_clock_that_ran_ahead_put_off(heard):  # noqa: F811
    with held_at(now() + 365 * DAY):
        event_publish(BellRang(times=1))
    assert events_deliver() == 1
    assert OutboxEvent.objects.get().delivered_at is not None
