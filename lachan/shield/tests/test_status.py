"""What everybody is told of protection, by the files that edges write of themselves."""

import json
import time
from pathlib import Path

import pytest

from lachan.shield import status


@pytest.fixture
def run(tmp_path, settings):
    settings.LACHAN_HOME = tmp_path
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def say(path: Path, started: float, written: float) -> None:
    path.write_text(json.dumps({"pid": 1, "started": started, "written": written}))


def test_an_edge_works_since_it_began(run):
    began = time.time() - 500
    say(run / "dns.json", began, time.time())
    stand = status.blocking()
    assert stand.works
    assert stand.since.timestamp() == pytest.approx(began, abs=0.001)


def test_an_edge_that_says_nothing_more_has_stopped_when_it_last_did(run):
    said = time.time() - 60
    say(run / "dns.json", said - 500, said)
    stand = status.blocking()
    assert not stand.works
    assert stand.since.timestamp() == pytest.approx(said, abs=0.001)


def test_what_nobody_has_heard_of_for_a_day_is_not_run_here(run):
    assert status.blocking() is None
    say(run / "dns.json", 0, time.time() - 90_000)
    assert status.blocking() is None


def test_look_ups_work_while_one_process_does(run):
    now = time.time()
    say(run / "match-11.json", now - 900, now - 100)  # killed
    say(run / "match-12.json", now - 99, now)
    assert status.looking_up().works
    assert status.looking_up().since.timestamp() == pytest.approx(now - 99, abs=0.001)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"started": "x"}', '{"written": 1}'])
def test_a_damaged_file_is_no_answer(run, content):
    (run / "dns.json").write_text(content)
    assert status.blocking() is None
