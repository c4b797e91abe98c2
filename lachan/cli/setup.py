"""Django, ready for a command."""

import os


def django_ready(*, migrate: bool = True) -> None:
    """Load the settings, and bring the database to the present schema (an empty home becomes ready)."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lachan.config.settings")
    import django

    django.setup()
    if migrate:
        from lachan.config.prepare import database_prepare

        database_prepare()


def unreachable(error: Exception) -> str:
    """A database's error in one line: its kind and its driver's first words, which hold no password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return f"The database does not answer: {lines[0].strip()}"
