"""The ledger's rows say which circle of several they are for; those of before are for their organisation's."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("indicators", "0005_proofs")]
    operations = [
        migrations.AddField(
            model_name="ledgerrow",
            name="circle",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddIndex(
            model_name="ledgerrow",
            index=models.Index(
                condition=models.Q(("circle__isnull", False)),
                fields=["circle", "seq"],
                name="ledger_circle",
            ),
        ),
    ]
