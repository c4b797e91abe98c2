"""Secret, database and home belong together: each could be another's, and all would look well."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from lachan.kernel.errors import Conflict
from lachan.kernel.files import file_write

from .models import Instance
from .seen_time import instance_row


class SecretForeign(Conflict):
    """The secret is not the one that this database was made with."""

    code = "secret-foreign"


class DatabaseForeign(Conflict):
    """The database is not the one that this home has worked with."""

    code = "database-foreign"


def instance_claim(*, opens: Callable[[], bool]) -> None:
    """Make sure that they belong together; the first time, note it in the database and in the home.

    Args:
        opens: whether the secret opens what a database from before the mark holds.

    Raises:
        SecretForeign, DatabaseForeign: they do not.
    """
    with transaction.atomic():
        row = instance_row(lock=True)
        if not row.secret_mark:
            _mark_expect()
            if not opens():
                raise _secret_foreign()
            row.secret_mark = _marks(row)[0]
            row.save(update_fields=["secret_mark"])
    instance_verify()
    if not _witness().exists():
        file_write(_witness(), f"{row.uid}\n".encode())


def instance_is_marked() -> bool:
    """Whether the database knows its secret: each does from its first start on."""
    return Instance.objects.exclude(secret_mark=b"").exists()


def instance_verify() -> None:
    """That they belong together, as far as they have been noted.

    Raises:
        SecretForeign, DatabaseForeign: they do not.
    """
    row = Instance.objects.first()
    if row is None or not row.secret_mark:
        _mark_expect()
    if row is None:
        return
    if row.secret_mark and not any(
        hmac.compare_digest(bytes(row.secret_mark), mark) for mark in _marks(row)
    ):
        raise _secret_foreign()
    if _witness().exists() and _witness().read_text("ascii", "replace").strip() != str(row.uid):
        raise DatabaseForeign(
            "this home has worked with another database: put DATABASE_URL or LACHAN_HOME right "
            f"(where the change is meant, remove {_witness()})"
        )


def _mark_expect() -> None:
    """For a database without a mark: that this home has seen none with one. The two are made together.

    Raises:
        DatabaseForeign: it has; somebody took the mark away, so that another could be made.
    """
    if _witness().exists():
        raise DatabaseForeign(
            "this database does not say any more whose it is: put DATABASE_URL or LACHAN_HOME right, or restore the "
            f"last backup (where the change is meant, remove {_witness()})"
        )


def _secret_foreign() -> SecretForeign:
    return SecretForeign(
        "this secret is not the one of this database, and would open no receipt: bring the kept copy of "
        "secret.key back, or put LACHAN_SECRET_KEY, DATABASE_URL or LACHAN_HOME right"
    )


def _marks(row: Instance) -> list[bytes]:
    """Under the present secret, then under the former ones."""
    # With the uid: two databases under one secret must not show that they have it in common.
    text = b"lachan instance " + row.uid.bytes
    held = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return [hmac.digest(one.encode(), text, hashlib.sha256) for one in held]


def _witness() -> Path:
    return Path(settings.LACHAN_HOME) / "instance.id"
