"""The table of profiles, small: the benchmark's own code, a hundredth of its households."""

from benchmarks import profiles


def test_it_decides_for_thousands_as_they_were_put():
    found = profiles.measured(10_000, 10, 20)
    assert found["wrong"] == 0
    assert found["weeks"] == 100
    assert found["bytes_per_profile"] > 0
    assert set(found["change_ms"]) == {"p50", "p95"}
