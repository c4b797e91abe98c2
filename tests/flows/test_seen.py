"""An act on a page that no longer shows how things stand: refused once, with what is there now."""

import re

import pytest

from lachan.indicators.models import Dispute, Indicator
from lachan.indicators.services import (
    dispute_open,
    indicator_propose,
    indicator_reshare,
    indicator_review,
)
from lachan.kernel.clock import now
from lachan.members.models import DeskKey, Organisation, Person, Programme, RecoveryKey
from lachan.members.records import PUBLIC, Role
from lachan.members.services import organisation_save, programme_save, recovery_split, role_grant

pytestmark = pytest.mark.django_db


def seen_on(page):
    return re.search(r'name="_seen" value="(\w+)"', page.content.decode())[1]


@pytest.fixture
def published(personas):
    made = indicator_propose(
        by=personas.analyst.actor, value="xau.example", category="contract.scam", tlp="green"
    )
    indicator_review(by=personas.reviewer.actor, indicator=made.uid, decision="approve")
    return made.uid


def test_it_overwrites_no_organisation_unseen(personas):
    by, row = personas.administrator.actor, personas.other.organisation
    client, at = personas.administrator.client(), f"/staff/members/{row.uid}/edit/"
    page = client.get(at)
    fields = {"name": "Tên của tôi", "type": "ngo", "status": "active", "_seen": seen_on(page)}
    organisation_save(by=by, organisation=row, name="Other", type="school", status="suspended")
    page = client.post(at, fields)
    assert page.status_code == 422
    row.refresh_from_db()
    assert (row.type, row.status) == ("school", "suspended")
    # Typed words stand in the form; what a colleague put there stands beside it.
    assert 'value="Tên của tôi"' in page.content.decode()
    assert "Nội dung hiện có: Trường học" in page.content.decode()
    assert client.post(at, fields | {"_seen": seen_on(page)}).status_code == 302
    assert Organisation.objects.get(pk=row.pk).name == "Tên của tôi"


def test_it_overwrites_no_programme_unseen(personas):
    by, home = personas.administrator.actor, personas.organisation
    facts = {"organisations": [home.uid], "places": [], "valid_until": None}
    row = programme_save(by=by, name="Hè", valid_from=now().date(), **facts)
    client, at = personas.administrator.client(), f"/staff/programmes/{row.uid}/"
    page = client.get(at)
    fields = {"name": "Hè 2", "organisations": [str(home.uid)], "valid_from": "2027-01-01"}
    facts["organisations"] = [personas.other.organisation.uid]
    programme_save(by=by, programme=row, name="Hè", valid_from=now().date(), **facts)
    page = client.post(at, fields | {"_seen": seen_on(page)})
    assert page.status_code == 422
    assert Programme.objects.get().name == "Hè"
    assert client.post(at, fields | {"_seen": seen_on(page)}).status_code == 302


@pytest.mark.parametrize("act", ["grant", "revoke", "deactivate", "return"])
def test_it_changes_nobody_unseen(personas, act):
    person, client = personas.auditor.person, personas.administrator.client()
    at = f"/staff/members/people/{person.uid}/"
    seen = seen_on(client.get(at))
    role_grant(by=personas.administrator.actor, person=person, role=Role.REVIEWER)
    before = list(person.grants.values())
    fields = {"role": "auditor", "until": "2099-01-01", "_seen": seen}
    page = client.post(f"{at}{act}/", fields, follow=True)
    assert "Có người vừa thay đổi thông tin của người này" in page.content.decode()
    assert list(person.grants.values()) == before
    assert Person.objects.get(pk=person.pk).is_active
    assert not person.returns.exists()
    assert client.post(f"{at}{act}/", fields | {"_seen": seen_on(page)}).status_code in {200, 302}
    assert list(person.grants.values()) != before or person.returns.exists()


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("withdraw", {"withdraw-reason": "lý do đã viết"}),
        ("share", {"share-tlp": "amber", "share-override_reason": "lý do đã viết"}),
    ],
)
def test_it_moves_no_indicator_unseen(personas, published, act, fields):
    client, at = personas.officer.client(), f"/staff/indicators/{published}/"
    seen = seen_on(client.get(at))
    indicator_reshare(by=personas.reviewer.actor, indicator=published, tlp="amber+strict")
    page = client.post(f"{at}{act}/", fields | {"_seen": seen})
    assert page.status_code == 422
    row = Indicator.objects.get(uid=published)
    assert (row.status, row.tlp) == ("published", "amber+strict")
    assert act == "share" or "lý do đã viết" in page.content.decode()


def test_it_answers_no_dispute_unseen(personas, published):
    dispute = dispute_open(by=personas.analyst.actor, indicator=published, reason="mistake")
    client, at = personas.officer.client(), f"/staff/disputes/{dispute.uid}/"
    fields = {"outcome": "kept", "answer": "lời đã viết", "_seen": seen_on(client.get(at))}
    indicator_reshare(by=personas.reviewer.actor, indicator=published, tlp="clear")
    dispute_open(by=PUBLIC, indicator=published, reason="mine")
    page = client.post(at, fields)
    assert page.status_code == 422
    assert "lời đã viết" in page.content.decode()
    assert Dispute.objects.get(uid=dispute.uid).outcome == ""
    assert client.post(at, fields | {"_seen": seen_on(page)}).status_code == 302


@pytest.mark.parametrize(
    ("page", "act"), [("", "fresh/"), ("shares/", "shares/")], ids=["fresh key", "shares"]
)
def test_it_ends_no_shares_unseen(personas, page, act):
    boss, at = personas.administrator, "/staff/members/desk-key/"
    client = boss.client()
    fields = {"needed": "2", "total": "3", "_seen": seen_on(client.get(at + page))}
    recovery_split(
        by=boss.actor, unlocked=boss.unlocked, organisation=personas.organisation,
        needed=2, total=3,
    )  # fmt: skip
    answer = client.post(at + act, fields, follow=True)
    assert "vừa tạo khóa mới hoặc mảnh khôi phục mới" in answer.content.decode()
    assert RecoveryKey.objects.get(retired_at=None).total == 3
    assert DeskKey.objects.count() == 1
    fields["_seen"] = seen_on(client.get(at + page))
    assert client.post(at + act, fields).status_code in {200, 302}
    assert DeskKey.objects.count() + RecoveryKey.objects.count() == 3
