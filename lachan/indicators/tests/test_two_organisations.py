"""What takes two organisations, and what one of them can never do to the other's own."""

import io
from datetime import timedelta

import pytest

from lachan.indicators.ledger import head_seq, projection
from lachan.indicators.models import Indicator
from lachan.indicators.policy import Action
from lachan.indicators.queries import is_reason
from lachan.indicators.records import (
    FourEyes,
    GuardStands,
    SecondOrganisation,
    Status,
    organisation_audience,
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
    list_withdraw,
)
from lachan.indicators.verifying import verify
from lachan.kernel.clock import held_at, now
from lachan.members.api_keys import api_key_actor
from lachan.members.models import Organisation, RoleGrant
from lachan.members.records import Role, system
from lachan.members.services import api_key_create

from .conftest import make_actor

pytestmark = pytest.mark.django_db
GUARDED, WHY = "vnexpress.net", "hacked since this morning, agreed with its owner"


def approve(by, indicator, why=WHY):
    return indicator_review(
        by=by, indicator=indicator.uid, decision="approve", override_reason=why
    ).status


@pytest.mark.parametrize(
    "text",
    [
        "", "          ", "aaaaaaaaaa", "a a a a a a a a a a", "aaaa bbbb cccc dddd", "test test test test",
        "vì thế", "chinhphu.vn", "............", "1111 2222 3333", "ok ok ok ok ok ok", "đã\nđã\nđã\nđã\nđã",
    ],
)  # fmt: skip
def test_it_takes_no_reason_that_is_none(text):
    assert not is_reason(text)


@pytest.mark.parametrize("text", [WHY, "Trang bị chiếm, chủ trang đã đồng ý", "it is back, again"])
def test_it_takes_a_reason_that_a_person_would_accept(text):
    assert is_reason(text)


def test_what_the_guard_warns_of_takes_two_organisations(analyst, reviewer, outsider, hotline):
    proposed = indicator_propose(by=analyst, value=GUARDED, category="scam")
    with pytest.raises(GuardStands):
        approve(reviewer, proposed, "aaaaaaaaaa")
    assert approve(reviewer, proposed) is Status.PROPOSED
    for same in (reviewer, make_actor(hotline, Role.OFFICER)):
        with pytest.raises(SecondOrganisation):
            approve(same, proposed)
    assert head_seq() == 0
    assert approve(outsider, proposed) is Status.PUBLISHED


def test_one_organisation_s_accounts_are_no_two(reviewer, outsider, hotline):
    both = make_actor(hotline, Role.ANALYST, Role.REVIEWER)
    proposed = indicator_propose(by=both, value=GUARDED, category="scam")
    with pytest.raises(FourEyes):
        approve(both, proposed)
    approve(make_actor(hotline, Role.REVIEWER), proposed)
    with pytest.raises(SecondOrganisation):
        approve(reviewer, proposed)


def test_a_yes_counts_while_its_giver_reviews(analyst, reviewer, outsider):
    proposed = indicator_propose(by=analyst, value=GUARDED, category="scam")
    approve(reviewer, proposed)
    third = make_actor(Organisation.objects.create(name="Third", type="ngo"), Role.REVIEWER)
    RoleGrant.objects.filter(person_id=reviewer.person_id).update(valid_until=now())
    with pytest.raises(SecondOrganisation):
        approve(outsider, proposed)
    RoleGrant.objects.filter(person_id=reviewer.person_id).update(valid_until=None)
    assert approve(third, proposed) is Status.PUBLISHED


def test_one_is_enough_where_there_is_one(analyst, reviewer, hotline):
    proposed = indicator_propose(by=analyst, value=GUARDED, category="scam")
    assert approve(reviewer, proposed) is Status.PUBLISHED
    # And for what nobody else sees.
    Organisation.objects.exclude(pk=hotline.pk).delete()
    make_actor(Organisation.objects.create(name="E", type="enterprise"), Role.REVIEWER)
    own = indicator_propose(by=analyst, value="tuoitre.vn", category="scam", tlp="red")
    assert approve(reviewer, own) is Status.PUBLISHED
    # Which one alone does not widen.
    with pytest.raises(SecondOrganisation):
        indicator_reshare(by=reviewer, indicator=own.uid, tlp="clear", override_reason=WHY)


