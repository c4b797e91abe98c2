"""What the open lists leave out is said by the ledger, and the database refuses to change it."""

from django.db import migrations, models

TABLE = "indicators_listingrow"

SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_{verb} BEFORE {verb} ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for verb in ("UPDATE", "DELETE")
]
POSTGRESQL = [
    f"CREATE TRIGGER {TABLE}_no_change BEFORE UPDATE OR DELETE ON {TABLE} "
    "FOR EACH ROW EXECUTE FUNCTION indicators_ledgerrow_refuse()",
    f"CREATE TRIGGER {TABLE}_no_truncate BEFORE TRUNCATE ON {TABLE} "
    "FOR EACH STATEMENT EXECUTE FUNCTION indicators_ledgerrow_refuse()",
]


def forbid(apps, editor):
    postgresql = editor.connection.vendor == "postgresql"
    for statement in POSTGRESQL if postgresql else SQLITE:
        editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("indicators", "0006_circles")]
    operations = [
        migrations.CreateModel(
            name="ListingRow",
            fields=[
                ("seq", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("payload", models.TextField()),
                ("hash", models.BinaryField(max_length=32)),
            ],
        ),
        # Its triggers go with the table.
        migrations.RunPython(forbid, migrations.RunPython.noop),
    ]
