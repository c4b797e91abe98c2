"""Backups of an embedded instance: one consistent archive, written while it runs."""

import contextlib
import fcntl
import gzip
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.conf import settings

from lachan.kernel.clock import now
from lachan.kernel.env import Env
from lachan.kernel.errors import Conflict, InvalidInput, NotFound, Unavailable
from lachan.kernel.files import file_draft, folder_sync
from lachan.kernel.home import secrets_known
from lachan.kernel.process import files_held

from .doubts import MANIFEST, backup_doubt, manifest_read, manifest_write
from .restored import NAME as RESTORED
from .restored import NOTES, restored_note

_DATABASE = "db.sqlite3"
# What an administrator put there by hand. Never a key: whoever steals a backup must not be able to use it.
_BESIDES = ("guard", "dns-policy.json")
# What SQLite keeps of a database beside it (https://sqlite.org/tempfiles.html), and the database itself.
_DATABASE_FILES = tuple(_DATABASE + end for end in ("", "-wal", "-shm", "-journal"))
# A log without its database would be replayed over the next one that takes its name; the others are witnesses
# of what was there.
_OF_THE_DATABASE = (*_DATABASE_FILES, *NOTES.values(), "instance.id", RESTORED)
_DRAFT = ".restore-"


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
            _content_copy(home, Path(folder))
            _archive_write(Path(folder), target.absolute())
    except (OSError, sqlite3.Error) as error:
        raise Unavailable(f"the backup was not written: {_reason(error)}") from None
    return target.stat().st_size


