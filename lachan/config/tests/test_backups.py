"""Backup and restore by their commands, in homes of their own."""

import gzip
import io
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.instance import home_copy


def lachan(home, *arguments, **settings):
    kept = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "lachan", *map(str, arguments)],
        env={**kept, "LACHAN_HOME": str(home), **settings},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def refused(run, words):
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    home_copy(home)
    (home / "guard").mkdir()
    (home / "guard" / "own.json").write_text("{}")
    (home / "dns-policy.json").write_text("{}")
    (home / "first-link.key").write_text("a key")
    return home


@pytest.fixture(scope="module")
def written(home, tmp_path_factory):
    """A backup as the command wrote it, in a folder of its own."""
    target = tmp_path_factory.mktemp("written") / "backup.tar.gz"
    made = lachan(home, "backup", target)
    assert made.returncode == 0, made.stderr
    return target


@pytest.fixture
def backup(written, tmp_path):
    """A copy that the test may spoil."""
    return Path(shutil.copy(written, tmp_path))


def test_it_packs_everything_but_keys(written):
    with tarfile.open(written) as tar:
        names = set(tar.getnames())
    assert names == {"db.sqlite3", "guard", "guard/own.json", "dns-policy.json", "manifest.json"}
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert [path.name for path in written.parent.iterdir()] == ["backup.tar.gz"]


@pytest.fixture
def new(home, tmp_path):
    """An empty home, but for the secret."""
    new = tmp_path / "new"
    new.mkdir(mode=0o700)
    shutil.copy(home / "secret.key", new)
    return new


def test_it_restores_into_a_new_home(backup, new):
    done = lachan(new, "restore", backup)
    assert (done.returncode, done.stderr) == (0, "")
    assert stat.S_IMODE(new.stat().st_mode) == 0o700
    assert stat.S_IMODE((new / "db.sqlite3").stat().st_mode) == 0o600
    assert (new / "guard" / "own.json").exists()
    assert "; it was proved" in lachan(new, "doctor").stdout
    assert sorted(path.name for path in new.glob("*.json")) == ["dns-policy.json", "restored.json"]


def test_it_restores_nothing_without_the_secret_unless_asked(backup, tmp_path):
    new = tmp_path / "new"
    refused(lachan(new, "restore", backup), "put the kept copy of secret.key there first")
    assert not (new / "db.sqlite3").exists()
    done = lachan(new, "restore", backup, "--unproved")
    assert done.returncode == 0
    assert "not proved" in done.stderr
    told = lachan(new, "doctor").stdout
    assert "kept copy" in told  # of the secret
    assert "against it spoke" in told


def test_it_restores_nothing_that_was_altered_where_it_lay(backup, new, tmp_path):
    packed = tmp_path / "packed.tar.gz"
    with tarfile.open(backup) as old, tarfile.open(packed, "w:gz") as altered:
        for member in old:
            data = old.extractfile(member).read() if member.isfile() else b""
            if member.name == "dns-policy.json":
                data = b'{"block_ttl": 1}'
                member.size = len(data)
            altered.addfile(member, io.BytesIO(data))
    refused(lachan(new, "restore", packed), "dns-policy.json was altered")
    assert not (new / "db.sqlite3").exists()


def test_it_never_writes_over_a_database(backup, home):
    refused(lachan(home, "restore", backup), "holds a database already")


def test_it_refuses_what_is_no_backup(tmp_path):
    other, packed, cut = (tmp_path / name for name in ("other", "packed", "cut"))
    other.write_bytes(b"no archive")
    with tarfile.open(packed, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("secret.key"), io.BytesIO())
    cut.write_bytes(gzip.compress(os.urandom(5000))[:900])
    for path in (other, packed, cut):
        refused(lachan(tmp_path / "new", "restore", path), "")
        assert not (tmp_path / "new" / "db.sqlite3").exists()


@pytest.mark.parametrize("part", [0.3, 0.7, 0.95])
def test_it_refuses_a_backup_that_is_cut_short(backup, tmp_path, part):
    raw = backup.read_bytes()
    backup.write_bytes(raw[: int(len(raw) * part)])
    new = tmp_path / "new"
    refused(lachan(new, "restore", backup), "cut short")
    assert list(new.glob("*db*")) == []


def test_it_refuses_a_damaged_database_inside(tmp_path):
    bad = tmp_path / "db.sqlite3"
    connection = sqlite3.connect(bad)
    connection.execute("CREATE TABLE a (b)")
    connection.executemany("INSERT INTO a VALUES (?)", [("x" * 3000,)] * 50)
    connection.commit()
    connection.close()
    raw = bytearray(bad.read_bytes())
    raw[4096:40960] = os.urandom(40960 - 4096)
    bad.write_bytes(raw)
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as tar:
        tar.add(bad, "db.sqlite3")
    refused(lachan(tmp_path / "new", "restore", tmp_path / "b.tar.gz"), "damaged")
    assert not (tmp_path / "new" / "db.sqlite3").exists()


def test_it_takes_nothing_out_of_an_archive_that_does_not_belong(backup, tmp_path):
    packed = tmp_path / "packed.tar.gz"
    with tarfile.open(backup) as old, tarfile.open(packed, "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        for name in ("secret.key", "../outside", "run/up.json"):
            new.addfile(tarfile.TarInfo(name), io.BytesIO())
    done = lachan(tmp_path / "new", "restore", packed, "--unproved")
    assert done.returncode == 0
    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "new" / "secret.key").exists()
    assert not (tmp_path / "new" / "run" / "up.json").exists()


def test_it_says_why_it_cannot(home, tmp_path):
    refused(lachan(tmp_path / "empty", "backup", tmp_path / "b"), "LACHAN_HOME")
    refused(lachan(home, "backup", tmp_path / "no" / "b"), "no folder")
    url = "postgresql://a@127.0.0.1:1/x"
    refused(lachan(home, "backup", tmp_path / "b", DATABASE_URL=url), "pg_dump")
    assert not (tmp_path / "empty" / "db.sqlite3").exists()


def test_it_restores_no_archive_in_which_one_bit_is_wrong(backup, tmp_path):
    data = bytearray(backup.read_bytes())
    for place in (
        len(data) // 3,
        len(data) // 2,
        len(data) - 6,
    ):  # the last: in the checksum itself
        spoilt = bytearray(data)
        spoilt[place] ^= 1
        (tmp_path / "spoilt.tar.gz").write_bytes(spoilt)
        done = lachan(tmp_path / "new", "restore", tmp_path / "spoilt.tar.gz")
        assert done.returncode == 1
        assert not (tmp_path / "new" / "db.sqlite3").exists()


def test_it_restores_where_a_start_found_no_database(backup, new):
    assert lachan(new, "migrate").returncode == 0
    (new / "db.sqlite3").unlink()
    refused(lachan(new, "migrate"), "restore a backup")
    assert not (new / "db.sqlite3").exists()
    assert lachan(new, "restore", backup).returncode == 0
