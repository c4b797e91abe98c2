import json
import os
import signal
import subprocess
import sys
import time

import pytest

from lachan.cli.supervisor import Supervisor, orphans
from lachan.kernel.errors import Conflict
from lachan.kernel.process import started_at

SLEEPER = ["-c", "import time; time.sleep(600)"]


class Sleepers(Supervisor):
    """Supervises idle Pythons instead of the product's processes."""

    def __init__(self, home):
        super().__init__(home, {"a": [], "b": []})
        for child in self._children:
            child.arguments = [sys.executable, *SLEEPER]


def _pids(home):
    return {n: p for n, (p, _) in json.loads((home / "run/up.json").read_text()).items()}


@pytest.fixture
def supervisor(tmp_path):
    (tmp_path / "run").mkdir()
    supervisor = Sleepers(tmp_path)
    supervisor.start()
    yield supervisor
    supervisor.end()


def test_it_starts_again_what_falls(supervisor, tmp_path):
    before = _pids(tmp_path)
    for child in supervisor._children:
        child.began -= 10  # it lived well before it fell
    os.kill(before["a"], signal.SIGKILL)
    while not supervisor.fallen():
        time.sleep(0.01)
    supervisor.look()
    supervisor.look()
    after = _pids(tmp_path)
    assert after["a"] != before["a"]
    assert after["b"] == before["b"]
    assert supervisor.fallen() == []


def test_it_pauses_before_it_restarts_what_falls_at_once(supervisor, tmp_path):
    os.kill(_pids(tmp_path)["a"], signal.SIGKILL)
    while not supervisor.fallen():
        time.sleep(0.01)
    supervisor.look()
    supervisor.look()
    assert supervisor.fallen() == ["a"]


def test_it_refuses_a_second_supervisor_in_one_home(supervisor, tmp_path):
    with pytest.raises(Conflict, match="already runs"):
        Sleepers(tmp_path)


def test_it_stops_all(supervisor, tmp_path):
    pids = _pids(tmp_path).values()
    supervisor.end()
    assert all(started_at(pid) is None for pid in pids)


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to know a process for good")
def test_it_ends_what_a_killed_supervisor_left(tmp_path):
    (tmp_path / "run").mkdir()
    orphan = subprocess.Popen([sys.executable, *SLEEPER])
    stranger = subprocess.Popen([sys.executable, *SLEEPER])
    left = {"a": [orphan.pid, started_at(orphan.pid)], "b": [stranger.pid, 1]}
    (tmp_path / "run/up.json").write_text(json.dumps(left))
    supervisor = Sleepers(tmp_path)
    try:
        supervisor.start()
        assert orphan.wait(5) == -signal.SIGTERM
        assert stranger.poll() is None  # the number was given again: not ours
    finally:
        supervisor.end()
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to read a mark")
def test_it_ends_what_was_started_just_before_the_kill(tmp_path):
    """In no list, and a child of a child."""
    (tmp_path / "run").mkdir()
    environment = {**os.environ, "LACHAN_SUPERVISED": f"a@{tmp_path}"}
    code = f"import subprocess,sys; subprocess.run([sys.executable, *{SLEEPER!r}])"
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment)
    elsewhere = {**os.environ, "LACHAN_SUPERVISED": "a@/elsewhere"}
    stranger = subprocess.Popen([sys.executable, *SLEEPER], env=elsewhere)
    while len(orphans(tmp_path).get("a", [])) < 2:
        time.sleep(0.02)
    supervisor = Sleepers(tmp_path)
    try:
        supervisor.start()
        parent.wait(5)
        mine = [child.process.pid for child in supervisor._children]
        assert sorted(p for pids in orphans(tmp_path).values() for p in pids) == sorted(mine)
        assert stranger.poll() is None
    finally:
        supervisor.end()
        stranger.kill()
        stranger.wait()
