"""A dozen kills and power cuts of a collection's writer; tests/faults/matching.py does hundreds."""

import sys

import pytest

from tests.faults.matching import torture

pytestmark = pytest.mark.faults


@pytest.mark.skipif(sys.platform != "linux", reason="looks at files by /proc/self/fd")
@pytest.mark.parametrize("seed", [1, 2])
def test_it_loses_nothing_that_was_acknowledged(seed):
    report = torture(points=8, seed=seed)
    assert report["wrong"] == []
    assert report["points"] == 8
