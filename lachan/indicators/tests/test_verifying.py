"""What somebody with the database in hand could do to history, past the triggers: each shows."""

import io
from datetime import timedelta

import msgspec
import pytest
from django.db import connection, transaction

from lachan.formats.sharing import SEVERAL
from lachan.indicators import ledger, verifying
from lachan.indicators.lifecycle import change_of
from lachan.indicators.models import Indicator, LedgerHead, LedgerRow
from lachan.indicators.selectors import ledger_verify
from lachan.indicators.services import (
    indicator_reshare,
    indicator_withdraw,
    list_import,
    list_withdraw,
)
from lachan.indicators.verifying import LedgerCheck, head_note
from lachan.kernel.clock import now
from lachan.members.records import system
from lachan.proofs.models import ChainHead
from lachan.proofs.services import proofs_adopt, proofs_verify
from tests.flushing import triggers_aside

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path


@pytest.fixture
def history(publish, analyst, reviewer):
    """Five rows of three indicators: one shared more narrowly, one withdrawn."""
    first, second = publish("one.example"), publish("two.example")
    publish("three.example", tlp="amber", valid_until=now() + timedelta(days=9))
    indicator_reshare(by=reviewer, indicator=first.uid, tlp="green")
    indicator_withdraw(by=reviewer, indicator=second.uid)
    assert ledger_verify() == LedgerCheck(rows=5, fault="")
    return first, second


def past_triggers(sql, *values):
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("reach = 0 WHERE seq = 3", "row 3: who may see it"),
        ("reach = 3 WHERE seq = 1", "row 1: who may see it"),
        ("was_tlp = 'clear' WHERE seq = 1", "row 1: what it says of before"),
        ("was_tlp = '' WHERE seq = 5", "row 5"),
        ("organisation_id = NULL WHERE seq = 3", "row 3: its columns differ"),
        ("tlp = 'clear', reach = 0 WHERE seq = 3", "row 3: its columns differ"),
        ("circle = 2147483648 WHERE seq = 3", "row 3: its columns differ"),
    ],
)
def test_it_holds_every_column_that_decides_who_sees_a_row(history, change, said):
    past_triggers(f"UPDATE indicators_ledgerrow SET {change}")  # noqa: S608  our own words
    assert said in ledger_verify().fault


def test_nothing_goes_to_another_circle_without_leaving_its_own(history):
    row = Indicator.objects.get(value="three.example")
    change = change_of(row, live=True, was_tlp="amber")
    row.seq = ledger.ledger_append(
        ledger.head_lock(), [msgspec.structs.replace(change, circle=SEVERAL)]
    )[1]
    row.save()
    assert "row 6: what it says of before" in ledger_verify().fault


def test_it_says_that_a_later_program_wrote_a_row(history, monkeypatch):
    monkeypatch.setattr(verifying, "VERSION", 1)
    assert ledger_verify().fault == "row 1: it was written by a later program"


def test_it_holds_the_organisation_of_a_row_to_what_was_hashed(history, enterprise):
    past_triggers(
        "UPDATE indicators_ledgerrow SET organisation_id = %s WHERE seq = 3", enterprise.pk
    )
    assert "row 3: its columns differ" in ledger_verify().fault


@pytest.mark.parametrize(
    "change",
    [
        "value = 'other.example' WHERE value = 'three.example'",
        "tlp = 'clear' WHERE value = 'three.example'",
        "category = 'gambling' WHERE value = 'three.example'",
        "confidence = 1 WHERE value = 'three.example'",
        "valid_until = NULL WHERE value = 'three.example'",
        "status = 'withdrawn' WHERE value = 'three.example'",
        "status = 'published' WHERE value = 'two.example'",
        "organisation_id = NULL WHERE value = 'three.example'",
    ],
)
def test_it_holds_indicators_to_their_last_row(history, change):
    past_triggers(f"UPDATE indicators_indicator SET {change}")  # noqa: S608
    assert "indicator" in ledger_verify().fault


def test_it_finds_an_indicator_that_was_put_in_as_published(history):
    about = {"kind": "domain", "category": "scam", "confidence": 50, "tlp": "clear"}
    Indicator.objects.create(value="forged.example", status="published", **about)
    assert "does not say that it is published" in ledger_verify().fault


def test_it_finds_an_end_that_was_cut_off_with_its_head(history):
    _cut(after=3)
    assert ledger_verify().fault == "row 3: it does not end where its head says"


def test_it_finds_an_end_that_was_cut_off_with_yesterdays_head_in_its_place(history, publish):
    before = ChainHead.objects.filter(name="ledger").values().get()
    publish("four.example")
    head_note()
    _cut(after=5)
    ChainHead.objects.filter(name="ledger").update(**before)
    assert ledger_verify().fault == "row 6: the end was cut off"


def test_it_finds_a_ledger_that_was_written_anew(history):
    head_note()
    _cut(after=0)
    _write_anew()
    assert "written anew" in ledger_verify().fault


def test_it_keeps_its_note_while_the_noted_row_is_gone(history, publish):
    head_note()
    _cut(after=3)
    publish("four.example")
    publish("five.example")
    publish("six.example")
    head_note()
    assert "written anew" in ledger_verify().fault


def test_it_finds_rows_beyond_the_head(history):
    LedgerHead.objects.update(seq=4, hash=LedgerRow.objects.get(seq=4).hash)
    assert "head" in ledger_verify().fault


def _cut(*, after):
    past_triggers("DELETE FROM indicators_ledgerrow WHERE seq > %s", after)
    last = LedgerRow.objects.filter(seq=after).first()
    LedgerHead.objects.update(seq=after, hash=last.hash if last else ledger.ORIGIN)
    # What is published is made to fit, as whoever knows the product would.
    live = LedgerRow.objects.filter(live=True).values("indicator")
    Indicator.objects.exclude(uid__in=live).update(status="withdrawn")


def _write_anew():
    """Another chain without a flaw."""
    found = Indicator.objects.order_by("pk")
    with transaction.atomic():
        found.update(status="published")
        changes = [change_of(row, live=True) for row in found]
        ledger.ledger_append(ledger.head_lock(), changes)
        for _ in range(3):
            changes = [change_of(row, live=True, was_tlp=row.tlp) for row in found[:1]]
            ledger.ledger_append(ledger.head_lock(), changes)


IMPORTED = "UPDATE indicators_indicator SET %s WHERE value = 'listed.example'"


@pytest.mark.parametrize(
    "change",
    [
        "status = 'proposed'",
        "status = 'expired'",
        "value = 'other.example'",
        "evidence = 'so they say'",
        "proposed_label = 'somebody'",
        "seq = seq - 1",
        "list_import_id = NULL",
    ],
)
def test_it_holds_imported_rows_to_ledger_and_list_though_they_carry_no_proof(history, change):
    stream = io.BytesIO(b"listed.example\n")
    by = system("import")
    done = list_import(by=by, stream=stream, file_name="list", category="scam")
    list_withdraw(by=by, list_import=done.uid)
    assert Indicator.objects.get(value="listed.example").proof is None
    assert ledger_verify().fault == ""
    proofs_adopt({})
    past_triggers(IMPORTED % change)
    assert ledger_verify().fault or proofs_verify().fault
