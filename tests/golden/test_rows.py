"""Rows that a chain, a key or a mark holds are the same bytes as when `v1` was written."""

import json
from pathlib import Path

import msgspec
import pytest

from lachan.cases.fingerprints import fingerprints
from lachan.indicators import ledger
from lachan.indicators.models import Indicator, LedgerRow
from lachan.indicators.verifying import LedgerCheck, chain_verify
from lachan.kernel.clock import held_at
from lachan.members.audit import audit_record, audit_verify
from lachan.members.models import AuditEntry, Organisation
from lachan.members.records import Actor, ActorKind
from lachan.reports import conf
from lachan.reports.selectors import content_read
from tests.golden import contents
from tests.golden.contents import MOMENT

ROWS = json.loads((Path(__file__).parent / "v1/rows.json").read_text("utf-8"))


@pytest.mark.django_db
def test_it_writes_the_ledger_as_it_always_did():
    for uid in {change.uid for change in contents.CHANGES}:
        about = {"kind": "domain", "category": "scam", "confidence": 50, "tlp": "green"}
        Indicator.objects.create(uid=uid, value=f"{uid}.example", **about)
    house = Organisation.objects.create(uid=contents.UIDS[3], name="Đội", type="ngo")
    changes = [
        msgspec.structs.replace(change, organisation_id=change.organisation_uid and house.pk)
        for change in contents.CHANGES
    ]
    with held_at(MOMENT):
        ledger.ledger_append(ledger.head_lock(), changes)
    rows = LedgerRow.objects.order_by("seq").values_list("payload", "hash")
    assert [[payload, bytes(digest).hex()] for payload, digest in rows] == ROWS["ledger"]
    assert chain_verify() == LedgerCheck(rows=3, fault="")


@pytest.mark.django_db
def test_it_writes_the_trail_as_it_always_did():
    with held_at(MOMENT):
        for line in contents.TRAIL:
            by = Actor(kind=ActorKind.SYSTEM, label=line["actor"])
            facts = {name: line[name] for name in ("action", "target", "detail")}
            audit_record(by=by, **facts)
    hashes = AuditEntry.objects.order_by("seq").values_list("hash", flat=True)
    assert [bytes(one).hex() for one in hashes] == ROWS["trail"]
    assert audit_verify().broken_at is None


def test_it_reads_what_a_report_was_sealed_as():
    assert content_read(ROWS["content"].encode()) == contents.CONTENT
    assert msgspec.json.encode(contents.CONTENT).decode() == ROWS["content"]


def test_it_marks_the_same_thing_alike():
    marks = fingerprints(contents.THINGS, desk_key="AGE-INVENTED")
    assert sorted([kind, mark.hex()] for kind, mark in marks) == ROWS["fingerprints"]


def test_it_derives_the_same_keys_from_the_instances_secret(settings):
    settings.SECRET_KEY = "a secret of the instance, invented"
    assert {name: conf.secret(name).hex() for name in ROWS["derived"]} == ROWS["derived"]
