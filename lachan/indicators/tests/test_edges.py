"""The life of an indicator at its edges: the very moment, the same again, what is covered, what is not asked."""

import hashlib
import io
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection

from lachan.formats.sharing import SEVERAL, Level, Reach
from lachan.indicators.disputes import REASONS
from lachan.indicators.ledger import Change, audience_seq, changes_after, reach_at, reach_of
from lachan.indicators.models import Indicator, LedgerRow, Review
from lachan.indicators.records import (
    MEMBERS,
    PUBLIC_AUDIENCE,
    IndicatorExists,
    IndicatorMoved,
    NoSuchIndicator,
    SecondOrganisation,
    Status,
    organisation_audience,
)
from lachan.indicators.selectors import (
    indicator_get,
    ledger_head,
    ledger_list,
    ledger_verify,
    projection_at,
)
from lachan.indicators.services import (
    dispute_answer,
    dispute_open,
    indicator_expire_due,
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
    list_import,
)
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput
from lachan.members.models import Organisation
from lachan.members.records import Role, system
from lachan.outbox.models import OutboxEvent
from lachan.proofs.records import RowUnproved
from lachan.proofs.services import proofs_adopt, proofs_verify

from .conftest import make_actor

pytestmark = pytest.mark.django_db


def listed(audience, at=None, **wanted):
    return [e.value for e in projection_at(ledger_head() if at is None else at, audience, **wanted)]


def told():
    return [
        t.rpartition(".")[2]
        for t in OutboxEvent.objects.order_by("id").values_list("topic", flat=True)
    ]


@pytest.mark.parametrize(("after", "late"), [(-1, False), (0, True), (1, True)])
def test_what_ended_before_its_review_is_not_published(analyst, reviewer, after, late):
    end = now() + timedelta(hours=1)
    proposed = indicator_propose(by=analyst, value="xau.example", category="scam", valid_until=end)
    with held_at(end + timedelta(seconds=after)):
        if late:
            with pytest.raises(InvalidInput):
                indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
        else:
            indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
    assert ledger_head() == (0 if late else 1)


def test_it_ends_at_the_moment_and_says_how(publish, reviewer):
    end = now() + timedelta(hours=1)
    publish("sap.example", valid_until=end)
    publish("lau.example")
    with held_at(end - timedelta(microseconds=1)):
        assert indicator_expire_due() == 0
    with held_at(end):
        assert indicator_expire_due() == 1
        assert indicator_expire_due() == 0
    assert told()[-1] == "IndicatorExpired"
    indicator_withdraw(by=reviewer, indicator=publish("rut.example").uid)
    assert told()[-1] == "IndicatorWithdrawn"
    assert listed(PUBLIC_AUDIENCE) == ["lau.example"]
    assert ledger_verify().fault == ""


def test_it_shares_nothing_again_as_it_is_shared_nor_what_is_gone(publish, reviewer):
    found = publish(tlp="amber")
    before = ledger_head()
    with pytest.raises(IndicatorMoved):
        indicator_reshare(by=reviewer, indicator=found.uid, tlp="amber")
    with pytest.raises(InvalidInput):
        indicator_reshare(by=reviewer, indicator=found.uid, tlp="white")
    assert ledger_head() == before
    indicator_withdraw(by=reviewer, indicator=found.uid)
    with pytest.raises(IndicatorMoved):
        indicator_reshare(by=reviewer, indicator=found.uid, tlp="green")
    with pytest.raises(IndicatorMoved):
        indicator_withdraw(by=reviewer, indicator=found.uid)


def test_a_clean_one_is_widened_without_a_line_of_warnings(publish, reviewer):
    found = publish(tlp="red")
    indicator_reshare(by=reviewer, indicator=found.uid, tlp="green", override_reason="it is so")
    assert not Review.objects.filter(decision="widen").exists()
    assert listed(MEMBERS) == ["xau.example"]


def test_whoever_proposed_it_shares_it_with_as_few(hotline, publish):
    both = make_actor(hotline, Role.ANALYST, Role.REVIEWER)
    found = publish(tlp="amber+strict", by=both)
    moved = indicator_reshare(by=both, indicator=found.uid, tlp="red")
    assert (moved.tlp, moved.status) == ("red", Status.PUBLISHED)
    assert [
        entry.tlp for entry in projection_at(ledger_head(), organisation_audience(hotline.pk))
    ] == ["red"]


