"""LACHAN_HOME: the one folder that holds everything an instance owns.

db.sqlite3        unless DATABASE_URL says otherwise
secret.key        signs sessions, peppers receipts; made with the database, readable by the owner alone
instance.id       whose database this home has worked with, so that another or an empty one shows
first-link.key    the first link's token, until the first administrator has joined (docs/threat-model.md)
audit-head.json   the last line of the audit trail that was seen, so that a cut-off end shows
ledger-head.json  the same of the ledger
proofs-head.json  how far the tally of proved rows had come
restored.json     when the instance was restored, from what, and what spoke against it
snapshots/        what the edges read
profiles/         families' rules as numbers, readable by the owner alone (docs/adr/0026)
matching/         what fingerprints are looked up in
sightings/        counts of hits on their way to the database
run/              sockets and status of running processes; may be emptied at any time
maintenance.json  what is planned, for the page of what works
guard/            the operator's lists for the guard against harm: warning lists, sites.bin
"""

import contextlib
import stat
from pathlib import Path
from secrets import token_urlsafe

from lachan.kernel.env import Env
from lachan.kernel.env_kinds import secrets
from lachan.kernel.errors import InvalidInput, Unavailable
from lachan.kernel.files import file_write


class SecretUnusable(InvalidInput):
    """The file that should hold the instance's secret does not."""

    code = "secret-unusable"


def home_path() -> Path:
    """The folder, absolute; `./var` unless LACHAN_HOME names another. It may not exist yet.

    Raises:
        EnvError: LACHAN_HOME cannot be a folder's path.
    """
    return Env().parsed("LACHAN_HOME", "var", _folder).absolute()


def _folder(text: str) -> Path:
    if not text.strip():
        raise ValueError("name a folder, or leave it out for ./var")
    if text.startswith("~"):
        raise ValueError("no shell has put a folder in the place of ~: write the whole path")
    path = Path(text)
    try:
        if path.exists() and not path.is_dir():
            raise ValueError("a file stands there, and a folder is wanted")
    except OSError as error:
        raise ValueError(f"it cannot be looked at: {error.strerror}") from None
    return path


def home_holds_instance(home: Path) -> bool:
    """Whether an instance, or an edge of one, has begun there."""
    return any(
        (home / name).exists() for name in ("db.sqlite3", "secret.key", "instance.id")
    ) or any((home / "snapshots").glob("*"))


def home_prepare(home: Path) -> None:
    """Make the folder and its parts; harmless when they are there.

    Raises:
        Unavailable: the folder cannot be made or written.
    """
    try:
        for folder in (home, home / "snapshots", home / "run", home / "static"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(f"{home} cannot be made or written: {error.strerror}") from None


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


def secret_find(home: Path) -> str | None:
    """The secret that the home holds; None where it holds none.

    Raises:
        SecretUnusable: what stands there cannot be it.
    """
    return next(iter(secrets_find(home)), None)


def secrets_known(home: Path) -> tuple[str, ...]:
    """The instance's secret and the former ones, from the environment or else from the home; none where none is.

    Raises:
        EnvError: what stands in the environment cannot be it.
        SecretUnusable: the same of the home.
    """
    env = Env()
    if env.is_set("LACHAN_SECRET_KEY"):
        return env.parsed("LACHAN_SECRET_KEY", "", secrets)
    return secrets_find(home)


def secrets_find(home: Path) -> tuple[str, ...]:
    """`secret_find`, and after it the former secrets that the home still holds."""
    path = home / "secret.key"
    try:
        return secrets(path.read_text(encoding="ascii"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise SecretUnusable(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SecretUnusable(f"{path} is no secret of ours") from None
    except ValueError as error:
        raise SecretUnusable(f"{path}: {error}; put the kept copy there") from None


def secret_new() -> str:
    return token_urlsafe(48)


def secret_keep(home: Path, fresh: str) -> str:
    """Keep a new instance's secret; the one that holds, which is another's where two begin at once.

    Raises:
        SecretUnusable: as `secret_find`.
        OSError: the home cannot be written.
    """
    path = home / "secret.key"
    with contextlib.suppress(FileExistsError):  # the first process wins, the other reads its secret
        file_write(path, f"{fresh}\n".encode(), replace=False)
    return secret_find(home) or fresh
