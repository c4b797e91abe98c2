"""A home from before there were proofs: its rows are proved as they stand, once, and its words stay readable."""

import json
import os
import subprocess
import sys

PROGRAM = """
import json
import django
from django.conf import settings
django.setup()
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from lachan.kernel.home import home_prepare, secret_keep, secret_new
home_prepare(settings.LACHAN_HOME)
settings.SECRET_FOUND = settings.SECRET_KEY = secret_keep(settings.LACHAN_HOME, secret_new())
before = [
    ("reports", "0001_initial"), ("members", "0004_trail_indexes"),
    ("indicators", "0002_append_only_ledger"), ("cases", "0001_initial"), ("outbox", "0001_initial"),
]
executor = MigrationExecutor(connection)
executor.migrate(before)
apps = executor.loader.project_state(before).apps

import uuid
from lachan.kernel.clock import now
from lachan.kernel.ids import uuid7
from lachan.kernel.sealing.envelope import keypair_new, seal
pair, other = keypair_new(), keypair_new()
home = apps.get_model("members", "Organisation").objects.create(name="Home", type="hotline", is_home=True)
people = apps.get_model("members", "Person").objects
person = people.create(email="a@desk.example", name="A", organisation=home, public_key=pair.public)
apps.get_model("members", "RoleGrant").objects.create(person=person, role="analyst")
desk = apps.get_model("members", "DeskKey").objects.create(organisation=home, public=pair.public)
words = json.dumps({"words": "from before", "traces": "", "contact": "", "about": "me"}).encode()
report = apps.get_model("reports", "Report").objects.create(
    uid=uuid7(), status="open", category="contract.scam", urgency="soon", province="25", language="vi",
    received_hour=now(), organisation_id=home.pk, desk_key=desk.uid, locator=b"123", salt=b"s" * 16,
    recipient=other.public, form_mark=b"f" * 16, content_mark=b"c" * 16, sealed=seal(words, to=[pair.public]),
)
for number in range(2):
    apps.get_model("reports", "Message").objects.create(
        report=report, author="desk", written_hour=now(), mark=bytes([number]) * 16,
        sealed=seal(f"answer {number}".encode(), to=[pair.public]),
    )
indicators = apps.get_model("indicators", "Indicator").objects
indicators.create(kind="domain", value="a.example", category="scam", confidence=50, tlp="clear", status="proposed")

from lachan.config.prepare import database_prepare
database_prepare()
from lachan.cli.check import Level
from lachan.cli.checks import audit, instance, ledger, proofs, schema
checks = (proofs.Proofs(), schema.Schema(), ledger.Ledger(), audit.Audit(), instance.Instance())
found = [check.look(settings.LACHAN_HOME, lambda _: None) for check in checks]
from lachan.members.models import Person
from lachan.members.selectors import actor_for
from lachan.reports.models import Report
from lachan.reports.selectors import opened
read = opened(Report.objects.get(), [pair.private])
print(json.dumps({
    "faults": [one.says for one in found if one.level is not Level.WELL],
    "rows": found[0].says,
    "roles": sorted(actor_for(Person.objects.get()).roles),
    "words": [read.content.words, *(message.words for message in read.messages)],
    "trust": [read.trust, *(message.trust for message in read.messages)],
    "missing": read.missing,
}))
"""


def test_it_proves_once_what_stood_there_before(tmp_path):
    plain = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
    home = {"LACHAN_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "lachan.config.settings"}
    made = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(made, env=plain | home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "faults": [],
        "rows": "8 rows",
        "roles": ["analyst"],
        "words": ["from before", "answer 0", "answer 1"],
        "trust": ["unbound"] * 3,
        "missing": 0,
    }
