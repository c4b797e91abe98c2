import pytest

from tests.faults.sides import KINDS, pairs

_PART = 24


@pytest.mark.django_db
@pytest.mark.parametrize(("first", "second"), KINDS)
def test_no_act_of_one_changes_an_entry_of_the_other_unseen(first, second):
    """A part of what `tests/faults/pairs.py` tries whole: each act on both sides, and other pairs for each kind."""
    kind = KINDS.index((first, second))
    assert pairs(first, second, lambda begins, act: (begins * 5 + act) % _PART == kind * 8) > 30
