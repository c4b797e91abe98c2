"""Transactional tests empty every table when they end; append-only tables refuse that, and should.

For the flush alone their triggers are set aside, and put back at once.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations
from django.db.backends.postgresql.base import DatabaseOperations as PostgreSQL
from django.db.backends.sqlite3.base import DatabaseOperations as SQLite


@contextmanager
def _triggers_aside_sqlite(connection: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = cursor.fetchall()
        for name, _ in triggers:
            cursor.execute(f'DROP TRIGGER "{name}"')
        try:
            yield
        finally:
            for _, statement in triggers:
                cursor.execute(statement)


@contextmanager
def _triggers_aside_postgresql(connection: Any) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def triggers_aside(connection: Any) -> AbstractContextManager[None]:
    """For a test that plays the intruder: changes what the database itself would refuse to change."""
    postgresql = connection.vendor == "postgresql"
    return (_triggers_aside_postgresql if postgresql else _triggers_aside_sqlite)(connection)


def install() -> None:
    """Wrap both databases' flush; once a process."""
    for operations, aside in (
        (SQLite, _triggers_aside_sqlite),
        (PostgreSQL, _triggers_aside_postgresql),
    ):

        def flush(self: Any, sql_list: Any, aside: Any = aside) -> None:
            with aside(self.connection):
                BaseDatabaseOperations.execute_sql_flush(self, sql_list)

        operations.execute_sql_flush = flush
