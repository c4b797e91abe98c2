from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from lachan.formats.classification.categories import UnknownCategory
from lachan.formats.observables.record import InvalidObservable, Observable
from lachan.indicators import records, services
from lachan.indicators.models import LedgerRow
from lachan.indicators.policy import Action
from lachan.indicators.records import MEMBERS, PUBLIC_AUDIENCE, Status, organisation_audience
from lachan.indicators.selectors import (
    indicator_count_proposed,
    indicator_get,
    indicator_list,
    ledger_head,
    ledger_list,
    ledger_verify,
    outlook_list,
    projection_at,
)
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput, Refused
from lachan.members.api_keys import api_key_actor, api_key_create
from lachan.members.models import AuditEntry, Organisation
from lachan.members.records import PUBLIC, Role, system
from lachan.outbox.models import OutboxEvent
from tests.flushing import triggers_aside

from .conftest import make_actor

pytestmark = pytest.mark.django_db


def values(audience, at=None):
    return [e.value for e in projection_at(ledger_head() if at is None else at, audience)]


def test_it_publishes_what_two_people_agree_on(analyst, reviewer):
    proposed = services.indicator_propose(by=analyst, value="Xau.Example.", category="scam")
    assert (proposed.status, proposed.value, proposed.seq) == (Status.PROPOSED, "xau.example", None)
    assert indicator_count_proposed(by=reviewer) == 1
    assert values(PUBLIC_AUDIENCE) == []
    done = services.indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
    assert (done.status, done.seq) == (Status.PUBLISHED, 1)
    assert values(PUBLIC_AUDIENCE) == ["xau.example"]
    topics = list(OutboxEvent.objects.values_list("topic", flat=True))
    assert topics == ["indicators.IndicatorProposed", "indicators.IndicatorPublished"]
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {
        "indicator.propose",
        "indicator.review",
    }


def test_it_lets_nobody_review_his_own(hotline):
    both = make_actor(hotline, Role.ANALYST, Role.REVIEWER)
    proposed = services.indicator_propose(by=both, value="xau.example", category="scam")
    with pytest.raises(records.FourEyes):
        services.indicator_review(by=both, indicator=proposed.uid, decision="approve")
    with pytest.raises(records.FourEyes):
        services.indicator_review(by=system("x"), indicator=proposed.uid, decision="approve")
    assert indicator_get(by=both, indicator=proposed.uid).status is Status.PROPOSED


def test_it_counts_a_key_as_the_person_who_made_it(hotline, reviewer):
    both = make_actor(hotline, Role.TECHNICAL, Role.REVIEWER)
    _row, text = api_key_create(
        by=both, organisation=hotline, name="feed",
        scopes=[Action.INDICATOR_PROPOSE], life=timedelta(days=1),
    )  # fmt: skip
    facts = {"by": api_key_actor(text), "value": "xau.example", "category": "scam", "tlp": "amber"}
    proposed = services.indicator_propose(**facts)
    with pytest.raises(records.FourEyes):
        services.indicator_review(by=both, indicator=proposed.uid, decision="approve")
    services.indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
    with pytest.raises(records.FourEyes):
        services.indicator_reshare(by=both, indicator=proposed.uid, tlp="clear")


@pytest.mark.parametrize("kind", ["school", "partner"])
def test_it_keeps_amber_from_the_community_behind_every_door(publish, hotline, kind):
    """On pages and by keys as in the lists."""
    school = Organisation.objects.create(name="Trường mẫu", type=kind)
    by = make_actor(school, Role.ANALYST, Role.REVIEWER)
    amber, green = publish("kin.example", tlp="amber"), publish("xanh.example", tlp="green")
    assert [row.value for row in indicator_list(by=by)] == ["xanh.example"]
    assert indicator_get(by=by, indicator=green.uid).value == "xanh.example"
    (outlook,) = outlook_list(by=by, observables=[Observable("domain", "kin.example")])
    assert outlook.known is None
    acts = [
        lambda: indicator_get(by=by, indicator=amber.uid),
        lambda: services.indicator_withdraw(by=by, indicator=amber.uid),
        lambda: services.dispute_open(by=by, indicator=amber.uid, reason="mistake"),
        lambda: services.indicator_review(by=by, indicator=amber.uid, decision="reject"),
    ]
    for act in acts:
        with pytest.raises(records.NoSuchIndicator):
            act()


