"""What must not run side by side does not: conftest.py makes groups, and pytest-xdist keeps them together."""

import os
import re
import shlex
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

HEAD = "import pytest\npytestmark = pytest.mark.xdist_group({group!r})\n"
TESTS = "".join(f"def test_it_runs_{number}(): pass\n" for number in range(6))
# Three files, two groups.
GROUPS = {"chromium": "browser", "phones": "browser", "alone": "/some/test_alone.py"}


def workers(folder):
    """Which of two workers ran tests of which file in `folder`, with the Makefile's own options."""
    options = re.search(
        r"^PYTEST := .* -m pytest (.*)$", Path("Makefile").read_text(), re.MULTILINE
    )
    command = [sys.executable, "-m", "pytest", "-p", "xdist", *shlex.split(options[1]), "-vv"]
    # Without the plug-ins that take seconds to load in each of three processes.
    own = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_XDIST_AUTO_NUM_WORKERS": "2"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    ran = subprocess.run(
        command, cwd=folder, env=kept | own, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    found = defaultdict(set)
    for worker, name in re.findall(r"\[(gw\d)\].* PASSED test_(\w+)\.py::", ran.stdout):
        found[name].add(worker)
    return found


def test_it_hands_a_group_to_one_worker(tmp_path):
    for name, group in GROUPS.items():
        (tmp_path / f"test_{name}.py").write_text(HEAD.format(group=group) + TESTS)
    found = workers(tmp_path)
    assert sorted(found) == sorted(GROUPS)
    assert {len(found["chromium"] | found["phones"]), len(found["alone"])} == {1}
    # Both worked: otherwise this would hold whatever became of groups.
    assert len(set.union(*found.values())) == 2


def test_it_puts_every_test_in_a_group(request):
    assert [
        item.nodeid for item in request.session.items if not item.get_closest_marker("xdist_group")
    ] == []
