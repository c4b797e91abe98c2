"""`lachan scan` as scripts meet it: a real collection, exit codes, reports, an interruption."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.kernel.ids import uuid7
from lachan.matching.collection import Collection
from lachan.matching.records import Facts

BAD = b"a listed file"


def lachan(*arguments):
    return CliRunner().invoke(cli, ["scan", "--jobs", "1", *arguments], catch_exceptions=False)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.chdir(tmp_path)
    with Collection.create(tmp_path / "lists") as lists:
        facts = Facts(3, uuid7(), categories=("scam",), source="test")
        lists.add(hashlib.sha256(BAD).hexdigest(), facts, algorithm="sha256")
        lists.add("xau.example", facts, algorithm="address")
        lists.commit(3)
    (tmp_path / "files").mkdir()
    (tmp_path / "files/clean.txt").write_text("clean")
    return tmp_path


def test_it_ends_with_what_it_found(place):
    nothing = lachan("files", "--collection", "lists")
    assert nothing.exit_code == 0, nothing.output
    (place / "files/odd.zip").write_bytes(b"PK\x03\x04")
    assert lachan("files", "--collection", "lists").exit_code == 3
    (place / "files/known").write_bytes(BAD)
    found = lachan("files", "--collection", "lists", "--report", "found.json")
    assert found.exit_code == 1
    assert "report: found.json" in found.stdout
    report = json.loads((place / "found.json").read_text())
    assert [each["path"] for each in report["known"]] == ["files/known"]
    assert report["known"][0]["matches"][0]["categories"] == ["scam"]
    assert report["summary"]["state"] == "sequence 3"


def test_it_tells_a_failure_from_a_find(place):
    for arguments in (["files", "--collection", "absent"], ["--wrong"], ["files", "--report", "x.doc", "--collection", "lists"]):  # fmt: skip
        failed = lachan(*arguments)
        assert failed.exit_code == 2, failed.output


def test_it_reads_a_list_and_speaks_json(place):
    (place / "list.csv").write_text(
        "url\nhttps://a.xau.example/b\nhttp://tot.example/\nkhong phai\n"
    )
    found = lachan("list.csv", "--collection", "lists", "--json")
    assert found.exit_code == 1, found.output
    report = json.loads(found.stdout)
    assert [each["path"] for each in report["known"]] == ["list.csv:2"]
    assert [each["path"] for each in report["quarantined"]] == ["list.csv:4"]
    assert report["summary"]["counts"]["clean"] == 1


def test_it_goes_on_after_an_interruption(place):
    for number in range(50):
        (place / f"files/{number}").write_bytes(b"%d" % number)
    # The last by name: a terabyte of nothing takes no room, and no scan is through with it before the signal.
    held = place / "files/held"
    held.touch()
    os.truncate(held, 1 << 40)
    command = [sys.executable, "-m", "lachan", "scan", "files", "--collection", "lists", "--report", "r.csv", "--jobs", "1"]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE)
    journal = place / "r.csv.journal"
    while not journal.exists() or journal.read_bytes().count(b"\n") < 5:
        assert process.poll() is None
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert (process.returncode, b"goes on" in said) == (130, True)
    os.truncate(held, 1)
    again = lachan("files", "--collection", "lists", "--report", "r.csv")
    assert again.exit_code == 0, again.output
    assert "52 examined" in again.stdout
    assert "were done before" in again.stdout
    assert not journal.exists()
