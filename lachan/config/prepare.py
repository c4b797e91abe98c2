"""Making an instance ready: the schema, once, even when several processes start together."""

import fcntl

from django.conf import settings
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from lachan.indicators.selectors import ledger_head_hash
from lachan.kernel.errors import Unavailable
from lachan.members.services import audit_head
from lachan.proofs.services import proofs_adopt


def database_prepare() -> None:
    """Apply what is missing of the migrations; nothing, quickly, when nothing is.

    Raises:
        Unavailable: the database is empty, though this home has had one.
    """
    with (settings.LACHAN_HOME / "run" / "migrate.lock").open("w") as lock:
        # One machine's processes wait here; PostgreSQL's own locks order several machines.
        fcntl.flock(lock, fcntl.LOCK_EX)
        executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
        witness = settings.LACHAN_HOME / "audit-head.json"
        if not executor.loader.applied_migrations and witness.exists():
            # An empty database in its place would look well and have lost every report.
            raise Unavailable(
                "the database is gone, though this home has had one: bring it back or restore a backup "
                f"(to begin anew, remove {witness})"
            )
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        heads = {"trail": audit_head(), "ledger": ledger_head_hash()}
        proofs_adopt({n: (head.seq, bytes.fromhex(head.hash)) for n, head in heads.items() if head})
