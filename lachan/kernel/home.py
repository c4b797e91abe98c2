"""LACHAN_HOME: the one folder that holds everything an instance owns.

db.sqlite3        unless DATABASE_URL says otherwise
secret.key        signs sessions, peppers receipts; made at first use, readable by the owner alone
first-link.key    the first link's token, until the first administrator has joined (docs/threat-model.md)
audit-head.json   the last line of the audit trail that was seen, so that a cut-off end shows
ledger-head.json  the same of the ledger
snapshots/        what the edges read
matching/         what fingerprints are looked up in
sightings/        counts of hits on their way to the database
run/              sockets and status of running processes; may be emptied at any time
guard/            optional larger lists for the guard against harm
"""

import os
import secrets
import stat
from pathlib import Path


def home_path() -> Path:
    """The folder, absolute; `./var` unless LACHAN_HOME names another. It may not exist yet."""
    return Path(os.environ.get("LACHAN_HOME", "var")).absolute()


def home_prepare(home: Path) -> None:
    """Make the folder and its parts; harmless when they are there.

    Raises:
        OSError: the folder cannot be made or written.
    """
    for folder in (home, home / "snapshots", home / "run", home / "static"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def home_unsafe(home: Path) -> list[Path]:
    """What other users of the machine may read and must not: the folder itself, its keys, its database.

    A folder that somebody made beforehand keeps the mode it was given.
    """
    others = stat.S_IRWXG | stat.S_IRWXO
    files = [*home.glob("*.key"), *home.glob("db.sqlite3*")]
    if not home.stat().st_mode & others:
        # Nobody else gets past the folder; but keys are copied about, and must be safe on their own.
        files = [path for path in files if path.suffix == ".key"]
    return [path for path in (home, *files) if path.stat().st_mode & others]


def secret_read(home: Path) -> str:
    """The instance's secret; made once, in a way that two processes starting together agree on it."""
    path = home / "secret.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    home_prepare(home)
    fresh = home / f".secret.{os.getpid()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # link() fails where the name exists: the first process wins, the other reads its secret.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()
