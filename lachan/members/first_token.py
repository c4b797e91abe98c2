"""The one file that holds the first link's token, until somebody has joined (see `first_link`)."""

import os
from pathlib import Path

from django.conf import settings


def token_path() -> Path:
    return Path(settings.LACHAN_HOME) / "first-link.key"


def token_keep(token: str) -> None:
    path = token_path()
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(token + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def token_forget() -> None:
    """Delete the file, once the first administrator has joined."""
    token_path().unlink(missing_ok=True)
