"""A home from before there were proofs: its rows are proved as they stand, once, and its words stay readable."""

import json
import os
import subprocess
import sys

PROGRAM = """
import json
import django
import msgspec
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

import hashlib
listed = indicators.create(
    kind="domain", value="b.example", category="scam", confidence=50, tlp="red", status="published",
    organisation=home, seq=1, valid_from=now(),
)
said = {
    "at": now(), "category": "scam", "confidence": 50, "indicator": listed.uid, "kind": "domain", "live": True,
    "organisation": home.uid, "reason": "", "seq": 1, "source": "Home", "tlp": "red",
    "valid_from": listed.valid_from, "valid_until": None, "value": "b.example",
}
payload = msgspec.json.encode(said)
first = hashlib.sha256(bytes(32) + payload).digest()
apps.get_model("indicators", "LedgerRow").objects.create(
    seq=1, indicator_id=listed.uid, live=True, tlp="red", reach=3, organisation=home, kind="domain",
    payload=payload.decode(), hash=first,
)
apps.get_model("indicators", "LedgerHead").objects.create(pk=1, seq=1, hash=first)

from lachan.config.prepare import database_prepare
database_prepare()
from lachan.cli.check import Level
from lachan.cli.checks import audit, instance, ledger, proofs, schema
checks = (proofs.Proofs(), schema.Schema(), ledger.Ledger(), audit.Audit(), instance.Instance())
found = [check.look(settings.LACHAN_HOME, lambda _: None) for check in checks]
from lachan.indicators.records import MEMBERS, organisation_audience
from lachan.indicators.selectors import projection_at
from lachan.indicators.services import indicator_withdraw
from lachan.members.models import Person
from lachan.members.records import system
from lachan.members.selectors import actor_for
from lachan.reports.models import Report
from lachan.reports.selectors import opened
read = opened(Report.objects.get(), [pair.private])
seen = [[e.value for e in projection_at(1, one)] for one in (MEMBERS, organisation_audience(home.pk))]
indicator_withdraw(by=system("test"), indicator=listed.uid)
after = ledger.Ledger().look(settings.LACHAN_HOME, lambda _: None)
print(json.dumps({
    "seen": seen,
    "after": after.level is Level.WELL,
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
        "seen": [[], ["b.example"]],
        "after": True,
        "rows": "9 rows",
        "roles": ["analyst"],
        "words": ["from before", "answer 0", "answer 1"],
        "trust": ["unbound"] * 3,
        "missing": 0,
    }
