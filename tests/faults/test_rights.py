import pytest

from tests.faults.rights import walks


@pytest.mark.django_db
def test_no_right_outlives_its_end_and_no_power_comes_by_one_alone():
    """A part of what `tests/faults/rights.py` walks whole."""
    done = walks(130, seed=1)
    assert {"link_is_used", "second_agrees", "role_is_asked"} <= done.keys()
