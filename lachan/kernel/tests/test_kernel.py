import dataclasses
import uuid
from datetime import UTC, datetime

import pytest

from lachan.kernel import clock, events, ids
from lachan.kernel.env import Env, EnvError


def test_it_orders_identifiers_by_time():
    made = [ids.uuid7() for _ in range(3)]
    assert all(u.version == 7 and u.variant == uuid.RFC_4122 for u in made)
    assert len(set(made)) == 3
    assert made[0].int >> 80 <= made[2].int >> 80
    hour = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert ids.uuid7(hour).int >> 80 == hour.timestamp() * 1000


def test_it_knows_the_hour():
    moment = datetime(2026, 1, 2, 3, 59, 59, 999_999, tzinfo=UTC)
    assert clock.hour(moment) == datetime(2026, 1, 2, 3, tzinfo=UTC)
    with clock.held_at(moment):
        assert clock.hour() == clock.hour(moment) == clock.hour(clock.hour())


def test_it_holds_the_clock():
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    with clock.held_at(moment):
        assert clock.now() == moment
    assert clock.now() != moment
    with pytest.raises(ValueError, match="time zone"), clock.held_at(datetime(2026, 1, 2)):  # noqa: DTZ001
        pass


def test_it_refuses_a_bad_setting_and_names_it():
    env = Env({"A": "maybe", "B": "ten", "C": "99999", "D": "x", "E_FILE": "/nonexistent"})
    for read, name in [
        (lambda: env.flag("A", default=False), "A"),
        (lambda: env.number("B", 1), "B"),
        (lambda: env.number("C", 1, high=10), "C"),
        (lambda: env.one_of("D", "a", ("a", "b")), "D"),
        (lambda: env.text("E"), "E_FILE"),
        (lambda: env.text("F"), "F"),
    ]:
        with pytest.raises(EnvError, match=name):
            read()


def test_it_reads_a_secret_from_a_file(tmp_path):
    (tmp_path / "key").write_text("abc\n")
    assert Env({"K_FILE": str(tmp_path / "key")}).text("K") == "abc"


def test_it_carries_an_event_through_json():
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class ThingHappened(events.Event):
        thing: uuid.UUID
        at: datetime
        place: str | None = None

    event = ThingHappened(thing=ids.uuid7(), at=clock.now())
    row = event.to_json() | {"a_field_of_a_later_version": 1}
    assert events.event_from_json(event.topic, row) == event