def test_a_school_is_no_second_for_what_it_may_not_see(analyst, reviewer):
    make_actor(Organisation.objects.create(name="S", type="school"), Role.REVIEWER)
    amber = indicator_propose(by=analyst, value=GUARDED, category="scam", tlp="amber")
    assert approve(reviewer, amber) is Status.PUBLISHED
    clear = indicator_propose(by=analyst, value="tuoitre.vn", category="scam")
    assert approve(reviewer, clear) is Status.PROPOSED


def test_a_key_s_proposal_is_reviewed_by_nobody_who_may_use_the_key(hotline, reviewer, outsider):
    maker = make_actor(hotline, Role.TECHNICAL, Role.REVIEWER)
    keeper = make_actor(hotline, Role.ADMINISTRATOR, Role.REVIEWER)
    away = make_actor(
        Organisation.objects.create(name="T", type="ngo"), Role.TECHNICAL, Role.REVIEWER
    )
    _row, text = api_key_create(
        by=maker, organisation=hotline, name="feed", scopes=[Action.INDICATOR_PROPOSE],
        life=timedelta(days=1),
    )  # fmt: skip
    proposed = indicator_propose(by=api_key_actor(text), value="xau.example", category="scam")
    for no in (maker, keeper):
        with pytest.raises(FourEyes):
            approve(no, proposed)
    assert approve(away, proposed) is Status.PUBLISHED


def test_an_own_entry_that_runs_out_beneath_a_shared_one_stays_away(
    publish, reviewer, outsider, hotline
):
    until = now() + timedelta(days=1)
    own = publish("xau.example", tlp="red", valid_until=until)
    theirs = indicator_propose(by=outsider, value="xau.example", category="scam")
    approve(make_actor(Organisation.objects.get(name="Enterprise"), Role.REVIEWER), theirs)
    with held_at(until):
        indicator_expire_due()
        assert Indicator.objects.get(uid=own.uid).status == Status.EXPIRED
        indicator_withdraw(by=outsider, indicator=theirs.uid)
        assert not list(projection(head_seq(), organisation_audience(hotline.pk)))
    assert verify().fault == ""


def test_what_is_covered_ends_where_its_dispute_is_answered_so(
    publish, reviewer, outsider, hotline
):
    own = publish("xau.example", tlp="red")
    dispute = dispute_open(by=reviewer, indicator=own.uid, reason="mistake")
    theirs = indicator_propose(by=outsider, value="xau.example", category="scam")
    approve(make_actor(Organisation.objects.get(name="Enterprise"), Role.REVIEWER), theirs)
    assert Indicator.objects.get(uid=own.uid).status == Status.COVERED
    dispute_answer(by=reviewer, dispute=dispute.uid, outcome="withdrawn", answer="It was ours.")
    indicator_withdraw(by=outsider, indicator=theirs.uid)
    assert Indicator.objects.get(uid=own.uid).status == Status.WITHDRAWN
    assert not list(projection(head_seq(), organisation_audience(hotline.pk)))


def test_a_list_taken_back_takes_what_is_covered_of_it(publish, hotline):
    operator = system("lachan import")
    report = list_import(
        by=operator,
        stream=io.BytesIO(b"xau.example\n"),
        file_name="l",
        category="scam",
        tlp="amber",
    )
    school = Organisation.objects.create(name="S", type="school")
    head = make_actor(school, Role.REVIEWER)
    opened = publish("xau.example", by=make_actor(school, Role.ANALYST), reviewer=head)
    assert [e.uid for e in projection(head_seq(), organisation_audience(hotline.pk))] == [
        opened.uid
    ]
    assert list_withdraw(by=operator, list_import=report.uid) == 1
    indicator_withdraw(by=head, indicator=opened.uid)
    assert not list(projection(head_seq(), organisation_audience(hotline.pk)))
    assert verify().fault == ""
