import contextlib
import sqlite3

import pytest

from lachan.config.backups import backup_restore, backup_write
from lachan.kernel.errors import Conflict, InvalidInput

_TABLES = ("members_session", "reports_inboxsession", "reports_report")


@pytest.fixture
def instance(tmp_path, settings):
    settings.LACHAN_HOME, settings.DATABASE_URL = tmp_path / "home", ""
    settings.LACHAN_HOME.mkdir()
    with contextlib.closing(sqlite3.connect(settings.LACHAN_HOME / "db.sqlite3")) as database:
        for table in _TABLES:
            database.execute(f"CREATE TABLE {table} (words TEXT)")
            database.execute(f"INSERT INTO {table} VALUES ('kept in {table}')")  # noqa: S608
        database.commit()
    (settings.LACHAN_HOME / "secret.key").write_text("secret")
    return settings.LACHAN_HOME


def test_it_brings_an_instance_back_without_its_secret_and_its_sessions(instance, tmp_path):
    target, again = tmp_path / "backup.tar.gz", tmp_path / "again"
    assert backup_write(target) == target.stat().st_size
    assert target.stat().st_mode & 0o777 == 0o600
    backup_restore(target, again)
    assert [path.name for path in again.iterdir()] == ["db.sqlite3"]
    raw = (again / "db.sqlite3").read_bytes()
    assert [f"kept in {table}".encode() in raw for table in _TABLES] == [False, False, True]
    with pytest.raises(Conflict):
        backup_restore(target, again)


def test_it_restores_no_other_file(instance, tmp_path):
    (tmp_path / "junk").write_bytes(b"junk")
    with pytest.raises(InvalidInput):
        backup_restore(tmp_path / "junk", tmp_path / "again")
