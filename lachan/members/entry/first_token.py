"""The one file that holds the first link's token, until somebody has joined (see `first_link`)."""

from pathlib import Path

from django.conf import settings

from lachan.kernel.files import file_write


def token_path() -> Path:
    return Path(settings.LACHAN_HOME) / "first-link.key"


def token_keep(token: str) -> None:
    file_write(token_path(), f"{token}\n".encode())


def token_forget() -> None:
    """Delete the file, once the first administrator has joined."""
    token_path().unlink(missing_ok=True)
