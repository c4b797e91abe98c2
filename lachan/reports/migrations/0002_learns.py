"""Neither the order of keys nor an open inbox says when somebody reported or was here."""

import django.db.models.deletion
from django.db import migrations, models

import lachan.kernel.ids

_KEY = models.BigAutoField(
    default=lachan.kernel.ids.key_random, editable=False, primary_key=True, serialize=False
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial")]

    operations = [
        # The column takes any key as it is: a table with every report in it is not made anew.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("report", "id", _KEY),
                migrations.AlterField("message", "id", _KEY),
            ]
        ),
        migrations.RemoveIndex("report", "report_by_status"),
        migrations.AddIndex(
            "report", models.Index(fields=["status", "received_hour"], name="report_by_hour")
        ),
        # Open for half an hour at most: whoever has one open enters the receipt once more.
        migrations.DeleteModel("InboxSession"),
        migrations.CreateModel(
            "InboxSession",
            [
                ("id", _KEY),
                ("mark", models.BinaryField(max_length=16, unique=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="reports.report"
                    ),
                ),
                ("locked", models.BinaryField()),
                ("closes_hour", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