def test_two_organisations_widen_what_the_guard_warns_of(publish, reviewer, outsider, hotline):
    found = publish("thu.example", tlp="red")
    hotline.domains = ["thu.example"]
    hotline.save()
    why = "its owner agrees: it was sold"
    with pytest.raises(SecondOrganisation):
        indicator_reshare(by=reviewer, indicator=found.uid, tlp="clear", override_reason=why)
    assert indicator_get(by=reviewer, indicator=found.uid).tlp == "red"
    assert listed(MEMBERS) == []


def test_what_is_covered_is_taken_back_without_a_row(publish, reviewer, outsider, enterprise):
    own = publish(tlp="red")
    third = make_actor(enterprise, Role.REVIEWER)
    publish(by=outsider, reviewer=third)
    assert indicator_get(by=reviewer, indicator=own.uid).status is Status.COVERED
    before = ledger_head()
    with pytest.raises(IndicatorMoved):
        indicator_reshare(by=reviewer, indicator=own.uid, tlp="amber+strict")
    assert indicator_withdraw(by=reviewer, indicator=own.uid).status is Status.WITHDRAWN
    assert ledger_head() == before
    assert ledger_verify().fault == ""


@pytest.fixture
def school():
    """Sees no amber but its own."""
    made = Organisation.objects.create(name="Trường mẫu", type="school")
    return {"by": make_actor(made, Role.ANALYST), "reviewer": make_actor(made, Role.REVIEWER)}


def test_what_is_widened_covers_what_its_source_did_not_see(publish, school):
    amber = publish(tlp="amber")
    own = publish(tlp="red", **school)
    before = ledger_head()
    indicator_reshare(by=school["reviewer"], indicator=own.uid, tlp="clear")
    assert [entry.uid for entry in projection_at(ledger_head(), MEMBERS)] == [own.uid]
    changes = [(e.effect, e.uid) for e in ledger_list(after=before, audience=MEMBERS)]
    assert changes == [("remove", amber.uid), ("add", own.uid)]
    # Narrowed again, it makes room, and no list holds the value twice meanwhile.
    before = ledger_head()
    indicator_reshare(by=school["reviewer"], indicator=own.uid, tlp="red")
    changes = [(e.effect, e.uid) for e in ledger_list(after=before, audience=MEMBERS)]
    assert changes == [("remove", own.uid), ("add", amber.uid)]
    assert [entry.uid for entry in projection_at(ledger_head(), MEMBERS)] == [amber.uid]
    assert ledger_verify().fault == ""


def test_of_two_ambers_that_of_the_school_stands_for_both(publish, analyst, school):
    amber = publish(tlp="amber")
    own = publish(tlp="amber", **school)
    assert [entry.uid for entry in projection_at(ledger_head(), MEMBERS)] == [own.uid]
    assert indicator_get(by=analyst, indicator=amber.uid).status is Status.COVERED


@pytest.mark.parametrize("tlp", ["amber", "green"])
def test_whoever_sees_more_than_before_meets_it_when_widening(publish, school, tlp):
    amber = publish(tlp="amber")
    own = publish(tlp="red", **school)
    grown = Organisation.objects.get(pk=own.organisation_id)
    grown.type = "ngo"
    grown.save()
    member = make_actor(grown, Role.REVIEWER)
    before = ledger_head()
    with pytest.raises(IndicatorExists) as exists:
        indicator_reshare(by=member, indicator=own.uid, tlp=tlp)
    assert exists.value.uid == amber.uid
    assert ledger_head() == before


def test_what_stays_shared_leaves_its_own_beneath_where_it_is(publish, reviewer):
    own, opened = publish(tlp="red"), publish(tlp="clear")
    indicator_reshare(by=reviewer, indicator=opened.uid, tlp="green")
    assert indicator_get(by=reviewer, indicator=own.uid).status is Status.COVERED


