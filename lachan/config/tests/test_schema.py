"""A database whose own rules were changed is noticed, on both kinds."""

import contextlib
import json
import sqlite3
from subprocess import CompletedProcess

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


@pytest.fixture
def made(tmp_path, monkeypatch):
    """How often a schema was made anew, of a package with one source."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "source.py").write_text("a = 1")
    runs = []

    def run(*_, **more):
        runs.append(more["input"])
        return CompletedProcess([], 0, json.dumps({"a": "CREATE TABLE a"}))

    monkeypatch.setattr(schema, "_PACKAGE", tmp_path)
    monkeypatch.setattr(schema.subprocess, "run", run)
    return runs


def test_it_makes_a_schema_once_for_each_version_of_the_sources(made, tmp_path):
    first, second = [("a", "0001")], [("a", "0001"), ("b", "0001")]
    for applied in (first, first, second, reversed(second)):
        assert schema.schema_expected(applied) == {"a": "CREATE TABLE a"}
    assert len(made) == 2
    (tmp_path / "source.py").write_text("a = 2")
    schema.schema_expected(first)
    assert len(made) == 3
    for file in (tmp_path / "__pycache__").iterdir():
        assert file.stat().st_mode & 0o022 == 0
        file.write_bytes(file.read_bytes()[:5])
    schema.schema_expected(first)
    assert len(made) == 4


def test_it_makes_a_schema_each_time_where_the_sources_are_read_only(made, tmp_path):
    (tmp_path / "__pycache__").rmdir()
    for _ in range(2):
        assert schema.schema_expected([("a", "0001")]) == {"a": "CREATE TABLE a"}
    assert len(made) == 2


def test_it_reads_a_trigger_that_is_called_as_if_it_were_sqlite_s_own():
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY AUTOINCREMENT, b TEXT UNIQUE)")
        assert set(schema.schema_read(database.execute)) == {"a"}
        database.execute("PRAGMA writable_schema=ON")
        said = "CREATE TRIGGER sqlite_quiet AFTER INSERT ON a BEGIN DELETE FROM a; END"
        row = ("trigger", "sqlite_quiet", "a", 0, said)
        database.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        assert set(schema.schema_read(database.execute)) == {"a", "sqlite_quiet"}
