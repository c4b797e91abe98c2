"""Many rows at once, past the ORM: it costs a bulk import most of its time."""

from collections.abc import Iterable, Sequence

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
