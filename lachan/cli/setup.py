"""Django, ready for a command."""

import os

from lachan.kernel.env import Env
from lachan.kernel.errors import NotFound
from lachan.kernel.home import home_holds_instance, home_path


class NoInstance(NotFound):
    """Nothing has begun in this home, and the command is none that begins something."""

    code = "no-instance"


def django_ready(*, migrate: bool = True, begin: bool = False) -> None:
    """Load the settings, and bring the database to the present schema.

    Args:
        migrate: also bring the database up to date.
        begin: make an instance where there is none: for the servers, and for nobody who only asks.

    Raises:
        NoInstance: there is none.
    """
    if not begin:
        instance_expect()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
    import django

    django.setup()
    if migrate:
        from lachan.config.prepare import database_prepare

        database_prepare()


def instance_expect() -> None:
    """That an instance has begun in this home, or the database is elsewhere.

    Raises:
        NoInstance: neither.
    """
    home = home_path()
    if not (home_holds_instance(home) or (home.is_dir() and Env().text("DATABASE_URL", ""))):
        raise NoInstance(
            f"there is no instance in {home}: set LACHAN_HOME to its folder, or begin one with `lachan up`"
        )


def unreachable(error: Exception) -> str:
    """A database's error in one line: its kind and its driver's first words, which hold no password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"The database does not answer: {lines[0].strip()}"
