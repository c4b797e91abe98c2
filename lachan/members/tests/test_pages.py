import re
from datetime import timedelta

import pytest
from django.test import Client

from lachan.kernel.clock import now
from lachan.members.models import (
    ApiKey,
    AuditEntry,
    Confirmation,
    Invitation,
    Organisation,
    Programme,
)
from lachan.members.records import Role
from lachan.members.services import audit_record, confirmation_give, desk_keys_give

pytestmark = pytest.mark.django_db


def text(page):
    return page.content.decode()


def test_it_invites_with_the_desk_key(personas):
    client = personas.administrator.client()
    url = f"/staff/members/{personas.organisation.uid}/invite/"
    form = {"name": "Bình", "email": "binh@home.example", "roles": ["analyst", "reviewer"]}
    page = client.post(url, form)
    path = re.search(r"http://testserver(/staff/join/[\w-]{43}/)", text(page))[1]
    assert Invitation.objects.get().wraps.count() == 1
    assert Client().get(path).status_code == 403
    confirmation_give(by=personas.second.actor, confirmation=Confirmation.objects.get())
    joining = Client().get(path)
    assert "binh@home.example" in text(joining)
    assert path.split("/")[3] not in str(list(AuditEntry.objects.values()))
    assert client.post(url, {**form, "email": personas.analyst.person.email}).status_code == 422


def test_it_asks_for_the_password_before_a_key_is_given_on(personas):
    client = personas.administrator.client(unlocked=False)
    url = f"/staff/members/{personas.organisation.uid}/invite/"
    page = client.post(url, {"name": "Bảo Bình", "email": "b@home.example", "roles": ["analyst"]})
    assert page.status_code == 403
    assert "/staff/unlock/" in text(page)
    assert "Bảo Bình" in text(page)
    page = client.post(url, {"name": "B", "email": "b@home.example", "roles": ["auditor"]})
    assert page.status_code == 200


def test_it_withdraws_a_link(personas):
    client = personas.administrator.client()
    url = f"/staff/members/{personas.organisation.uid}/invite/"
    page = client.post(url, {"name": "B", "email": "b@home.example", "roles": ["auditor"]})
    path = re.search(r"(/staff/join/[\w-]{43}/)", text(page))[1]
    row = Invitation.objects.get()
    client.post(f"/staff/members/invitations/{row.uid}/end/")
    assert Client().get(path).status_code == 404


def test_it_keeps_the_list_of_organisations(personas):
    client = personas.administrator.client()
    form = {
        "name": "Trường Hoa Sen",
        "type": "school",
        "status": "active",
        "domains": "hoasen.example",
    }
    assert client.post("/staff/members/new/", form).status_code == 302
    row = Organisation.objects.get(name="Trường Hoa Sen")
    assert row.domains == ["hoasen.example"]
    edit = f"/staff/members/{row.uid}/edit/"
    assert "hoasen.example" in text(client.get(edit))
    assert client.post(edit, {**form, "valid_until": "2030-01-31"}).status_code == 302
    assert "2030-01-31" in text(client.get(edit))
    assert client.post(edit, {**form, "domains": "no domain at all"}).status_code == 422
    assert "Trường Hoa Sen" in text(client.get("/staff/members/"))


def test_it_shows_people_to_their_own_only(personas):
    email = personas.analyst.person.email
    url = f"/staff/members/{personas.organisation.uid}/"
    for role in ("administrator", "officer", "auditor"):
        assert email in text(getattr(personas, role).client().get(url))
        page = getattr(personas.other, role).client().get(url)
        assert page.status_code == 200
        assert email not in text(page)


