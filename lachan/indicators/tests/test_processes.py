"""The ledger under several real processes at once, on SQLite and on PostgreSQL, and under `kill -9`."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from tests.instance import home_copy

PROGRAM = str(Path(__file__).parent / "publisher.py")
WRITERS, EACH = 3, 12
# Every third publication is withdrawn again: one row more.
ROWS = WRITERS * (EACH + EACH // 3)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def run(request, home, monkeypatch):
    """Start the program against a database of its own."""
    if request.param == "sqlite":
        monkeypatch.delenv("DATABASE_URL", raising=False)
        home_copy(home)
    else:
        monkeypatch.setenv("DATABASE_URL", _fresh_database())
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, PROGRAM, *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def _fresh_database():
    import psycopg

    from tests.postgres import NoServer, server_url

    try:
        url = server_url()
    except NoServer as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))
    name = f"ledger_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return url.rpartition("/")[0] + f"/{name}"


def _result(process):
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(out.splitlines()[-1])


def test_it_keeps_one_order_under_many_writers(run):
    _result(run("prepare"))
    reader = run("follow", ROWS)
    writers = [run("publish", f"w{number}x", EACH) for number in range(WRITERS)]
    given = [seq for writer in writers for seq in _result(writer)["given"]]
    assert sorted(given) == list(range(1, ROWS + 1))
    assert _result(reader) == {"last": ROWS, "gaps": 0}
    checked = _result(run("verify"))
    assert checked == {
        "rows": ROWS,
        "fault": "",
        "sequence": ROWS,
        "published": WRITERS * (EACH - EACH // 3),
    }


@pytest.mark.faults
def test_it_survives_a_writer_killed_in_the_middle(run):
    _result(run("prepare"))
    victim, other = run("publish", "victim", 500), run("publish", "other", EACH)
    shown = [int(victim.stdout.readline()) for _ in range(5)]
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    victim.stdout.close()
    given = _result(other)["given"]
    checked = _result(run("verify"))
    assert checked["fault"] == ""
    assert checked["rows"] == checked["sequence"] >= max(shown + given)
    more = _result(run("publish", "after", 2))["given"]
    assert more == [checked["rows"] + 1, checked["rows"] + 2, checked["rows"] + 3]
