"""Help in every household: the benchmark's own code, a thousandth of its households."""

from benchmarks import help_names


def test_help_is_answered_in_every_household_and_in_no_count(tmp_path):
    found = help_names.tried(tmp_path, 100, seed=11)
    assert found["asked"] == 300
    assert (found["blocked"], found["counted"], found["written"]) == (0, 0, 0)
    assert found["closed"] > 100
