"""Rows that a chain, a key or a mark holds are the same bytes as when `v1` was written."""

import json
from pathlib import Path

import msgspec
import pytest

from lachan.cases.fingerprints import fingerprints
from lachan.formats.classification.categories import Classification
from lachan.formats.sharing import SEVERAL, Viewer
from lachan.indicators import ledger, listing
from lachan.indicators.models import Indicator, LedgerRow, ListingRow
from lachan.indicators.verifying import LedgerCheck, chain_verify
from lachan.kernel.clock import held_at
from lachan.members.audit import audit_record, audit_verify
from lachan.members.models import AuditEntry, Organisation
from lachan.members.records import Actor, ActorKind
from lachan.reports import conf
from lachan.reports.selectors import content_read
from tests.golden import contents
from tests.golden.contents import MOMENT

HERE = Path(__file__).parent
ROWS = json.loads((HERE / "v1/rows.json").read_text("utf-8"))
LEDGER_2 = json.loads((HERE / "v2/ledger.json").read_text("utf-8"))
LISTING_2 = json.loads((HERE / "v2/listing.json").read_text("utf-8"))


@pytest.fixture
def changes(db):
    """What the ledger is told, ready for this database."""
    for uid in {change.uid for change in contents.CHANGES}:
        about = {"kind": "domain", "category": "scam", "confidence": 50, "tlp": "green"}
        Indicator.objects.create(uid=uid, value=f"{uid}.example", **about)
    house = Organisation.objects.create(uid=contents.UIDS[3], name="Đội", type="ngo")
    return [
        msgspec.structs.replace(change, organisation_id=change.organisation_uid and house.pk)
        for change in (*contents.CHANGES, contents.CIRCLED)
    ]


def _ledger():
    rows = LedgerRow.objects.order_by("seq").values_list("payload", "hash")
    return [[payload, bytes(digest).hex()] for payload, digest in rows]


def test_it_writes_the_ledger_as_it_always_did(changes):
    with held_at(MOMENT):
        ledger.ledger_append(ledger.head_lock(), changes)
    assert _ledger() == LEDGER_2
    assert chain_verify() == LedgerCheck(rows=4, fault="")


def test_it_writes_what_open_lists_leave_out_as_it_always_did(db, monkeypatch):
    said = Classification(2, frozenset({"content.abuse", "contract.scam"}), frozenset())
    monkeypatch.setattr(listing, "classification", lambda: said)
    with held_at(MOMENT):
        listing.listing_record()
    row = ListingRow.objects.get()
    assert [row.payload, bytes(row.hash).hex()] == LISTING_2
    assert chain_verify() == LedgerCheck(rows=1, fault="")


def test_a_ledger_of_before_goes_on_with_every_hash(changes, monkeypatch):
    """Rows of version 1 named no version and no circle."""
    with held_at(MOMENT), monkeypatch.context() as before:
        texts = iter(payload for payload, _ in ROWS["ledger"])
        before.setattr(ledger, "_encode", lambda _: next(texts).encode())
        ledger.ledger_append(ledger.head_lock(), changes[:3])
    ledger.ledger_append(ledger.head_lock(), changes[3:])
    assert _ledger()[:3] == ROWS["ledger"]
    assert chain_verify() == LedgerCheck(rows=4, fault="")
    assert [entry.seq for entry in ledger.changes_after(0, Viewer.of(1, SEVERAL))] == [1, 3, 4]


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