def _content_copy(home: Path, content: Path) -> None:
    copy = content / _DATABASE
    with (
        contextlib.closing(sqlite3.connect(home / _DATABASE)) as source,
        contextlib.closing(sqlite3.connect(copy)) as sink,
    ):
        source.backup(sink, pages=1000)
        _sessions_leave_out(sink)
    _check(copy)
    for name in _BESIDES:
        if (home / name).is_dir():
            shutil.copytree(home / name, content / name)
        elif (home / name).exists():
            shutil.copy(home / name, content / name)
    manifest_write(content, (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def _archive_write(content: Path, target: Path) -> None:
    with (
        file_draft(target) as descriptor,
        open(descriptor, "wb", closefd=False) as file,
        tarfile.open(fileobj=file, mode="w:gz") as tar,
    ):
        for name in (_DATABASE, *_BESIDES, MANIFEST):
            if (content / name).exists():
                tar.add(content / name, name)


def _sessions_leave_out(copy: sqlite3.Connection) -> None:
    """Whoever finds a fresh backup must not find the keys of open sessions: they sign in as somebody, or say
    when a child looked into its inbox.
    """
    copy.execute("PRAGMA secure_delete=ON")
    for model in ("members.Session", "reports.InboxSession"):
        copy.execute(f"DELETE FROM {apps.get_model(model)._meta.db_table}")  # noqa: S608  a name of the schema
    copy.commit()


class BackupDoubted(Conflict):
    """Something speaks against a backup: it may have been altered where it lay."""

    code = "backup-doubted"


def backup_restore(source: Path, home: Path, *, insist: bool = False) -> Path | None:
    """Unpack a backup into a home that has no database; whole or not at all. Returns the folder in the home to
    which what stood in its way was moved, where something did: nothing of an earlier state is lost.

    Args:
        source: the archive.
        home: the folder, which holds the instance's secret already.
        insist: restore it whatever speaks against it; the home remembers that.

    Raises:
        BackupDoubted: it does not prove that it is as this instance wrote it.
        Conflict: there is a database already, or processes of the instance still run.
        InvalidInput: the file is not a backup, or a damaged one; or the database is PostgreSQL.
        Unavailable: the home cannot be written.
    """
    if Env().text("DATABASE_URL", ""):
        raise InvalidInput("the database is PostgreSQL: restore it with pg_restore")
    if (home / _DATABASE).exists():
        raise Conflict(f"{home} holds a database already; restore into an empty folder")
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(home):
            for left in home.glob(f"{_DRAFT}*"):
                shutil.rmtree(left)
            with tempfile.TemporaryDirectory(dir=home, prefix=_DRAFT) as folder:
                _unpack(source, Path(folder))
                _believe(Path(folder), home, insist=insist)
                return _put_in_place(Path(folder), home)
    except OSError as error:
        raise Unavailable(f"nothing was restored: {_reason(error)}") from None


def _believe(folder: Path, home: Path, *, insist: bool) -> None:
    """Hold what was unpacked to its manifest, and leave only what goes into the home.

    Raises:
        BackupDoubted: something speaks against it, and nobody insists.
    """
    manifest, doubt = manifest_read(folder), backup_doubt(folder, secrets_known(home))
    if doubt and not insist:
        raise BackupDoubted(f"nothing was restored: {doubt} (--unproved restores it all the same)")
    restored_note(home, folder, made_at=manifest.made_at if manifest else "", doubt=doubt)


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Nobody of the instance runs, or begins meanwhile: what is open of the old database would be written over
    the new one.

    Raises:
        Conflict: somebody does.
    """
    said = f"processes of {home} still run: stop `lachan up` and all others first"
    if files_held([home / name for name in _DATABASE_FILES]):
        raise Conflict(said)
    lock = home / "run" / "up.lock"
    with lock.open("a") if lock.exists() else contextlib.nullcontext() as file:
        try:
            if file is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Conflict(said) from None
        yield


def _put_in_place(folder: Path, home: Path) -> Path | None:
    """Each by one rename, the database last: an instance begins with it. Cut off before, it can be done again."""
    names = [name for name in (*_BESIDES, RESTORED) if (folder / name).exists()]
    in_the_way = [n for n in dict.fromkeys((*names, *_OF_THE_DATABASE)) if (home / n).exists()]
    aside = home / f"before-restore-{now():%Y%m%dT%H%M%S.%f}"
    if in_the_way:
        aside.mkdir(mode=0o700)
    moves = [(home / name, aside / name) for name in in_the_way]
    moves += [(folder / name, home / name) for name in names]
    done: list[tuple[Path, Path]] = []
    try:
        for old, new in moves:
            old.rename(new)
            done.append((old, new))
        # link() fails where the name exists: a database that appeared meanwhile is never written over.
        os.link(folder / _DATABASE, home / _DATABASE)
    except OSError:
        for old, new in reversed(done):
            new.rename(old)
        with contextlib.suppress(OSError):
            aside.rmdir()
        raise
    folder_sync(home)
    return aside if in_the_way else None


def _unpack(source: Path, folder: Path) -> None:
    """What a backup holds, and nothing else that somebody may have packed."""
    try:
        # To its end: the archive's checksum stands behind what tarfile reads.
        with gzip.open(source) as packed:
            while packed.read(1 << 20):
                pass
        with tarfile.open(source, "r:gz") as tar:
            members = [
                m
                for m in tar
                if m.name.split("/")[0] in {_DATABASE, *_BESIDES, MANIFEST}
                and (m.isreg() or m.isdir())
            ]
            tar.extractall(folder, members, filter="data")
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise InvalidInput("this file is no readable archive, or is cut short") from None
    database = folder / _DATABASE
    if not database.is_file():
        raise InvalidInput("this archive is not a backup of Lá Chắn")
    database.chmod(0o600)
    try:
        _check(database, "integrity_check")
    except sqlite3.Error:
        raise InvalidInput("the database in this backup is damaged") from None
    with database.open("rb") as file:
        os.fsync(file.fileno())


def _check(database: Path, how: str = "quick_check") -> None:
    with contextlib.closing(sqlite3.connect(database)) as connection:
        if connection.execute(f"PRAGMA {how}(1)").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("the database is damaged; see `lachan doctor`")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
