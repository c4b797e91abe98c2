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