def test_it_refuses_strangers(analyst, publish):
    with pytest.raises(Refused):
        services.indicator_propose(by=PUBLIC, value="xau.example", category="scam")
    found = publish()
    for by in (PUBLIC, analyst):
        with pytest.raises(Refused):
            services.indicator_review(by=by, indicator=found.uid, decision="approve")
    with pytest.raises(Refused):
        services.indicator_withdraw(by=PUBLIC, indicator=found.uid)
    with pytest.raises(Refused):
        indicator_list(by=PUBLIC)


def test_it_rejects(analyst, reviewer):
    proposed = services.indicator_propose(by=analyst, value="xau.example", category="scam")
    done = services.indicator_review(by=reviewer, indicator=proposed.uid, decision="reject")
    assert (done.status, done.seq) == (Status.REJECTED, None)
    with pytest.raises(records.IndicatorMoved):
        services.indicator_review(by=reviewer, indicator=proposed.uid, decision="approve")
    again = services.indicator_propose(by=analyst, value="xau.example", category="scam")
    assert again.status is Status.PROPOSED


def test_it_keeps_one_of_each(analyst, outsider, reviewer, publish):
    found = publish()
    for by in (analyst, outsider):
        with pytest.raises(records.IndicatorExists) as exists:
            services.indicator_propose(by=by, value="xau.example", category="scam")
        assert exists.value.uid == found.uid
    services.indicator_propose(by=analyst, value="xau2.example", category="scam")
    other = services.indicator_propose(by=outsider, value="xau2.example", category="scam")
    with pytest.raises(records.IndicatorExists):
        services.indicator_propose(by=analyst, value="xau2.example", category="scam")
    services.indicator_review(by=reviewer, indicator=other.uid, decision="approve")
    mine = indicator_list(by=analyst, status="proposed")[0]
    with pytest.raises(records.IndicatorExists):
        services.indicator_review(by=reviewer, indicator=mine.uid, decision="approve")


def test_it_withdraws_at_once(publish, reviewer):
    found = publish()
    gone = services.indicator_withdraw(by=reviewer, indicator=found.uid, reason="a mistake")
    assert (gone.status, gone.seq) == (Status.WITHDRAWN, 2)
    assert values(PUBLIC_AUDIENCE) == []
    assert values(PUBLIC_AUDIENCE, at=1) == ["xau.example"]
    effects = [e.effect for e in ledger_list(after=0, audience=PUBLIC_AUDIENCE)]
    assert effects == ["add", "remove"]
    with pytest.raises(records.IndicatorMoved):
        services.indicator_withdraw(by=reviewer, indicator=found.uid)


def test_it_asks_why_before_it_publishes_again_what_was_taken_back(publish, reviewer):
    services.indicator_withdraw(by=reviewer, indicator=publish().uid)
    with pytest.raises(records.GuardStands):
        publish()
    proposed = indicator_list(by=reviewer, status="proposed")[0]
    assert [w.rule for w in proposed.warnings] == ["withdrawn-before"]
    services.indicator_review(
        by=reviewer,
        indicator=proposed.uid,
        decision="approve",
        override_reason="it is back with the same fraud",
    )
    assert values(PUBLIC_AUDIENCE) == ["xau.example"]


def test_it_ends_what_is_over(publish):
    publish(valid_until=now() + timedelta(hours=1))
    publish("bleibt.example")
    assert services.indicator_expire_due() == 0
    with held_at(now() + timedelta(days=365)):
        assert services.indicator_expire_due() == 0
    with held_at(now() + timedelta(hours=2)):
        assert services.indicator_expire_due() == 1
    assert values(PUBLIC_AUDIENCE) == ["bleibt.example"]


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"value": "khong phai"}, InvalidObservable),
        ({"category": "nonsense"}, UnknownCategory),
        ({"confidence": 101}, InvalidInput),
        ({"tlp": "white"}, InvalidInput),
        ({"evidence": "x" * 10_001}, InvalidInput),
        ({"valid_until": now() - timedelta(days=1)}, InvalidInput),
    ],
)
def test_it_says_what_cannot_be_used(analyst, facts, error):
    with pytest.raises(error):
        services.indicator_propose(
            **{"by": analyst, "value": "xau.example", "category": "scam"} | facts
        )


