"""A scan that was interrupted goes on where it was."""

import functools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lachan.matching.scanning.journal import Journal, scan_name
from lachan.matching.scanning.records import Item, Outcome, ScanConflict
from lachan.matching.scanning.scan import Settings, journal_path, scan
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.scanning.tests.scans import BAD, VALUES, known, look


def killed(folder, report):
    """A scan in a process of its own, killed once its journal holds some items."""
    code = (
        "import functools, sys; from pathlib import Path\n"
        "from lachan.matching.scanning.scan import Settings, scan\n"
        "from lachan.matching.scanning.tests.known import KnownValues\n"
        f"opener = functools.partial(KnownValues, {VALUES!r}, {{}}, 0.02)\n"
        "scan(Settings(paths=(sys.argv[1],)), opener, report=Path(sys.argv[2]), jobs=1)\n"
    )
    # A file without `if __name__ == "__main__"`: its processes must not run it again.
    program = report.with_name("program.py")
    program.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
    process = subprocess.Popen([sys.executable, program, folder, report], env=environment)
    journal = journal_path(report)
    while not journal.exists() or journal.read_bytes().count(b"\n") < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    return journal.read_bytes().count(b"\n") - 1


def test_it_goes_on_after_a_kill_without_repeating(tmp_path):
    folder, report = tmp_path / "files", tmp_path / "report.json"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}").write_bytes(BAD if number % 20 == 0 else b"%d" % number)
    noted = killed(folder, report)
    assert 19 <= noted < 200
    with journal_path(report).open("ab") as file:
        file.write(b'{"item":"0123')  # as a torn write leaves it
    (folder / "000").write_bytes(b"changed meanwhile")
    summary, findings = look(folder, report=report, opener=functools.partial(KnownValues, VALUES))
    assert summary.resumed == noted - 1
    assert (summary.counts.examined, summary.counts.known) == (200, 9)
    assert len({found.path for found in findings}) == len(findings) == 9
    assert not journal_path(report).exists()
    assert json.loads(report.read_text())["summary"]["resumed"] == noted - 1


def test_it_keeps_journals_apart(folder, tmp_path):
    report = tmp_path / "report.json"
    item = Item("x", 1, 2)
    first = Journal(journal_path(report), "one")
    first.note(Outcome(item))
    with pytest.raises(ScanConflict, match="now"):
        look(folder, report=report)
    first.close()
    with pytest.raises(ScanConflict, match="another scan"):
        look(folder, report=report)
    settings = Settings(paths=(str(folder),))
    scan(settings, known(), jobs=1, report=report, restart=True)
    assert report.exists()


def test_it_says_with_which_lists_it_began_and_ended(folder, tmp_path):
    report = tmp_path / "report.json"
    settings = Settings(paths=(str(folder),))
    first = Journal(journal_path(report), scan_name(settings), "sequence 3")
    first.note(Outcome(Item("x", 1, 2)))
    first.close()
    summary, _ = look(folder, report=report)
    assert (summary.state, summary.state_end) == ("sequence 3", "sequence 7")
    said = json.loads(report.read_text())["summary"]
    assert (said["state"], said["state_end"]) == ("sequence 3", "sequence 7")
    summary, _ = look(folder, report=report)
    assert (summary.state, summary.state_end) == ("sequence 7", "sequence 7")


def test_it_refuses_the_journal_of_an_older_version(folder, tmp_path):
    report = tmp_path / "report.json"
    name = scan_name(Settings(paths=(str(folder),)))
    journal_path(report).write_text(f'{{"scan":"{name}","version":1}}\n')
    with pytest.raises(ScanConflict, match="another version"):
        look(folder, report=report)


def test_it_ignores_whatever_a_torn_journal_ends_with(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path, "one")
    for number in range(3):
        journal.note(Outcome(Item(str(number), 1, 2)))
    journal.close()
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        again = Journal(path, "one")
        assert len(again.done) == max(whole[:end].count(b"\n") - 1, 0)
        again.note(Outcome(Item("more", 1, 2)))
        again.close()
        last = Journal(path, "one")
        assert len(last.done) == max(whole[:end].count(b"\n") - 1, 0) + 1
        last.close()
