"""The rows of a whole database as JSON that people can read, whatever the tables are at that time."""

import base64
import json
import uuid
from datetime import date
from typing import Any

from django.apps.registry import Apps
from django.core.management.color import no_style
from django.db import connection, models, transaction

Tables = dict[str, dict[str, Any]]


def rows_dump(apps: Apps) -> Tables:
    """Every table that holds a row: its columns, and its rows in the order of their keys."""
    found: Tables = {}
    for model in apps.get_models(include_auto_created=True):
        columns = [field.attname for field in model._meta.concrete_fields]
        rows = [
            [_plain(value) for value in row]
            for row in model._base_manager.order_by("pk").values_list(*columns)
        ]
        if rows:
            found[model._meta.label] = {"columns": columns, "rows": rows}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def rows_load(apps: Apps, tables: Tables) -> None:
    """Fill a database whose tables are those of `apps`; what migrations had put there goes."""
    made = [apps.get_model(label) for label in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        for model in made:
            cursor.execute(f"DELETE FROM {_quoted(model._meta.db_table)}")  # noqa: S608  names of the schema
        for model, table in zip(made, tables.values(), strict=True):
            _fill(model, table)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), made):
            cursor.execute(statement)


def _fill(model: type[models.Model], table: dict[str, Any]) -> None:
    fields = {field.attname: field for field in model._meta.concrete_fields}
    model._base_manager.bulk_create(
        model(
            **{
                name: None if value is None else fields[name].to_python(value)
                for name, value in zip(table["columns"], row, strict=True)
            }
        )
        for row in table["rows"]
    )


def tables_empty() -> set[str]:
    """The names of the tables without a row."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        return {name for name in names if not _has_row(cursor, name)}


def _has_row(cursor: Any, name: str) -> bool:
    cursor.execute(f"SELECT 1 FROM {_quoted(name)} LIMIT 1")  # noqa: S608  names of the schema
    return cursor.fetchone() is not None


def _quoted(name: str) -> str:
    return str(connection.ops.quote_name(name))


def text_of(golden: dict[str, Any]) -> str:
    """JSON with a row a line."""
    *heads, last = (f" {json.dumps(k)}: {_lines(v, 2)}" for k, v in golden.items())
    return "{\n" + ",\n".join((*heads, last)) + "\n}\n"


def _lines(value: Any, depth: int) -> str:
    whole = json.dumps(value, ensure_ascii=False)
    if (
        not isinstance(value, dict | list)
        or len(whole) < 100
        or (depth > 4 and type(value) is list)
    ):
        return whole
    pad = " " * depth
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(k)}: {_lines(v, depth + 1)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + "\n" + pad[1:] + "}"
    return "[\n" + ",\n".join(pad + _lines(v, 9) for v in value) + "\n" + pad[1:] + "]"