def test_it_hides_one_organisation_s_own_from_others(
    publish, analyst, outsider, hotline, enterprise
):
    own = publish("rieng.example", tlp="red")
    assert values(organisation_audience(hotline.pk)) == ["rieng.example"]
    assert values(organisation_audience(enterprise.pk)) == values(MEMBERS) == []
    assert ledger_list(after=0, audience=MEMBERS) == []
    for act in (indicator_get, services.indicator_withdraw):
        with pytest.raises(records.NoSuchIndicator):
            act(by=outsider, indicator=own.uid)
    # The other organisation learns nothing, and may publish it for all: then the narrow one is covered.
    theirs = services.indicator_propose(by=outsider, value="rieng.example", category="scam")
    third = make_actor(enterprise, Role.REVIEWER)
    services.indicator_review(by=third, indicator=theirs.uid, decision="approve")
    assert values(organisation_audience(hotline.pk)) == ["rieng.example"]
    assert indicator_get(by=analyst, indicator=own.uid).status is Status.COVERED
    mine = organisation_audience(hotline.pk)
    effects = [e.effect for e in ledger_list(after=0, audience=mine)]
    assert effects == ["add", "remove", "add"]
    # Taken back by the other, it stands as it stood.
    services.indicator_withdraw(by=outsider, indicator=theirs.uid)
    assert indicator_get(by=analyst, indicator=own.uid).status is Status.PUBLISHED
    assert [e.uid for e in projection_at(ledger_head(), mine)] == [own.uid]
    assert values(organisation_audience(enterprise.pk)) == values(MEMBERS) == []


def test_it_shows_as_withdrawn_what_leaves_an_audience_s_sight(publish, reviewer, hotline):
    found = publish(tlp="clear")
    raised = services.indicator_reshare(by=reviewer, indicator=found.uid, tlp="amber")
    assert raised.status is Status.PUBLISHED
    assert values(PUBLIC_AUDIENCE) == []
    assert values(MEMBERS) == ["xau.example"]
    last = ledger_list(after=1, audience=PUBLIC_AUDIENCE)
    assert [(e.effect, e.value, e.tlp) for e in last] == [("remove", "xau.example", "clear")]
    assert [e.effect for e in ledger_list(after=1, audience=MEMBERS)] == ["add"]
    services.indicator_withdraw(by=reviewer, indicator=found.uid)
    assert [e.seq for e in ledger_list(after=2, audience=PUBLIC_AUDIENCE)] == []
    assert ledger_head(PUBLIC_AUDIENCE) == 2
    assert ledger_head(organisation_audience(hotline.pk)) == ledger_head() == 3


def test_it_widens_only_by_a_second_person(hotline, publish, outsider):
    both = make_actor(hotline, Role.ANALYST, Role.REVIEWER)
    found = publish(tlp="amber", by=both)
    with pytest.raises(records.FourEyes):
        services.indicator_reshare(by=both, indicator=found.uid, tlp="clear")
    with pytest.raises(records.NoSuchIndicator):
        services.indicator_reshare(by=outsider, indicator=found.uid, tlp="clear")


def test_it_verifies_its_chain(publish, reviewer):
    services.indicator_withdraw(by=reviewer, indicator=publish().uid)
    publish("b.example")
    assert ledger_verify().fault == ""
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE indicators_ledgerrow SET payload = REPLACE(payload, 'xau', 'tot') WHERE seq = 1"
        )
    assert "row 1" in ledger_verify().fault


def test_it_notices_a_row_that_is_gone(publish):
    publish()
    publish("b.example")
    with triggers_aside(connection), connection.cursor() as cursor:
        cursor.execute("DELETE FROM indicators_ledgerrow WHERE seq = 2")
    assert "head" in ledger_verify().fault


def test_its_rows_cannot_be_changed(publish):
    publish()
    for change in (LedgerRow.objects.update, LedgerRow.objects.all().delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            change(**({"tlp": "red"} if change.__name__ == "update" else {}))
    assert ledger_verify().fault == ""


def test_it_lists_with_few_questions(publish, analyst):
    for number in range(5):
        publish(f"xau{number}.example", category="gambling" if number else "scam")
    with CaptureQueriesContext(connection) as queries:
        found = indicator_list(by=analyst, category="contract", text="XAU")
    assert len(found) == 5
    assert len(queries) == 1  # the rows: whoever asks knows what he sees
    page = indicator_list(by=analyst, limit=2)
    rest = indicator_list(by=analyst, after=page[-1].uid)
    assert [f.value for f in page + rest] == [f"xau{n}.example" for n in (4, 3, 2, 1, 0)]
