"""That `lachan match` and `lachan scan` end with 1 for what is known and for nothing else, and say what to do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.cli.verdict import plain
from lachan.kernel.ids import uuid7
from lachan.matching.collection import Collection
from lachan.matching.records import Facts

HOSTILE = "a\nb\x1b[2Jc\u202e.txt"
SHOWN = r"a\nb\x1b[2Jc\u202e.txt"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Collection.create(tmp_path / "lists") as lists:
        lists.add("xau.example", Facts(3, uuid7()), algorithm="address")
    (tmp_path / "files").mkdir()
    return tmp_path


def lachan(*arguments, **options):
    return CliRunner().invoke(cli, [*arguments, "--collection", "lists"], **options)


def started(*arguments):
    """As from a terminal: Ctrl-C then reaches all processes of the command."""
    command = [sys.executable, "-m", "lachan", *arguments, "--collection", "lists"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, env=environment, start_new_session=True, text=True, **pipes)


def interrupted(process):
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


def test_a_match_that_is_interrupted_says_nothing_of_what_is_known(place):
    process = started("match", "-")
    process.stdin.write("tot.example\n")
    process.stdin.flush()
    assert "nothing known" in process.stdout.readline()
    assert interrupted(process) == (130, "interrupted\n")


def test_a_scan_that_is_interrupted_while_it_loads_says_so_and_no_more(place):
    (place / "files/one").write_text("1")
    process = started("scan", "files", "--report", "found.json", "--jobs", "2")
    while not (place / "found.json.journal").exists():
        assert process.poll() is None
        time.sleep(0.005)
    assert interrupted(process) == (130, "interrupted; the same command goes on\n")


@pytest.mark.parametrize("command", ["match", "scan"])
def test_a_fault_of_the_program_is_no_find(place, monkeypatch, command):
    def fault(*_):
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("lachan.matching.scanning.known.CollectionKnown.__init__", fault)
    failed = lachan(command, "files")
    assert failed.exit_code == 2
    assert "nobody thought of this" in failed.output


@pytest.mark.parametrize("command", ["match", "scan"])
def test_it_says_where_no_collection_is_and_how_to_make_one(place, command):
    (place / "lists/manifest.json").unlink()
    failed = lachan(command, "files")
    assert failed.exit_code == 2
    assert "there is no collection in" in failed.output
    assert "lists; `lachan collection import` makes one" in failed.output


def test_it_says_in_words_where_a_report_cannot_be_written(place):
    failed = lachan("scan", "files", "--report", "nowhere/found.json")
    assert failed.output == "Error: nowhere/found.json.journal: no such file or directory\n"
    assert failed.exit_code == 2


def test_a_scan_names_what_it_could_not_examine(place):
    (place / "files/cut.zip").write_bytes(b"PK\x03\x04")
    found = lachan("scan", "files", "absent", "--jobs", "1")
    assert found.exit_code == 3
    assert "unread  absent: unreadable: no such file or directory" in found.output
    assert "unread  files/cut.zip!/: the archive is damaged" in found.output


def test_a_match_says_what_is_no_file_and_no_value(place):
    said = lachan("match", "absent.jpg", "files", "--algorithm", "pdq").output
    assert "unread  absent.jpg: it holds characters that do not belong there" in said
    said = lachan("match", "photos/absent.jpg", "files", "x" * 5000)
    assert said.exit_code == 2
    assert "unread  photos/absent.jpg: there is no such file, and" in said.output
    assert "unread  files: a folder: `lachan scan` looks inside" in said.output


def test_a_mistyped_file_is_no_domain_that_nobody_knows(place):
    said = lachan("match", "absent.jpg", "photos")
    assert said.exit_code == 2
    assert "unread  absent.jpg: there is no such file; say --algorithm address" in said.output
    said = lachan("match", "absent.jpg", "--algorithm", "address")
    assert (said.exit_code, said.output) == (0, "nothing known  absent.jpg\n")


def test_names_of_files_cannot_command_a_terminal(place):
    (place / "files" / HOSTILE).write_bytes(b"PK\x03\x04")
    assert f"unread  files/{SHOWN}: packed" in lachan("match", f"files/{HOSTILE}").output
    assert f"unread  files/{SHOWN}!/: " in lachan("scan", "files", "--jobs", "1").output
    assert plain("ảnh có dấu 🙂.txt") == "ảnh có dấu 🙂.txt"


def test_it_takes_no_folder_for_a_list(place):
    failed = lachan("collection", "import", "files")
    assert failed.exit_code == 2
    assert "is a directory" in failed.output
