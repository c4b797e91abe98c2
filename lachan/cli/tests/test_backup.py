import contextlib
import fcntl
import shutil
import sqlite3
import subprocess
import sys

import pytest

from lachan.config import backups
from lachan.config.backups import backup_restore, backup_write
from lachan.kernel.errors import Conflict, InvalidInput, Unavailable

_SECRET = "a secret that is long enough for one"
_TABLES = ("members_session", "reports_inboxsession", "reports_report")


@pytest.fixture(autouse=True)
def _believed(monkeypatch):
    """Whether a backup is to be believed is another file's matter: config/tests/test_doubts.py."""
    monkeypatch.setattr(backups, "backup_doubt", lambda *_: "")


@pytest.fixture
def instance(tmp_path, settings):
    settings.LACHAN_HOME, settings.DATABASE_URL = tmp_path / "home", ""
    settings.LACHAN_HOME.mkdir()
    with contextlib.closing(sqlite3.connect(settings.LACHAN_HOME / "db.sqlite3")) as database:
        for table in _TABLES:
            database.execute(f"CREATE TABLE {table} (words TEXT)")
            database.execute(f"INSERT INTO {table} VALUES ('kept in {table}')")  # noqa: S608
        database.commit()
    (settings.LACHAN_HOME / "secret.key").write_text(_SECRET)
    return settings.LACHAN_HOME


def test_it_brings_an_instance_back_without_its_secret_and_its_sessions(instance, tmp_path):
    target, again = tmp_path / "backup.tar.gz", tmp_path / "again"
    assert backup_write(target) == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    backup_restore(target, again)
    assert {path.name for path in again.iterdir()} == {"db.sqlite3", "restored.json"}
    raw = (again / "db.sqlite3").read_bytes()
    assert [f"kept in {table}".encode() in raw for table in _TABLES] == [False, False, True]
    with pytest.raises(Conflict):
        backup_restore(target, again)


def test_it_restores_no_other_file(instance, tmp_path):
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(InvalidInput):
        backup_restore(tmp_path / "junk", tmp_path / "again")


@pytest.fixture
def backup(instance, tmp_path):
    (instance / "guard").mkdir()
    (instance / "guard" / "own.json").write_text("of the backup")
    (instance / "dns-policy.json").write_text("{}")
    target = tmp_path / "backup.tar.gz"
    backup_write(target)
    return target


def _words(database):
    with contextlib.closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return connection.execute("SELECT words FROM reports_report ORDER BY rowid").fetchall()


def _killed(home):
    """An instance that was killed while it wrote: its log holds what its database does not."""
    with contextlib.closing(sqlite3.connect(home / "db.sqlite3")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        rows = [(f"{number} " + "x" * 900,) for number in range(200)]
        database.executemany("INSERT INTO reports_report VALUES (?)", rows)
        database.commit()
        for end in ("-wal", "-shm"):
            shutil.copy(home / f"db.sqlite3{end}", home / f"kept{end}")
    for end in ("-wal", "-shm"):
        (home / f"kept{end}").rename(home / f"db.sqlite3{end}")
    (home / "db.sqlite3").unlink()


def test_it_replays_no_log_of_another_database_over_the_restored_one(instance, backup):
    _killed(instance)
    (instance / "db.sqlite3-journal").write_bytes(b"of an older one")
    logs = {name: (instance / name).read_bytes() for name in backups._DATABASE_FILES[1:]}
    assert len(logs["db.sqlite3-wal"]) > 100_000
    aside = backup_restore(backup, instance)
    assert _words(instance / "db.sqlite3") == [("kept in reports_report",)]
    assert {name: (aside / name).read_bytes() for name in logs} == logs


def test_it_keeps_what_a_restore_takes_the_place_of(instance, backup):
    (instance / "db.sqlite3").unlink()
    (instance / "guard" / "own.json").write_text("newer")
    (instance / "guard" / "more.json").write_text("{}")
    (instance / "dns-policy.json").write_text('{"block_ttl": 5}')
    (instance / "audit-head.json").write_text("{}")
    aside = backup_restore(backup, instance)
    assert (aside / "guard" / "own.json").read_text() == "newer"
    assert "block_ttl" in (aside / "dns-policy.json").read_text()
    assert [path.name for path in (instance / "guard").iterdir()] == ["own.json"]
    assert (instance / "guard" / "own.json").read_text() == "of the backup"
    assert not (instance / "audit-head.json").exists()
    assert (instance / "secret.key").read_text() == _SECRET


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc to see what is held open")
def test_it_restores_nothing_while_a_process_holds_the_old_database(instance, backup):
    code = "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM reports_report'); print(flush=True); sys.stdin.read()"
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(instance / "db.sqlite3")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    holder.stdout.readline()
    (instance / "db.sqlite3").unlink()
    before = sorted(instance.rglob("*"))
    with pytest.raises(Conflict, match="still run"):
        backup_restore(backup, instance)
    assert sorted(instance.rglob("*")) == before
    holder.communicate()
    assert backup_restore(backup, instance)


def test_it_restores_nothing_while_a_supervisor_runs(instance, backup):
    (instance / "db.sqlite3").unlink()
    (instance / "run").mkdir()
    with (instance / "run" / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="still run"):
            backup_restore(backup, instance)
    assert backup_restore(backup, instance)


@pytest.mark.parametrize("step", ["rename", "link"])
def test_it_leaves_all_as_it_was_where_it_cannot_be_done(instance, backup, monkeypatch, step):
    _killed(instance)
    before = {p.relative_to(instance): p.read_bytes() for p in instance.rglob("*") if p.is_file()}

    def full(*_):
        raise OSError(28, "No space left on device")

    if step == "link":
        monkeypatch.setattr(backups.os, "link", full)
    else:
        rename = backups.Path.rename
        monkeypatch.setattr(
            backups.Path, "rename", lambda o, n: full() if n == instance / "guard" and ".restore-" in str(o) else rename(o, n)
        )  # fmt: skip
    with pytest.raises(Unavailable, match="No space left"):
        backup_restore(backup, instance)
    assert before == {p.relative_to(instance): p.read_bytes() for p in instance.rglob("*") if p.is_file()}  # fmt: skip


def test_it_can_be_done_again_where_it_was_killed(instance, backup, monkeypatch):
    _killed(instance)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(backups.os, "link", killed)
        with pytest.raises(KeyboardInterrupt):
            backup_restore(backup, instance)
    assert not (instance / "db.sqlite3").exists()
    shutil.copytree(instance / "guard", instance / ".restore-left")
    backup_restore(backup, instance)
    assert _words(instance / "db.sqlite3") == [("kept in reports_report",)]
    assert not list(instance.glob(".restore-*"))
    assert not list(instance.glob("db.sqlite3-*"))


def test_it_restores_no_file_where_the_database_is_elsewhere(backup, tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@db.example/x")
    with pytest.raises(InvalidInput, match="pg_restore"):
        backup_restore(backup, tmp_path / "again")
