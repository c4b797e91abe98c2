"""Open disputes of before weigh what they would weigh now (`weighing`): a member's stands before a flood.

Only where there is no proof yet: whatever has one was weighed when it was written.
"""

from django.db import migrations
from django.db.models import Q

_MEMBER, _WARNED, _CALM = 8, 4, 1


def weigh(apps, editor):
    rows = apps.get_model("indicators", "Dispute").objects.filter(outcome="", proof=None)
    unwarned = Q(indicator__warnings=[])
    for whose, weight in ((Q(organisation=None), _CALM), (~Q(organisation=None), _MEMBER)):
        rows.filter(whose, unwarned).update(weight=weight)
        rows.filter(whose, ~unwarned).update(weight=weight + _WARNED)


class Migration(migrations.Migration):
    dependencies = [("indicators", "0007_listing")]
    operations = [migrations.RunPython(weigh, migrations.RunPython.noop)]
