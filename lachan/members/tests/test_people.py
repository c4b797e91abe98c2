from datetime import UTC, datetime, timedelta

import pytest

from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput, Refused
from lachan.kernel.sealing.errors import SharesUnusable
from lachan.members import tasks
from lachan.members.errors import (
    AlreadyMember,
    KeyMissing,
    LastAdministrator,
    SecondNeeded,
    SelfGrant,
)
from lachan.members.models import Confirmation, DeskKeyWrap, Invitation, Session
from lachan.members.records import Role
from lachan.members.selectors import actor_for
from lachan.members.services import (
    confirmation_give,
    desk_key_open,
    desk_key_rotate,
    desk_keys_withdraw,
    invitation_create,
    organisation_save,
    person_deactivate,
    programme_save,
    recovery_split,
    recovery_use,
    return_create,
    role_grant,
    role_revoke,
)


def test_it_grants_for_a_time(personas):
    boss, someone = personas.administrator, personas.with_roles()
    role_grant(by=boss.actor, person=someone.person, role=Role.AUDITOR, until=now() + timedelta(1))
    assert someone.actor.roles == {Role.AUDITOR}
    with held_at(now() + timedelta(2)):
        assert someone.actor.roles == set()


def test_it_grants_a_role_once(personas):
    boss, someone = personas.administrator, personas.auditor
    role_grant(by=boss.actor, person=someone.person, role=Role.AUDITOR)
    assert someone.person.grants.filter(valid_until=None).count() == 1


def test_it_takes_the_key_with_the_last_role_that_needs_it(personas):
    boss, someone = personas.administrator, personas.analyst
    personas.given(someone.person, Role.REVIEWER)
    role_revoke(by=boss.actor, person=someone.person, role=Role.ANALYST)
    assert someone.person.wraps.exists()
    role_revoke(by=boss.actor, person=someone.person, role=Role.REVIEWER)
    assert not someone.person.wraps.exists()


def test_it_takes_the_key_when_a_role_runs_out(personas, settings, tmp_path):
    settings.LACHAN_HOME = tmp_path  # the trail's witness is of this test alone
    boss, someone = personas.administrator, personas.with_roles()
    personas.given(someone.person, Role.ANALYST, until=now() + timedelta(1))
    desk_key_rotate(by=boss.actor, organisation=personas.organisation)
    assert someone.person.wraps.exists()
    with held_at(now() + timedelta(2)):
        tasks.purge()
    assert not someone.person.wraps.exists()
    assert personas.analyst.person.wraps.exists()


def test_it_keeps_the_last_administrator(personas):
    boss = personas.administrator
    with pytest.raises(LastAdministrator):
        role_revoke(by=boss.actor, person=boss.person, role=Role.ADMINISTRATOR)
    with pytest.raises(LastAdministrator):
        person_deactivate(by=boss.actor, person=boss.person)


def test_it_closes_every_door_behind_who_leaves(personas):
    someone = personas.analyst
    client = someone.client()
    assert client.get("/staff/").status_code == 200
    person_deactivate(by=personas.administrator.actor, person=someone.person)
    assert client.get("/staff/").status_code == 302
    assert not DeskKeyWrap.objects.filter(person=someone.person).exists()
    assert not Session.objects.filter(person=someone.person).exists()
    assert actor_for(someone.person).roles == set()


def test_it_closes_the_links_that_the_leaver_made(personas):
    leaver = personas.with_roles(Role.ADMINISTRATOR)
    for by in (leaver, personas.administrator):
        invitation_create(
            by=by.actor, unlocked=None, organisation=personas.organisation, roles=[Role.ANALYST],
            email=f"new.{by.person.pk}@home.example", name="New",
        )  # fmt: skip
    person_deactivate(by=personas.administrator.actor, person=leaver.person)
    assert [i.invited_by for i in Invitation.objects.all()] == [personas.administrator.actor.label]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_it_lets_only_administrators_manage(personas, role):
    by, person = personas.of(role).actor, personas.auditor.person
    with pytest.raises(Refused):
        role_grant(by=by, person=person, role=Role.ANALYST)
    with pytest.raises(Refused):
        person_deactivate(by=by, person=person)
    with pytest.raises(Refused):
        return_create(by=by, unlocked=None, person=person)


