"""Misspelt values: those that read like what was proved, and compare otherwise in the database's own hands."""

from typing import Any

from django.db import connection, models

from .proving import Proved

_CHUNK = 500


def written_otherwise(kind: Proved) -> list[str]:
    """What stands in rows as the product never writes it; nothing where the database has types.

    SQLite keeps whatever it is given: of a day without end, `x` in its place would read as none, and last for
    ever in a query.
    """
    if connection.vendor != "sqlite":
        return []
    fields = [kind.model._meta.get_field(name.partition("__")[0]) for name in kind.fields]
    plain = [f for f in fields if not isinstance(f, models.BinaryField | models.JSONField)]
    # With a sign before it a column has no type, and is not read for us.
    names = ", ".join(f"+{connection.ops.quote_name(field.column)}" for field in plain)
    table = connection.ops.quote_name(kind.model._meta.db_table)
    faults = []
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {names} FROM {table}")  # noqa: S608  names of the schema
        while rows := cursor.fetchmany(_CHUNK):
            faults += [
                f"a row of {kind.kind} holds {field.attname} as the product never writes it"
                for row in rows
                for field, value in zip(plain, row, strict=True)
                if not _is_ours(field, value)
            ]
    return faults


def dangling(kind: Proved) -> list[str]:
    """Foreign keys that point at nothing: they would read like none."""
    if connection.vendor != "sqlite":
        return []
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(kind.model._meta.db_table)
        cursor.execute(f"PRAGMA foreign_key_check({table})")
        return [f"a row of {kind.kind} points at nothing" for _ in cursor.fetchmany(1)]


def _is_ours(field: Any, value: object) -> bool:
    """Whether the product would write a value as it stands there, when it had read it."""
    if value is None:
        return bool(field.null)
    column, read = field.get_col(field.model._meta.db_table), value
    try:
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        ):
            read = convert(read, column, connection)
        return bool(field.get_db_prep_save(read, connection) == value)
    except (ValueError, TypeError, OverflowError, AttributeError):
        return False
