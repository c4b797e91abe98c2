import random

import pytest

from tests.faults import kill

pytestmark = pytest.mark.faults


def test_it_loses_nothing_when_processes_are_killed(tmp_path):
    """Every process twice, in an order that the seed tells again."""
    found = kill.run(tmp_path, submissions=40, publishes=40, kills=14, seed=random.randrange(10**6))
    said = {name: found[name] for name in ("lost", "failures")} | {"wrong": found["dns"]["wrong"]}
    assert said == {"lost": [], "failures": [], "wrong": {}}, found
    assert set(found["kills"]) <= set(kill.TARGETS)
    assert found["receipts_shown"] == 40
