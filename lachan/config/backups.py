"""Backups of an embedded instance: one consistent archive, written while it runs."""

import contextlib
import sqlite3
import tarfile
import tempfile
from pathlib import Path

from django.apps import apps
from django.conf import settings

from lachan.kernel.errors import Conflict, InvalidInput

_DATABASE = "db.sqlite3"


def backup_write(target: Path) -> int:
    """Write `target` (.tar.gz); its size in bytes. The file appears whole or not at all.

    Raises:
        InvalidInput: the database is PostgreSQL, which has tools of its own.
        OSError: the target cannot be written.
    """
    if settings.DATABASE_URL:
        raise InvalidInput("the database is PostgreSQL: back it up with pg_dump")
    home: Path = settings.LACHAN_HOME
    # Beside the target, not in a world-readable temporary folder: a backup is as private as its home.
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".backup-") as folder:
        copy, archive = Path(folder) / _DATABASE, Path(folder) / "archive"
        with (
            contextlib.closing(sqlite3.connect(home / _DATABASE)) as source,
            contextlib.closing(sqlite3.connect(copy)) as sink,
        ):
            source.backup(sink, pages=1000)
            _sessions_leave_out(sink)
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(copy, _DATABASE)
            if (home / "guard").is_dir():
                tar.add(home / "guard", "guard")
        archive.chmod(0o600)
        archive.replace(target)
    return target.stat().st_size


def _sessions_leave_out(copy: sqlite3.Connection) -> None:
    """Whoever finds a fresh backup must not find the keys of open sessions: they sign in as somebody, or say
    when a child looked into its inbox.
    """
    copy.execute("PRAGMA secure_delete=ON")
    for model in ("members.Session", "reports.InboxSession"):
        copy.execute(f"DELETE FROM {apps.get_model(model)._meta.db_table}")  # noqa: S608  a name of the schema
    copy.commit()


def backup_restore(source: Path, home: Path) -> None:
    """Unpack a backup into a home that has no database yet.

    Raises:
        Conflict: there is a database already.
        InvalidInput: the file is not a backup.
    """
    if (home / _DATABASE).exists():
        raise Conflict(f"{home} holds a database already; restore into an empty folder")
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with tarfile.open(source, "r:gz") as tar:
            if _DATABASE not in tar.getnames():
                raise InvalidInput("this archive is not a backup of Lá Chắn")
            tar.extractall(home, filter="data")
    except tarfile.TarError:
        raise InvalidInput("this file is not a readable archive") from None
