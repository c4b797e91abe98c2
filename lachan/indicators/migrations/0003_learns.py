"""What an organisation does not see does not stand in its way; what is disputed is looked for later."""

from django.conf import settings
from django.db import migrations, models

import lachan.kernel.ids


class Migration(migrations.Migration):

    dependencies = [
        ('indicators', '0002_append_only_ledger'),
        ('members', '0004_trail_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DisputedValue",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        default=lachan.kernel.ids.key_random,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("locked", models.BinaryField()),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='indicator',
            name='one_shared_indicator_a_value',
        ),
        migrations.RemoveConstraint(
            model_name='indicator',
            name='one_own_indicator_a_value',
        ),
        migrations.AddConstraint(
            model_name='indicator',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'published'), ('tlp__in', ['clear', 'green'])), fields=('kind', 'value'), name='one_shared_indicator_a_value'),
        ),
        migrations.AddConstraint(
            model_name='indicator',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'published'), models.Q(('tlp__in', ['clear', 'green']), _negated=True)), fields=('kind', 'value', 'organisation'), name='one_own_indicator_a_value'),
        ),
    ]