@pytest.mark.parametrize("role", list(Role))
def test_it_lets_nobody_give_himself_a_role(personas, role):
    boss = personas.administrator
    before = boss.actor.roles
    with pytest.raises(SelfGrant):
        role_grant(by=boss.actor, person=boss.person, role=role)
    assert boss.actor.roles == before
    role_grant(by=personas.second.actor, person=boss.person, role=role)
    for row in Confirmation.objects.all():
        with pytest.raises(SecondNeeded):
            confirmation_give(by=boss.actor, confirmation=row)
        third = personas.with_roles(Role.ADMINISTRATOR)
        confirmation_give(by=third.actor, confirmation=row)
    assert role in boss.actor.roles


def test_it_manages_others_from_home_only(personas):
    home, other = personas.administrator.actor, personas.other.administrator.actor
    role_grant(by=home, person=personas.other.auditor.person, role=Role.TECHNICAL)
    with pytest.raises(Refused):
        role_grant(by=other, person=personas.auditor.person, role=Role.TECHNICAL)
    with pytest.raises(Refused):
        organisation_save(by=other, name="X", type="ngo")
    made = organisation_save(by=home, name="X", type="ngo", domains=["WWW.Example.Test."])
    assert made.domains == ["www.example.test"]
    with pytest.raises(InvalidInput):
        organisation_save(by=home, name="X", type="ngo", domains=["no domain"])


def test_it_invites_nobody_twice(personas):
    boss = personas.administrator
    with pytest.raises(AlreadyMember):
        invitation_create(
            by=boss.actor, unlocked=None, organisation=personas.organisation,
            roles=[], email=personas.analyst.person.email.upper(), name="X",
        )  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"status": "suspended"},
        {"status": "left"},
        {"valid_until": datetime(2090, 1, 1, tzinfo=UTC)},
    ],
)
def test_nobody_ends_the_organisation_that_lets_people_in(personas, client, change):
    home, by = personas.organisation, personas.administrator.actor
    with pytest.raises(LastAdministrator):
        organisation_save(by=by, organisation=home, name="Home", type="hotline", **change)
    organisation_save(by=by, organisation=home, name="Home", type="hotline")
    client.force_login(personas.administrator.person)
    sent = {"name": "Home", "type": "hotline", "status": change.get("status", "active")}
    sent["valid_until"] = "2090-01-01" if "valid_until" in change else ""
    page = client.post(f"/staff/members/{home.uid}/edit/", sent)
    assert page.status_code == 422
    home.refresh_from_db()
    assert home.is_standing


def test_it_places_programmes(personas):
    boss = personas.administrator.actor
    day = now().date()
    form = {"name": "Pilot", "organisations": [personas.organisation.uid], "valid_from": day}
    made = programme_save(by=boss, places=["25", "04795"], valid_until=None, **form)
    assert made.organisations.get() == personas.organisation
    with pytest.raises(InvalidInput):
        programme_save(by=boss, places=["99"], valid_until=None, **form)
    with pytest.raises(InvalidInput):
        programme_save(by=boss, places=[], valid_until=day - timedelta(1), **form)


def test_it_recovers_the_keys_with_k_of_n(personas):
    boss, lost = personas.administrator, personas.analyst
    shares = recovery_split(
        by=boss.actor, unlocked=boss.unlocked, organisation=personas.organisation, needed=2, total=3
    )
    desk_key_rotate(by=boss.actor, organisation=personas.organisation)
    desk_keys_withdraw(by=boss.actor, person=lost.person)
    with pytest.raises(KeyMissing):
        desk_key_open(by=lost.actor, unlocked=lost.unlocked)
    with pytest.raises(SharesUnusable):
        recovery_use(shares=shares[:1], email=lost.person.email)
    with pytest.raises(KeyMissing):
        recovery_use(shares=shares[:2], email=personas.auditor.person.email)
    assert recovery_use(shares=shares[1:], email=lost.person.email) == 2
    assert desk_key_open(by=lost.actor, unlocked=lost.unlocked)
    old = desk_key_open(by=lost.actor, unlocked=lost.unlocked, uid=personas.desk_key.uid)
    assert old == personas.desk_private


def test_it_takes_no_shares_that_were_replaced(personas):
    boss = personas.administrator
    split = {"by": boss.actor, "unlocked": boss.unlocked, "organisation": personas.organisation}
    old = recovery_split(**split, needed=2, total=2)
    recovery_split(**split, needed=2, total=2)
    with pytest.raises(SharesUnusable):
        recovery_use(shares=old, email=boss.person.email)
