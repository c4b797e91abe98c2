"""SQL for many rows at once, past the ORM, which would cost a bulk import most of its time."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from django.db import connection, models


def rows_insert(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """INSERT `rows` of database-ready values into `columns` (attribute names of `model`)."""
    quote = connection.ops.quote_name
    names = ", ".join(quote(model._meta.get_field(c.removesuffix("_id")).column) for c in columns)
    marks = ", ".join(["%s"] * len(columns))
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        # Every part of the statement is a name of the schema; values travel apart.
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608


def ready(model: type[models.Model], name: str, value: object) -> object:
    """`value` as the database takes it for a field."""
    return model._meta.get_field(name).get_db_prep_save(value, connection)


def uid_ready() -> Callable[[UUID], object]:
    """How a UUID travels to this database, asked once and not for each row."""
    return _same if connection.features.has_native_uuid_field else _hex


def _same(uid: UUID) -> UUID:
    return uid


def _hex(uid: UUID) -> str:
    return uid.hex


def states_of(
    model: type[models.Model], kind: str, values: Sequence[str]
) -> list[tuple[str, str, str, int | None]]:
    """(value, status, tlp, organisation's key) of every row of `kind` that has one of `values`."""
    table = connection.ops.quote_name(model._meta.db_table)
    marks = ", ".join(["%s"] * len(values))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT value, status, tlp, organisation_id FROM {table} WHERE kind = %s AND value IN ({marks})",  # noqa: S608  a name of the schema
            [kind, *values],
        )
        rows: list[tuple[str, str, str, int | None]] = cursor.fetchall()
    return rows
