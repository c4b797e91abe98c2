"""Neither identifiers nor the order of keys say when a report came.

Old cases keep their identifiers, which say the hour: they stand in the trail, which nobody rewrites, and in what
staff wrote down; since they are shown to those alone who may read the case, they say nothing new there.
"""

import uuid

from django.db import migrations, models

import lachan.kernel.ids

_KEY = models.BigAutoField(
    default=lachan.kernel.ids.key_random, editable=False, primary_key=True, serialize=False
)
_FRESH = {
    "sqlite": "UPDATE cases_caseevent SET id = (random() & 0x3fffffffffffffff)",
    "postgresql": (
        "UPDATE cases_caseevent SET id ="
        " (floor(random() * 2147483648)::bigint << 31) | floor(random() * 2147483648)::bigint"
    ),
}


def lines_shuffle(apps, schema_editor):
    """Take away the order in which the lines of reports stood among those of staff."""
    schema_editor.execute(_FRESH[schema_editor.connection.vendor])


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_held_and_read")]

    operations = [
        # The columns take any key as they are.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField("case", "id", _KEY),
                migrations.AlterField("caseevent", "id", _KEY),
                migrations.AlterField(
                    "case", "uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
                ),
            ]
        ),
        migrations.RunPython(lines_shuffle, migrations.RunPython.noop),
    ]
