"""What speaks against a backup: whatever was altered, put in or taken away since it was written."""

import json
import shutil
import sqlite3

import pytest

from lachan.config import doubts
from lachan.config.doubts import MANIFEST, backup_doubt, manifest_write

SECRET, OTHER = "a secret that is long enough for one", "another secret, and as long as that one"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(doubts, "_database_doubt", lambda *_: "")
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "own.json").write_text("{}")
    (tmp_path / "dns-policy.json").write_text("{}")
    with sqlite3.connect(tmp_path / "db.sqlite3") as database:
        database.execute("CREATE TABLE a (b)")
    manifest_write(tmp_path, (SECRET,))
    return tmp_path


def _manifest(folder, **changes):
    said = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(said | changes))


def _written_anew(folder):
    (folder / "dns-policy.json").write_text("[]")
    manifest_write(folder, (OTHER,))


EDITS = {
    "db.sqlite3 was altered": lambda f: (f / "db.sqlite3").write_bytes(b"SQLite format 3"),
    "dns-policy.json was altered": lambda f: (f / "dns-policy.json").write_text("{ }"),
    "guard/own.json was altered": lambda f: shutil.rmtree(f / "guard"),
    "guard/more.json was altered": lambda f: (f / "guard" / "more.json").write_text("{}"),
    "altered since": lambda f: _manifest(f, made_at="2020-01-01T00:00:00+00:00"),
    "altered since ": lambda f: _manifest(f, files={}),
    "another secret": _written_anew,
    "another secret ": lambda f: _manifest(f, proof=""),
    "does not prove": lambda f: (f / MANIFEST).unlink(),
    "does not prove ": lambda f: (f / MANIFEST).write_text("{}"),
}


def test_it_believes_what_it_wrote(folder):
    assert backup_doubt(folder, (SECRET,)) == ""
    assert backup_doubt(folder, (OTHER, SECRET)) == ""


@pytest.mark.parametrize("said", EDITS)
def test_it_believes_nothing_that_was_altered(folder, said):
    EDITS[said](folder)
    assert said.strip() in backup_doubt(folder, (SECRET,))


def test_it_says_where_the_secret_is_anothers_or_missing(folder):
    assert "another secret" in backup_doubt(folder, (OTHER,))
    assert "secret.key" in backup_doubt(folder, ())
