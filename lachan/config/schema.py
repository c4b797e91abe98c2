"""What the migrations make of an empty database, to hold a real one to it.

Without its triggers history can be changed; a trigger that somebody put in, or a column's default, writes
what the product never wrote. Neither shows in any row.
"""

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import allauth
import django
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from lachan.kernel.errors import Unavailable
from lachan.kernel.files import file_write

if TYPE_CHECKING:
    from django.db.migrations.state import ProjectState

# In a process of its own: migrations that move data would else reach for the real database.
_PROGRAM = """
import json, os, sys
os.environ.pop("DATABASE_URL", None)
os.environ["DJANGO_SETTINGS_MODULE"] = "lachan.config.settings"
from django.conf import settings
settings.DATABASES["default"]["NAME"] = ":memory:"
import django
django.setup()
from lachan.config.schema import schema_make
json.dump(schema_make(json.load(sys.stdin)), sys.stdout)
"""
_PACKAGE = Path(__file__).resolve().parent.parent
_OF_SQLITE = frozenset({"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})
Schema = dict[str, str]
"""What stands under each name, as SQL: tables, indexes, triggers, views."""


def schema_make(applied: list[tuple[str, str]]) -> Schema:
    """Apply these migrations to the (empty) database, and read its schema."""
    migrations_apply(applied)
    with connection.cursor() as cursor:
        return schema_read(cursor.execute)


def migrations_apply(applied: Iterable[Iterable[str]]) -> "ProjectState":
    """Bring the (empty) database to where these migrations leave it; Django's state of models there."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    wanted = {tuple(one) for one in applied}
    nodes = {key: node for key, node in executor.loader.graph.node_map.items() if key in wanted}
    # The last ones alone: to ask for one that another has brought along would take the other back.
    last = [k for k, node in nodes.items() if wanted.isdisjoint(c.key for c in node.children)]
    return executor.migrate(last)


def schema_read(execute: Callable[[str], Any]) -> Schema:
    """The schema of an SQLite database; written alike where only blanks and quotes differ."""
    rows = execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {
        name: re.sub(r"\s+", " ", sql.replace('"', ""))
        for kind, name, sql in rows
        # By name, not by its beginning: who writes the schema by hand gives a trigger that name too.
        if kind != "table" or name not in _OF_SQLITE
    }


def schema_expected(applied: Iterable[tuple[str, str]]) -> Schema:
    """What these migrations make of an empty SQLite database: two or three seconds, once for each version.

    Raises:
        Unavailable: they cannot be applied.
    """
    listed = json.dumps(sorted(applied))
    kept = _kept(listed)
    with contextlib.suppress(OSError, ValueError):
        known: Schema = json.loads(kept.read_bytes())
        return known
    made = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        input=listed,
        env={**os.environ, "LACHAN_SECRET_KEY": "of a database in memory alone, kept nowhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise Unavailable("the migrations cannot be applied to an empty database")
    found: Schema = json.loads(made.stdout)
    with contextlib.suppress(OSError):
        # Whoever may read a source may read what is made of it.
        file_write(kept, made.stdout.encode(), mode=0o644, durable=False)
    return found


def _kept(listed: str) -> Path:
    """Where the schema rests that these migrations made: beside the sources, or nowhere. Whoever could forge it
    there could forge this check; under LACHAN_HOME an intruder into the data could.
    """
    versions = (django.__version__, allauth.__version__, sqlite3.sqlite_version, listed)
    digest = hashlib.blake2b(json.dumps(versions).encode(), digest_size=8)
    # Not the migrations alone: they call what stands elsewhere.
    for path in sorted(_PACKAGE.rglob("*.py")):
        if "tests" not in path.parts:
            digest.update(path.read_bytes())
    return _PACKAGE / "__pycache__" / f"schema-{digest.hexdigest()}.json"


def schema_faults(database: sqlite3.Connection) -> list[str]:
    """What differs between an SQLite database and what its own migrations make, in words."""
    applied = database.execute("SELECT app, name FROM django_migrations").fetchall()
    return _differences(schema_read(database.execute), schema_expected(frozenset(applied)))


def _differences(found: Schema, expected: Schema) -> list[str]:
    gone = [f"{name} is missing" for name in sorted(expected.keys() - found.keys())]
    strange = [f"{name} is not the product's" for name in sorted(found.keys() - expected.keys())]
    both = sorted(found.keys() & expected.keys())
    return (
        gone + strange + [f"{name} was altered" for name in both if found[name] != expected[name]]
    )


def present_schema_faults() -> list[str]:
    """The same for the database in use. Of PostgreSQL only triggers are looked at, and rules."""
    if connection.vendor == "postgresql":
        return _postgresql_faults()
    applied = frozenset(MigrationRecorder(connection).applied_migrations())
    with connection.cursor() as cursor:
        return _differences(schema_read(cursor.execute), schema_expected(applied))


_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled, p.prosrc FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = ANY (current_schemas(false))
"""
_KEPT = ("indicators_ledgerrow", "indicators_listingrow", "members_auditentry")


def _postgresql_faults() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_TRIGGERS)
        found = {name: (table, on, body) for table, name, on, body in cursor.fetchall()}
        cursor.execute(
            "SELECT rulename FROM pg_rules WHERE schemaname = ANY (current_schemas(false))"
        )
        rules = [name for (name,) in cursor.fetchall()]
    wanted = {f"{table}_no_{what}": table for table in _KEPT for what in ("change", "truncate")}
    faults = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    faults += [
        f"{name} is not the product's" for name in sorted([*(found.keys() - wanted), *rules])
    ]
    for name, table in sorted(wanted.items()):
        on, state, body = found.get(name, (table, "O", "RAISE EXCEPTION"))
        if on != table or state not in "OA" or "RAISE EXCEPTION" not in body:
            faults.append(f"{name} was altered")
    return faults
