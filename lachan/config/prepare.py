"""Making an instance ready: its secret and its schema, once, even when several processes start together."""

import contextlib
import fcntl
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from lachan.indicators.selectors import ledger_head_hash
from lachan.indicators.services import listing_record
from lachan.kernel.errors import Conflict, Unavailable
from lachan.kernel.home import home_prepare, secret_keep
from lachan.members.services import audit_head, factor_secrets_open
from lachan.outbox.services import instance_claim, instance_verify
from lachan.proofs.services import proofs_adopt


class SecretMissing(Conflict):
    """There are data, and no secret: a new one would open none of them."""

    code = "secret-missing"


def database_prepare(*arguments: str) -> None:
    """Apply what is missing of the migrations; nothing, quickly, when nothing is. Then make sure that secret,
    database and home belong together.

    Args:
        arguments: of Django's `migrate` instead, for those who develop.

    Raises:
        Unavailable: the database is empty, though this home has had one.
        SecretMissing: the database has been used, and its secret is not here.
        SecretForeign, DatabaseForeign: secret, database and home are not of one instance.
    """
    home_prepare(settings.LACHAN_HOME)
    with (settings.LACHAN_HOME / "run" / "migrate.lock").open("w") as lock:
        # One machine's processes wait here; PostgreSQL's own locks order several machines.
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = connections[DEFAULT_DB_ALIAS].settings_dict["NAME"]
        if not settings.DATABASE_URL and not Path(file).exists():
            _database_expect(
                is_used=False
            )  # before SQLite makes one that a restore would find in its way
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        is_used = bool(executor.loader.applied_migrations)
        _database_expect(is_used=is_used)
        _secret_expect(is_used=is_used)
        if arguments:
            call_command("migrate", *arguments)
            return
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        instance_claim(opens=factor_secrets_open)
        heads = {"trail": audit_head(), "ledger": ledger_head_hash()}
        proofs_adopt({n: (head.seq, bytes.fromhex(head.hash)) for n, head in heads.items() if head})
        listing_record()


def secret_expect() -> None:
    """For a process that prepares nothing: that its secret is the one of its database, where that answers.

    Raises:
        SecretMissing, SecretForeign, DatabaseForeign: it is not.
    """
    _secret_expect(is_used=True)
    with contextlib.suppress(DatabaseError):
        instance_verify()
    connections.close_all()


def _database_expect(*, is_used: bool) -> None:
    home = settings.LACHAN_HOME
    left = [home / name for name in ("audit-head.json", "instance.id") if (home / name).exists()]
    if left and not is_used:
        # An empty database in its place would look well and have lost every report.
        raise Unavailable(
            "the database is gone or is another, though this home has had one: bring it back, put DATABASE_URL "
            f"right, or restore a backup (to begin anew, remove {' and '.join(map(str, left))})"
        )


def _secret_expect(*, is_used: bool) -> None:
    if settings.SECRET_FOUND is not None:
        return
    if is_used:
        raise SecretMissing(
            f"the secret of this database is missing: put the kept copy into {settings.LACHAN_HOME / 'secret.key'}, "
            "or name it by LACHAN_SECRET_KEY_FILE; a new one would open no receipt"
        )
    # Another process may have been first: then its secret is the one that holds.
    settings.SECRET_FOUND = settings.SECRET_KEY = secret_keep(
        settings.LACHAN_HOME, settings.SECRET_KEY
    )
