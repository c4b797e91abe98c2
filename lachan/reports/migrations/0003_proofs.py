"""Rows prove themselves, and a report knows how many messages there are."""

from django.db import migrations, models

_COUNTED = """
UPDATE reports_report SET written = (
  SELECT COUNT(*) FROM reports_message m WHERE m.report_id = reports_report.id
) WHERE id IN (SELECT report_id FROM reports_message)
"""
_NUMBERED = """
UPDATE reports_message SET number = (
  SELECT COUNT(*) FROM reports_message m
  WHERE m.report_id = reports_message.report_id AND m.id <= reports_message.id
)
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_learns")]
    operations = [
        migrations.AddField("report", "proof", models.BinaryField(max_length=21, null=True, editable=False)),
        migrations.AddField("message", "proof", models.BinaryField(max_length=21, null=True, editable=False)),
        migrations.AddField("report", "written", models.PositiveIntegerField(default=0)),
        migrations.AddField("message", "number", models.PositiveIntegerField(default=0), preserve_default=False),
        migrations.RunSQL([_COUNTED, _NUMBERED], migrations.RunSQL.noop),
    ]