def test_it_gives_and_takes_roles(personas):
    client = personas.administrator.client()
    someone = personas.with_roles()
    url = f"/staff/members/people/{someone.person.uid}/"
    client.post(url + "grant/", {"role": "analyst"})
    assert not someone.actor.roles
    waits = "/staff/members/confirmations/"
    page = text(client.get(waits))
    assert "/give/" not in page  # whoever asked for it is not the second
    uid = re.search(r"confirmations/([0-9a-f-]{36})/stop/", page)[1]
    assert client.post(f"{waits}{uid}/give/").status_code == 403
    second = personas.second.client()
    assert waits in text(second.get("/staff/"))
    assert waits in text(someone.client().get("/staff/"))
    desk_keys_give(
        by=personas.administrator.actor, unlocked=personas.administrator.unlocked,
        person=personas.second.person,
    )  # fmt: skip
    assert f"{uid}/give/" in text(second.get(waits))
    assert second.post(f"{waits}{uid}/give/").status_code == 302
    assert someone.actor.roles == {Role.ANALYST}
    assert someone.person.wraps.exists()
    assert "analyst" in text(client.get(url))
    assert (
        client.post(url + "grant/", {"role": "analyst", "until": "2020-01-01"}).status_code == 422
    )
    client.post(url + "revoke/", {"role": "analyst"})
    assert not someone.actor.roles
    assert not someone.person.wraps.exists()
    client.post(url + "deactivate/")
    someone.person.refresh_from_db()
    assert not someone.person.is_active


def test_it_offers_nobody_a_role_for_himself(personas):
    boss = personas.administrator
    client = boss.client()
    url = f"/staff/members/people/{boss.person.uid}/"
    assert url + "grant/" not in text(client.get(url))
    answer = client.post(url + "grant/", {"role": "analyst"}, follow=True)
    (said,) = answer.context["messages"]
    assert said.level_tag == "error"
    assert Role.ANALYST not in boss.actor.roles
    assert url + "revoke/" in text(client.get(url))
    other = f"/staff/members/people/{personas.analyst.person.uid}/"
    assert other + "grant/" in text(client.get(other))


def test_it_makes_a_way_back(personas):
    client = personas.administrator.client()
    url = f"/staff/members/people/{personas.analyst.person.uid}/return/"
    path = re.search(r"(/staff/join/[\w-]{43}/)", text(client.post(url)))[1]
    waits = Client().get(path)
    assert waits.status_code == 403
    assert 'name="password"' not in text(waits)
    confirmation_give(by=personas.second.actor, confirmation=Confirmation.objects.get())
    words = {
        "name": "An",
        "password": "four-invented-words-here",
        "again": "four-invented-words-here",
    }
    assert Client().post(path, words).url == "/staff/set-up/"
    assert personas.analyst.person.wraps.count() == 1


def test_it_places_a_programme_by_old_names(personas):
    client = personas.administrator.client()
    form = {
        "name": "Thí điểm", "organisations": [str(personas.organisation.uid)],
        "places": "Hoà Bình\nBắc Kạn\nCao Bằng\nxã Tân Lập, Chợ Đồn, Bắc Kạn", "valid_from": "2026-01-01",
    }  # fmt: skip
    assert client.post("/staff/programmes/new/", form).status_code == 302
    row = Programme.objects.get()
    assert row.places == ["02038", "04", "19", "25"]
    page = client.post("/staff/programmes/new/", {**form, "places": "Tân Lập"})
    assert page.status_code == 422
    assert "02038" in text(page) or "Tân Lập" in text(page)
    assert "02038" in text(client.get(f"/staff/programmes/{row.uid}/"))
    bad = {**form, "valid_until": "2025-01-01"}
    assert client.post("/staff/programmes/new/", bad).status_code == 422


def test_it_shows_an_api_key_once(personas):
    client = personas.technical.client()
    form = {"name": "resolver", "scopes": ["indicator.read"], "days": "90"}
    page = text(client.post("/staff/api-keys/", form))
    key = re.search(r"lachan_\w{8}_[\w-]{43}", page)[0]
    assert key not in text(client.get("/staff/api-keys/"))
    headers = {"Authorization": f"Bearer {key}"}
    assert Client().get("/v1/places/provinces", headers=headers).status_code == 200
    row = ApiKey.objects.get()
    assert (
        personas.other.technical.client().post(f"/staff/api-keys/{row.uid}/end/").status_code == 403
    )
    client.post(f"/staff/api-keys/{row.uid}/end/")
    assert Client().get("/v1/places/provinces", headers=headers).status_code == 401
    assert client.post("/staff/api-keys/", {**form, "scopes": ["case.read"]}).status_code == 422


