"""SQLite's write-ahead log, cut short: in it lies, in order, what was written and what was deleted since."""

from django.conf import settings
from django.db import connection

_WAITS_MS = 100


def journal_empty() -> bool:
    """Bring the log into the database and cut it to nothing; whether that is done.

    Nobody waits for it for long: where somebody reads or writes just now, the next turn does it.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={_WAITS_MS}")
        try:
            busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            timeout = settings.DATABASES["default"]["OPTIONS"]["timeout"]
            cursor.execute(f"PRAGMA busy_timeout={timeout * 1000}")
    return not busy
