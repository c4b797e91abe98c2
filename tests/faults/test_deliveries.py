import json
import os
import subprocess
import sys

import pytest

from tests.faults import deliveries

pytestmark = pytest.mark.faults


def test_each_handler_does_its_work_once_under_failures_slow_work_and_kills():
    """A hundredth of the program; how fast it was is not asked here."""
    command = [sys.executable, deliveries.__file__, "--events", "100", "--kills", "3"]
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = json.loads(ran.stdout)
    assert found["left"] == 0
    assert found["missing"] == found["twice"] == dict.fromkeys(deliveries.HANDLERS, 0)
    assert found["failed_attempts"] > 0
    assert found["p95_ms"].keys() >= set(deliveries.SLOW)
