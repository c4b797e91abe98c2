"""A database whose own rules were changed is noticed, on both kinds."""

import contextlib
import sqlite3

import pytest
from django.db import connection

from lachan.config import schema

pytestmark = pytest.mark.django_db
postgresql = connection.vendor == "postgresql"
TABLE = "indicators_ledgerrow"
SQLITE = {
    f"DROP TRIGGER {TABLE}_no_DELETE": f"{TABLE}_no_DELETE is missing",
    "CREATE TRIGGER quiet AFTER INSERT ON reports_report BEGIN SELECT 1; END": "quiet is not",
    "CREATE VIEW shown AS SELECT 1": "shown is not",
    "DROP INDEX indicator_value": "indicator_value is missing",
    "ALTER TABLE reports_message ADD COLUMN more TEXT": "reports_message was altered",
}
POSTGRESQL = {
    f"DROP TRIGGER {TABLE}_no_truncate ON {TABLE}": f"{TABLE}_no_truncate is missing",
    f"ALTER TABLE {TABLE} DISABLE TRIGGER {TABLE}_no_change": f"{TABLE}_no_change was altered",
    f"CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RETURN OLD; END $$": f"{TABLE}_no_change was altered",
    f"CREATE RULE quiet AS ON INSERT TO {TABLE} DO INSTEAD NOTHING": "quiet is not",
}


def test_it_finds_nothing_where_the_migrations_alone_were_at_work():
    assert schema.present_schema_faults() == []


@pytest.fixture(scope="module")
def expected(django_db_setup, django_db_blocker):
    from django.db.migrations.recorder import MigrationRecorder

    with django_db_blocker.unblock():
        applied = MigrationRecorder(connection).applied_migrations()
    return {} if postgresql else schema.schema_expected(applied)


@pytest.mark.parametrize(("statement", "said"), (POSTGRESQL if postgresql else SQLITE).items())
def test_it_finds_what_somebody_changed(expected, monkeypatch, statement, said):
    monkeypatch.setattr(schema, "schema_expected", lambda _: expected)
    with connection.cursor() as cursor:
        cursor.execute(statement)
    fault, *_ = schema.present_schema_faults()
    assert fault.startswith(said)


def test_it_reads_a_trigger_that_is_called_as_if_it_were_sqlite_s_own():
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE)")
        assert set(schema.schema_read(database.execute)) == {"a"}
        database.execute("PRAGMA writable_schema=ON")
        said = "CREATE TRIGGER sqlite_quiet AFTER INSERT ON a BEGIN DELETE FROM a; END"
        row = ("trigger", "sqlite_quiet", "a", 0, said)
        database.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        assert set(schema.schema_read(database.execute)) == {"a", "sqlite_quiet"}
