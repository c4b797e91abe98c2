"""A hundredth of the program's run; `python tests/faults/tampering.py` is the whole."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.faults


def test_it_finds_every_edit_and_accuses_no_honest_history():
    program = [sys.executable, "tests/faults/tampering.py", "--edits", "20", "--histories", "2"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert (found["missed"], found["shown_as_true"], found["accused"]) == ([], [], [])
    assert done.returncode == 0
