"""Backups of an embedded instance: one consistent archive, written while it runs."""

import contextlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from pathlib import Path

from django.apps import apps
from django.conf import settings

from lachan.kernel.errors import Conflict, InvalidInput, NotFound, Unavailable

_DATABASE = "db.sqlite3"
# What an administrator put there by hand. Never a key: whoever steals a backup must not be able to use it.
_BESIDES = ("guard", "dns-policy.json")


def backup_write(target: Path) -> int:
    """Write `target` (.tar.gz); its size in bytes. The file appears whole or not at all.

    Raises:
        InvalidInput: the database is PostgreSQL, which has tools of its own.
        NotFound: there is no database, or no folder for the target.
        Unavailable: the database cannot be read, or the target cannot be written; the message says why.
    """
    if settings.DATABASE_URL:
        raise InvalidInput("the database is PostgreSQL: back it up with pg_dump")
    home: Path = settings.LACHAN_HOME
    if not (home / _DATABASE).exists():
        raise NotFound(f"there is no database in {home}: is LACHAN_HOME right?")
    if not target.absolute().parent.is_dir():
        raise NotFound(f"there is no folder {target.absolute().parent}")
    try:
        # Beside the target, not in a world-readable temporary folder: a backup is as private as its home.
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".backup-") as folder:
            archive = _archive_write(home, Path(folder))
            archive.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"the backup was not written: {_reason(error)}") from None
    return target.stat().st_size


def _archive_write(home: Path, folder: Path) -> Path:
    copy, archive = folder / _DATABASE, folder / "archive"
    with (
        contextlib.closing(sqlite3.connect(home / _DATABASE)) as source,
        contextlib.closing(sqlite3.connect(copy)) as sink,
    ):
        source.backup(sink, pages=1000)
        _sessions_leave_out(sink)
    _check(copy)
    with archive.open("xb") as file:
        archive.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            tar.add(copy, _DATABASE)
            for name in _BESIDES:
                if (home / name).exists():
                    tar.add(home / name, name)
        file.flush()
        os.fsync(file.fileno())
    return archive


def _sessions_leave_out(copy: sqlite3.Connection) -> None:
    """Whoever finds a fresh backup must not find the keys of open sessions: they sign in as somebody, or say
    when a child looked into its inbox.
    """
    copy.execute("PRAGMA secure_delete=ON")
    for model in ("members.Session", "reports.InboxSession"):
        copy.execute(f"DELETE FROM {apps.get_model(model)._meta.db_table}")  # noqa: S608  a name of the schema
    copy.commit()


def backup_restore(source: Path, home: Path) -> None:
    """Unpack a backup into a home that has no database yet; whole or not at all.

    Raises:
        Conflict: there is a database already.
        InvalidInput: the file is not a backup, or a damaged one.
        Unavailable: the home cannot be written.
    """
    if (home / _DATABASE).exists():
        raise Conflict(f"{home} holds a database already; restore into an empty folder")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(dir=home, prefix=".restore-") as folder:
            _unpack(source, Path(folder))
            for name in _BESIDES:
                if (Path(folder) / name).is_dir():
                    shutil.copytree(Path(folder) / name, home / name, dirs_exist_ok=True)
                elif (Path(folder) / name).exists():
                    (Path(folder) / name).replace(home / name)
            # Last: an instance begins with its database.
            (Path(folder) / _DATABASE).replace(home / _DATABASE)
    except OSError as error:
        raise Unavailable(f"nothing was restored: {_reason(error)}") from None


def _unpack(source: Path, folder: Path) -> None:
    """What a backup holds, and nothing else that somebody may have packed."""
    try:
        with tarfile.open(source, "r:gz") as tar:
            members = [m for m in tar if m.name.split("/")[0] in {_DATABASE, *_BESIDES}]
            tar.extractall(folder, members, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InvalidInput("this file is no readable archive, or is cut short") from None
    if not (folder / _DATABASE).is_file():
        raise InvalidInput("this archive is not a backup of Lá Chắn")
    (folder / _DATABASE).chmod(0o600)
    try:
        _check(folder / _DATABASE)
    except sqlite3.Error:
        raise InvalidInput("the database in this backup is damaged") from None


def _check(database: Path) -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the database is damaged; see `lachan doctor`")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