def test_its_own_amber_beneath_is_met_when_it_narrows_to_amber(publish, school):
    amber, opened = publish(tlp="amber", **school), publish(tlp="clear", **school)
    with pytest.raises(IndicatorExists) as exists:
        indicator_reshare(by=school["reviewer"], indicator=opened.uid, tlp="amber")
    assert exists.value.uid == amber.uid
    assert listed(PUBLIC_AUDIENCE) == ["xau.example"]
    # To green it may: that covers amber as before.
    indicator_reshare(by=school["reviewer"], indicator=opened.uid, tlp="green")
    assert (listed(PUBLIC_AUDIENCE), listed(MEMBERS)) == ([], ["xau.example"])


def test_what_is_narrowed_takes_the_place_of_its_own_beneath(publish, reviewer, hotline):
    own, amber = publish(tlp="red"), publish(tlp="amber")
    assert indicator_get(by=reviewer, indicator=own.uid).status is Status.COVERED
    indicator_reshare(by=reviewer, indicator=amber.uid, tlp="amber+strict")
    assert indicator_get(by=reviewer, indicator=own.uid).status is Status.WITHDRAWN
    mine = organisation_audience(hotline.pk)
    assert [entry.uid for entry in projection_at(ledger_head(), mine)] == [amber.uid]
    assert ledger_verify().fault == ""


def test_nobody_ends_or_shares_what_is_not_there(publish, reviewer, hotline):
    for act in (
        lambda uid: indicator_withdraw(by=reviewer, indicator=uid),
        lambda uid: indicator_reshare(by=reviewer, indicator=uid, tlp="red"),
        lambda uid: indicator_withdraw(by=system("test"), indicator=uid),
    ):
        with pytest.raises(NoSuchIndicator):
            act(uuid4())
    own = publish(tlp="red")
    assert indicator_withdraw(by=system("test"), indicator=own.uid).status is Status.WITHDRAWN


def test_it_reads_its_changes_in_parts_and_its_lists_by_kind(publish):
    assert ledger_head() == ledger_head(PUBLIC_AUDIENCE) == 0
    publish("mot.example")
    publish("45.33.32.156")
    publish("kin.example", tlp="amber")
    publish("hai.example")
    seqs = [e.seq for e in ledger_list(after=0, audience=PUBLIC_AUDIENCE)]
    assert seqs == [1, 2, 4]
    assert [e.seq for e in ledger_list(after=0, audience=PUBLIC_AUDIENCE, limit=2)] == [1, 2]
    assert [e.seq for e in ledger_list(after=2, audience=PUBLIC_AUDIENCE, limit=2)] == [4]
    assert listed(PUBLIC_AUDIENCE, kinds=["ipv4"]) == ["45.33.32.156"]
    assert listed(PUBLIC_AUDIENCE, kinds=["domain"]) == ["mot.example", "hai.example"]
    assert listed(PUBLIC_AUDIENCE, at=2) == ["mot.example", "45.33.32.156"]
    assert (ledger_head(), ledger_head(PUBLIC_AUDIENCE), ledger_head(MEMBERS)) == (4, 4, 4)


def test_its_chain_begins_with_thirty_two_zeros(publish):
    publish()
    publish("b.example")
    known = bytes(32)
    for row in LedgerRow.objects.order_by("seq"):
        known = hashlib.sha256(known + row.payload.encode()).digest()
        assert bytes(row.hash) == known


def test_what_a_list_publishes_needs_no_proof_beside_the_ledger_s(publish, settings, tmp_path):
    settings.LACHAN_HOME = tmp_path
    proofs_adopt({})
    brought = list_import(
        by=system("test"), stream=io.BytesIO(b"a.example\nb.example\n"), file_name="l",
        category="scam",
    )  # fmt: skip
    assert brought.published == 2
    publish()
    check = proofs_verify()
    assert check.fault == ""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE indicators_indicator SET proof = NULL WHERE value = 'xau.example'")
    assert proofs_verify().fault.startswith("a row of indicator")


