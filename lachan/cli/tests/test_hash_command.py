"""`lachan hash`: from pictures to a list, from the list to a collection, and to what it then finds."""

import csv
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from lachan.cli.main import cli
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save, turned_jpeg

HEAD = ["pdq", "quality", "sha256", "sha1", "md5", "path"]


def lachan(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)


def hashed(*arguments):
    return lachan("hash", "--jobs", "1", *arguments)


def rows_of(text):
    return {row["path"]: row for row in csv.DictReader(text.splitlines())}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files/sub").mkdir(parents=True)
    (tmp_path / "files/anh.jpg").write_bytes(turned_jpeg(6))
    (tmp_path / "files/flat.png").write_bytes(save(Image.new("RGB", (90, 90), (9, 9, 9)), "PNG"))
    (tmp_path / "files/sub/note.txt").write_text("no picture")
    return tmp_path


def test_it_hashes_every_file(place):
    made = hashed("files", "files/sub")  # what is named twice counts once
    assert made.exit_code == 0, made.output
    assert next(csv.reader(made.stdout.splitlines())) == HEAD
    rows = rows_of(made.stdout)
    assert list(rows) == ["files/anh.jpg", "files/flat.png", "files/sub/note.txt"]
    for path, row in rows.items():
        data = Path(path).read_bytes()
        assert [row[name] for name in ("sha256", "sha1", "md5")] == [
            hashlib.new(name, data, usedforsecurity=False).hexdigest()
            for name in ("sha256", "sha1", "md5")
        ]
    stored = picture_hash(place / "files/anh.jpg").stored
    assert (rows["files/anh.jpg"]["pdq"], rows["files/anh.jpg"]["quality"]) == (
        stored.text,
        str(stored.quality),
    )
    assert (rows["files/flat.png"]["pdq"], rows["files/flat.png"]["quality"]) == ("", "0")
    assert (rows["files/sub/note.txt"]["pdq"], rows["files/sub/note.txt"]["quality"]) == ("", "")
    assert made.stderr == "3 examined, 1 with a PDQ, 1 too flat for one\n"


def test_its_list_becomes_a_collection_that_finds_the_picture(place):
    (place / "files/anh.jpg").write_bytes(save(picture(3, 640, 480), "PNG"))
    (place / "other.jpg").write_bytes(save(picture(3, 640, 480), "JPEG", quality=60))
    assert hashed("files", "--output", "list.csv").exit_code == 0
    took = lachan("collection", "import", "list.csv", "--collection", "lists", "--json")
    (told,) = json.loads(took.stdout)
    # Four columns of three rows: `quality` and `path` are passed over, and no PDQ of the flat one and the text.
    assert (told["rows"], told["taken"], told["empty"], told["refused"]) == (12, 10, 2, {})
    assert took.stderr == ""
    assert "pdq" in lachan("match", "other.jpg", "--collection", "lists").stdout


def test_it_gives_machines_one_object_a_line(place):
    made = hashed("files", "absent", "--json")
    told = [json.loads(line) for line in made.stdout.splitlines()]
    assert made.exit_code == 3
    assert all(list(each) == [*HEAD, "reason"] for each in told)
    assert [(each["path"], each["quality"], bool(each["sha256"]), each["reason"]) for each in told[1:]] == [
        ("files/flat.png", 0, True, ""),
        ("files/sub/note.txt", None, True, ""),
        ("absent", None, False, "unreadable: no such file or directory"),
    ]  # fmt: skip


def test_it_names_what_it_sets_aside_and_goes_on(place):
    (place / "files/cut.jpg").write_bytes(save(picture(2, 600, 600), "JPEG")[:900])
    (place / "files/link").symlink_to("anh.jpg")
    os.mkfifo(place / "files/pipe")
    made = hashed("files", "absent\x1b[2J")
    assert made.exit_code == 3
    rows = rows_of(made.stdout)
    assert len(rows) == 4
    assert (rows["files/cut.jpg"]["pdq"], len(rows["files/cut.jpg"]["sha256"])) == ("", 64)
    assert made.stderr.splitlines() == [
        "unread  files/cut.jpg: the picture's end is missing",
        r"unread  absent\x1b[2J: unreadable: no such file or directory",
        "5 examined, 1 with a PDQ, 1 too flat for one, 2 set aside, 2 skipped (links and the like)",
    ]


def test_names_of_files_are_no_formulas(place):
    (place / "=1+1.txt").write_text("a")
    assert list(rows_of(hashed("=1+1.txt").stdout)) == ["'=1+1.txt"]
    assert json.loads(hashed("=1+1.txt", "--json").stdout)["path"] == "=1+1.txt"


def test_its_own_list_is_not_in_it(place):
    (place / "files/list.csv").write_text("what stood there before")
    assert hashed("files", "--output", "files/list.csv").exit_code == 0
    command = [sys.executable, "-m", "lachan", "hash", "files", "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with (place / "files/other.csv").open("wb") as out:
        subprocess.run(command, env=environment, stdout=out, check=True)
    assert "files/list.csv" not in rows_of((place / "files/list.csv").read_text())
    assert "files/other.csv" not in rows_of((place / "files/other.csv").read_text())
    assert "files/list.csv" in rows_of((place / "files/other.csv").read_text())


def test_an_output_is_whole_or_not_there(place, monkeypatch):
    failed = hashed("files", "--output", "nowhere/list.csv")
    assert failed.exit_code == 2
    assert failed.stderr == "Error: nowhere/list.csv: no such file or directory\n"

    def full(*_):
        raise OSError(28, "No space left on device")

    (place / "list.csv").write_text("before")
    monkeypatch.setattr("lachan.cli.commands.hash._Made.add", full)
    failed = hashed("files", "--output", "list.csv")
    assert (failed.exit_code, failed.stderr) == (2, "Error: no space left on device\n")
    assert (place / "list.csv").read_text() == "before"
    assert sorted(each.name for each in place.iterdir()) == ["files", "list.csv"]


def test_its_help_says_that_nothing_is_kept():
    said = " ".join(lachan("hash", "--help").output.split())
    assert "Nothing of the content is kept or sent." in said
