"""The order of keys does not say between which acts of staff a visitor sent a form."""

from django.db import migrations, models

import lachan.kernel.ids


class Migration(migrations.Migration):
    dependencies = [("web", "0001_sent_forms")]

    operations = [
        # The column takes any key as it is.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    "sentform",
                    "id",
                    models.BigAutoField(
                        default=lachan.kernel.ids.key_random,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                )
            ]
        ),
    ]
