from pathlib import Path

from lachan.cli.check import Check, Finding, Tell, fault


class Database(Check):
    """The database answers, is whole, and has the schema of this version."""

    name, order, needs = "database", 4, ("home", "settings", "secret")

    def look(self, home: Path, tell: Tell) -> Finding:
        from lachan.cli.setup import django_ready

        django_ready(migrate=False, begin=True)
        from django.conf import settings
        from django.db import Error, connection

        if not settings.DATABASE_URL and not (home / "db.sqlite3").exists():
            return fault("there is none yet", "begin with `lachan up`, or restore a backup")
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            if broken := self._broken():
                return fault(broken, "stop the instance and restore the last backup")
            return self._schema(connection.display_name)
        except Error as error:
            if connection.vendor == "postgresql":
                way = "look whether PostgreSQL runs and whether DATABASE_URL is right"
            else:
                way = (
                    f"look whether {home / 'db.sqlite3'} can be read and written, and who holds it"
                )
            return fault(f"{connection.display_name} does not answer ({type(error).__name__})", way)

    @staticmethod
    def _broken() -> str:
        from django.db import connection

        if connection.vendor != "sqlite":
            return ""
        with connection.cursor() as cursor:
            # Not `quick_check`: an index that says other than its table shows rows to whom they do not belong, and
            # hides others, though each row is as it was. Ten seconds a million rows.
            cursor.execute("PRAGMA integrity_check(1)")
            said = cursor.fetchone()[0]
        return "" if said == "ok" else "the database file is damaged, or an index was altered"

    @staticmethod
    def _schema(kind: str) -> Finding:
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        loader = MigrationExecutor(connection).loader
        wanted = set(loader.disk_migrations)
        applied = set(loader.applied_migrations)
        if missing := len(wanted - applied):
            return fault(f"{kind}: {missing} migrations are missing", "lachan migrate")
        if unknown := len([key for key in applied - wanted if key[0] in loader.migrated_apps]):
            way = "start the newer version again, or restore the backup from before it"
            return fault(f"{kind}: {unknown} migrations are of a newer version", way)
        return Finding(says=f"{kind}, {len(wanted)} migrations")
