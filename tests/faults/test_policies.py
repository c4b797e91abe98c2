"""A thousand questions of two policies' askers; tests/faults/policies.py asks a hundred thousand."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.policies import run

pytestmark = pytest.mark.faults


def test_it_gives_nobody_the_answer_of_another_policy():
    seed = random.randrange(10**6)
    with ThreadPoolExecutor(1) as thread:  # Playwright may keep a loop running in this one
        found = thread.submit(run, 1000, seed).result()
    assert found["wrong"] == 0, (seed, found)
    assert min(found["blocked"], found["cached"], found["local"], found["upstream"]) > 0
