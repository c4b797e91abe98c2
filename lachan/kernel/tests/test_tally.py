from datetime import UTC, datetime

import pytest

from lachan.kernel import tally
from lachan.kernel.tally import Tally


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch):
    monkeypatch.setattr(tally.threading.Thread, "start", lambda _: None)


def test_it_says_nothing_before_the_hour_is_over():
    said = []
    counted = Tally(said.append)
    for kind in ("b", "a", "b"):
        counted.count(kind)
    assert said == []
    counted.flush()
    assert said == ["1 in the last hour: a", "2 in the last hour: b"]
    counted.flush()
    assert len(said) == 2


def test_it_bounds_what_it_counts():
    said = []
    counted = Tally(said.append)
    for number in range(5000):
        counted.count(str(number))
    counted.flush()
    assert len(said) == tally._KINDS + 1
    assert f"{5000 - tally._KINDS} in the last hour: others" in said


@pytest.mark.parametrize(
    ("minute", "second", "seconds"), [(0, 0, 3601), (59, 59, 2), (30, 0, 1801)]
)
def test_it_speaks_when_the_hour_is_over(minute, second, seconds):
    assert tally._until_next_hour(datetime(2026, 1, 2, 3, minute, second, tzinfo=UTC)) == seconds