def test_what_ran_out_beneath_another_does_not_come_back(publish, reviewer, outsider, enterprise):
    end = now() + timedelta(hours=1)
    own = publish(tlp="red", valid_until=end)
    over = publish(by=outsider, reviewer=make_actor(enterprise, Role.REVIEWER))
    before = ledger_head()
    with held_at(end):
        indicator_withdraw(by=outsider, indicator=over.uid)
        assert ledger_head() == before + 1
        assert indicator_get(by=reviewer, indicator=own.uid).status is Status.COVERED


@pytest.mark.parametrize(
    ("tlp", "was", "live", "level"),
    [
        ("clear", "", True, Level.PUBLIC),
        ("amber", "green", True, Level.COMMUNITY),
        ("green", "amber", True, Level.COMMUNITY),
        ("red", "", True, Level.CIRCLE),
        ("amber", "amber", False, Level.MEMBERS),
        ("clear", "amber", False, Level.MEMBERS),  # what it says of clear, nobody sees
        ("clear", "", False, Level.CIRCLE),
    ],
)
def test_a_row_reaches_whoever_sees_a_difference(tlp, was, live, level):
    assert reach_of(tlp, was, live=live) == level


def test_a_row_is_its_circle_s_or_its_organisation_s_or_nobody_s():
    assert reach_at("red", 7, SEVERAL) == Reach(Level.CIRCLE, SEVERAL)
    assert reach_at("amber", 7, None) == Reach(Level.MEMBERS, 7)
    assert reach_at("red", None, None) == Reach(Level.CIRCLE, 0)


def test_a_change_is_for_no_circle_that_is_an_organisation():
    facts = {"uid": uuid4(), "kind": "domain", "value": "xau.example", "category": "scam"}
    facts |= {"confidence": 50, "tlp": "red", "live": True, "valid_from": now()}
    for circle in (None, SEVERAL, SEVERAL + 7):
        assert Change(**facts, circle=circle).circle == circle
    for circle in (0, 7, SEVERAL - 1):
        with pytest.raises(ValueError, match="circle"):
            Change(**facts, circle=circle)


def test_changes_stop_at_the_number_that_is_asked_for(publish):
    for number in range(4):
        publish(f"v{number}.example")
    assert [e.seq for e in changes_after(1, PUBLIC_AUDIENCE, until=3)] == [2, 3]
    assert [e.seq for e in changes_after(1, PUBLIC_AUDIENCE)] == [2, 3, 4]
    assert [audience_seq(PUBLIC_AUDIENCE, at=at) for at in (0, 2, 9)] == [0, 2, 4]


ALTERED = [
    "value = 'vietcombank.com.vn'",
    "evidence = 'somebody else said so'",
    "tlp = 'clear'",
    "proof = NULL",
    "proof = NULL, seq = 1, list_import_id = (SELECT MAX(id) FROM indicators_listimport)",
]


@pytest.mark.parametrize("change", ALTERED)
def test_the_ledger_never_says_what_was_written_past_the_product(analyst, reviewer, change):
    by = system("test")
    list_import(by=by, stream=io.BytesIO(b"a.example\n"), file_name="l", category="scam")
    found = indicator_propose(by=analyst, value="xau.example", category="scam", tlp="amber")
    head = ledger_head()
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE indicators_indicator SET {change} WHERE value = 'xau.example'")  # noqa: S608
    for decision in ("approve", "reject"):
        with pytest.raises(RowUnproved):
            indicator_review(by=reviewer, indicator=found.uid, decision=decision)
    assert ledger_head() == head


def test_what_a_list_published_can_be_withdrawn_without_a_proof_of_its_own(reviewer):
    by = system("test")
    list_import(by=by, stream=io.BytesIO(b"a.example\n"), file_name="l", category="scam")
    uid = Indicator.objects.get(value="a.example").uid
    assert indicator_withdraw(by=reviewer, indicator=uid).status is Status.WITHDRAWN


def test_no_dispute_is_answered_that_was_altered(publish, analyst, reviewer, outsider):
    dispute = dispute_open(by=outsider, indicator=publish().uid, reason=REASONS[0])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE indicators_dispute SET note = 'somebody else said so'")
    with pytest.raises(RowUnproved):
        dispute_answer(by=reviewer, dispute=dispute.uid, outcome="kept", answer="looked at")