def test_it_prints_shares_and_makes_a_fresh_key(personas):
    client = personas.administrator.client()
    page = text(client.post("/staff/members/desk-key/shares/", {"needed": 2, "total": 3}))
    assert page.count("LACHAN-SHARE-1") == 3
    assert (
        client.post("/staff/members/desk-key/shares/", {"needed": 4, "total": 3}).status_code == 422
    )
    client.post("/staff/members/desk-key/fresh/")
    assert personas.organisation.desk_keys.count() == 2
    assert client.get("/staff/members/desk-key/").status_code == 200


def test_it_shows_each_auditor_what_is_theirs(personas):
    audit_record(by=personas.analyst.actor, action="case.read", target="case:ours")
    audit_record(by=personas.other.analyst.actor, action="case.read", target="case:theirs")
    home = text(personas.auditor.client().get("/staff/audit/"))
    assert "case:ours" in home
    assert "case:theirs" in home
    for role in ("auditor", "administrator"):
        other = text(getattr(personas.other, role).client().get("/staff/audit/"))
        assert "case:theirs" in other
        assert "case:ours" not in other
    boss = text(personas.administrator.client().get("/staff/audit/"))
    assert "case:theirs" not in boss


def test_it_filters_and_pages_the_trail(personas):
    client = personas.auditor.client()
    for number in range(120):
        audit_record(by=personas.analyst.actor, action="case.read", target=f"case:{number}")
    page = text(client.get("/staff/audit/", {"action": "case"}))
    assert "case:119" in page
    assert "case:0<" not in page
    older = re.search(r'href="\?(action=case&amp;before=\d+)"', page)[1].replace("&amp;", "&")
    assert "case:0<" in text(client.get(f"/staff/audit/?{older}"))
    one = text(client.get("/staff/audit/", {"thing": "case:7"}))
    assert "case:7<" in one
    assert "case:8<" not in one
    assert client.get("/staff/audit/", {"since": "nonsense", "before": "x"}).status_code == 200


def test_it_reads_the_lists_with_few_queries(personas, django_assert_max_num_queries):
    client = personas.administrator.client()
    for _ in range(15):
        personas.with_roles(*[])
    with django_assert_max_num_queries(16):
        client.get(f"/staff/members/{personas.organisation.uid}/")
    with django_assert_max_num_queries(12):
        client.get("/staff/members/")


@pytest.mark.parametrize(
    "role", ["analyst", "reviewer", "officer", "administrator", "technical", "auditor"]
)
def test_it_greets_everybody(personas, role):
    assert getattr(personas, role).client().get("/staff/").status_code == 200


def test_it_greets_somebody_without_a_role(personas):
    client = personas.with_roles().client()
    assert client.get("/staff/").status_code == 200
    assert client.get("/staff/account/").status_code == 200
    assert client.get("/staff/members/").status_code == 403


def test_it_takes_everything_from_a_suspended_organisation(personas):
    client, row = personas.other.administrator.client(), personas.other.organisation
    assert client.get("/staff/members/").status_code == 200
    for change in (
        {"status": "suspended"},
        {"status": "active", "valid_until": now() - timedelta(1)},
        {"valid_until": None, "valid_from": now() + timedelta(1)},
    ):
        Organisation.objects.filter(pk=row.pk).update(**change)
        assert client.get("/staff/members/").status_code == 403
        assert client.get("/staff/account/").status_code == 200


def test_it_keeps_staff_at_the_desk_when_something_goes_wrong(personas):
    missing = personas.analyst.client().get("/staff/nowhere/")
    assert missing.status_code == 404
    assert 'class="desk"' in missing.content.decode()
    assert 'href="/staff/"' in missing.content.decode()


def test_it_finds_places_over_http(client):
    page = client.get("/v1/places", {"q": "hoa binh"})
    assert page.json()["ambiguous"] is True
    assert page.json()["items"][0]["code"] == "25"
    assert client.get("/v1/places").status_code == 422
    assert len(client.get("/v1/places/provinces").json()) == 34
