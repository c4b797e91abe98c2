"""Nothing irrevocable on the word of one clock."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lachan.kernel.clock import held_at, now
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
DAY = timedelta(days=1)


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
