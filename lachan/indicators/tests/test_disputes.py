import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from lachan.indicators import records, services
from lachan.indicators.models import Dispute, DisputedValue, Indicator, LedgerHead
from lachan.indicators.selectors import dispute_get_public, dispute_list, indicator_get
from lachan.kernel.errors import InvalidInput, Refused
from lachan.members.records import PUBLIC, Role, system
from lachan.outbox.models import OutboxEvent

from .conftest import make_actor

pytestmark = pytest.mark.django_db


def test_anyone_may_dispute_and_a_person_answers(publish, reviewer):
    found = publish()
    dispute = services.dispute_open(by=PUBLIC, indicator=found.uid, reason="mine")
    assert dispute.due_at - dispute.opened_at == timedelta(hours=72)
    assert dispute_list(by=reviewer) == [dispute]
    done = services.dispute_answer(
        by=reviewer, dispute=dispute.uid, outcome="withdrawn", answer="You are right."
    )
    assert done.outcome == "withdrawn"
    assert indicator_get(by=reviewer, indicator=found.uid).status == "withdrawn"
    assert dispute_get_public(dispute=dispute.uid).answer == "You are right."
    assert dispute_list(by=reviewer) == []
    topics = {t.partition(".")[2] for t in OutboxEvent.objects.values_list("topic", flat=True)}
    assert {"DisputeOpened", "IndicatorWithdrawn", "DisputeAnswered"} <= topics
    with pytest.raises(records.IndicatorMoved):
        services.dispute_answer(by=reviewer, dispute=dispute.uid, outcome="kept", answer="no")


def test_a_flood_is_one_dispute_that_is_counted(publish):
    found = publish()
    for _ in range(30):
        services.dispute_open(by=PUBLIC, indicator=found.uid, reason="mistake")
    assert Dispute.objects.get().times == 30


def test_the_public_s_words_are_not_taken(publish, outsider):
    found = publish()
    said = services.dispute_open(
        by=PUBLIC, indicator=found.uid, reason="other", note="toi la An, 0912345678"
    )
    assert said.note == ""
    mine = services.dispute_open(by=outsider, indicator=found.uid, reason="help", note="a clinic")
    assert (mine.note, mine.uid != said.uid) == ("a clinic", True)


def test_the_public_disputes_whatever_covers_the_address(publish, reviewer):
    publish("xau.example")
    publish("kin.example", tlp="amber")
    told = services.dispute_open_public(
        by=PUBLIC, value="https://a.xau.example/b?c=1", reason="mistake"
    )
    assert told.value == "xau.example"
    # Hidden or unknown: the same answer, but the hidden one is looked at all the same.
    for value in ("kin.example", "khac.example"):
        said = services.dispute_open_public(by=PUBLIC, value=value, reason="mistake")
        assert said is None
    assert services.disputes_settle(by=system("test")) == 3
    assert not DisputedValue.objects.exists()
    assert {d.value for d in dispute_list(by=reviewer)} == {"xau.example", "kin.example"}


def test_the_public_learns_nothing_of_what_is_not_public(publish):
    found = publish(tlp="green")
    with pytest.raises(records.NoSuchIndicator):
        services.dispute_open(by=PUBLIC, indicator=found.uid, reason="mine")
    services.dispute_open_public(by=PUBLIC, value="xau.example", reason="mine")
    services.disputes_settle(by=system("test"))
    with pytest.raises(records.NoSuchDispute):
        dispute_get_public(dispute=Dispute.objects.get().uid)


def test_it_says_what_cannot_be_used(publish, reviewer, analyst):
    found = publish()
    with pytest.raises(InvalidInput):
        services.dispute_open(by=PUBLIC, indicator=found.uid, reason="x")
    said = services.dispute_open(by=PUBLIC, indicator=found.uid, reason="mine")
    for outcome, answer in (("lost", "x"), ("kept", "  ")):
        with pytest.raises(InvalidInput):
            services.dispute_answer(by=reviewer, dispute=said.uid, outcome=outcome, answer=answer)
    for stranger in (PUBLIC, analyst):
        with pytest.raises(Refused):
            services.dispute_answer(by=stranger, dispute=said.uid, outcome="kept", answer="x")


def test_it_locks_in_the_order_of_whoever_disputes(publish, reviewer, monkeypatch):
    said = services.dispute_open(by=PUBLIC, indicator=publish().uid, reason="mine")
    locked, lock = [], QuerySet.select_for_update

    def noted(rows, *args, **kwargs):
        locked.append(rows.model)
        return lock(rows, *args, **kwargs)

    monkeypatch.setattr(QuerySet, "select_for_update", noted)
    services.dispute_answer(by=reviewer, dispute=said.uid, outcome="withdrawn", answer="Yes.")
    order = [m for m in dict.fromkeys(locked) if m in {LedgerHead, Indicator, Dispute}]
    assert order == [LedgerHead, Indicator, Dispute]


def test_nobody_keeps_his_own_proposal(hotline, publish):
    both = make_actor(hotline, Role.ANALYST, Role.REVIEWER)
    found = publish(by=both)
    said = services.dispute_open(by=PUBLIC, indicator=found.uid, reason="mine")
    with pytest.raises(records.FourEyes):
        services.dispute_answer(by=both, dispute=said.uid, outcome="kept", answer="It stays.")
    done = services.dispute_answer(by=both, dispute=said.uid, outcome="withdrawn", answer="Sorry.")
    assert done.outcome == "withdrawn"


HIDDEN = ["green", "amber", "amber+strict", "red"]
ASKED = ["{}", "https://a.{}/b/c?d=1", "http://{}/", "an@{}"]


@pytest.mark.parametrize("tlp", HIDDEN)
@pytest.mark.parametrize("asked", ASKED)
def test_it_does_the_same_for_what_is_hidden_and_what_is_unknown(publish, tlp, asked):
    """The same statements in the same order: no clock tells what stands on a list that is not public."""
    publish("kin.example", tlp=tlp)
    shapes = []
    for value in ("kin.example", "kho.example"):
        with CaptureQueriesContext(connection) as queries:
            said = services.dispute_open_public(
                by=PUBLIC, value=asked.format(value), reason="mistake"
            )
        assert said is None
        shapes.append(
            [re.sub(r"""X'\w+'|'[^']*'|"s\d+_x\d+"|\d{6,}""", "?", q["sql"]) for q in queries]
        )
    assert shapes[0] == shapes[1]
    rows = list(DisputedValue.objects.values_list("locked", flat=True))
    assert len({len(row) for row in rows}) == 1
    assert not any(b"example" in bytes(row) for row in rows)
    assert not Dispute.objects.exists()
    services.disputes_settle(by=system("test"))
    assert [d.indicator.value for d in Dispute.objects.all()] == ["kin.example"]


def test_a_value_that_cannot_be_opened_holds_up_no_other(publish):
    publish("kin.example", tlp="red")
    DisputedValue.objects.create(locked=b"of another secret")
    services.dispute_open_public(by=PUBLIC, value="kin.example", reason="mine")
    assert services.disputes_settle(by=system("test")) == 2
    assert Dispute.objects.get().organisation_id is None
    assert not DisputedValue.objects.exists()
