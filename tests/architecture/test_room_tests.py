"""`make test-room ROOM=…` asks whom a change in a room concerns, and names the rooms where it is given none."""

import re
from pathlib import Path

import pytest

from tools.room_tests import main, room_tests, rooms


def test_it_takes_a_room_s_own_tests_and_those_that_enter_it():
    found = room_tests("members")
    assert found[0] == "lachan/members"
    others = [path for path in found[1:] if "/architecture/" not in path]
    assert [path for path in others if path.startswith("lachan/members/")] == []
    assert {Path(path).parts[1] for path in others} >= {"cases", "indicators", "reports", "flows"}
    assert all("lachan.members" in Path(path).read_text() for path in others)


@pytest.mark.parametrize("room", rooms())
def test_it_names_files_that_are_there(room):
    found = room_tests(room)
    assert len(found) >= 3
    assert [path for path in found if not Path(path).exists()] == []


@pytest.mark.parametrize("words", [[], [""], ["case"], ["tests"], [".."], [".*"]])
def test_it_says_which_rooms_there_are(words, capsys):
    assert main(words) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert {"cases", "edge", "reports"} <= set(told.err.split())


def test_it_is_what_make_calls():
    rule = re.search(
        r"^test-room:.*## (.*)\n((?:\t.*\n)+)", Path("Makefile").read_text(), re.MULTILINE
    )
    assert "ROOM=" in rule[1]
    assert 'tools/room_tests.py "$(ROOM)"' in rule[2]
    assert "--dist" not in rule[2]
    assert "$(PYTEST)" in rule[2]
