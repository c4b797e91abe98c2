"""Two for a power: nobody alone reads reports, reviews, lets people in or takes an account over."""

from datetime import timedelta

import pytest

from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import NotFound
from lachan.members.confirmations import confirmation_list, powerful_roles
from lachan.members.entry.invitations import invitation_get
from lachan.members.errors import InvitationGone, InvitationWaits, SecondNeeded
from lachan.members.models import Confirmation, Invitation
from lachan.members.records import PUBLIC, Role
from lachan.members.selectors import actor_for
from lachan.members.services import (
    confirmation_give,
    confirmation_stop,
    first_link,
    invitation_accept,
    invitation_create,
    operator_link,
    person_deactivate,
    return_create,
    role_grant,
    role_revoke,
)
from lachan.members.start_cards import powers_waiting
from lachan.members.tasks import purge
from tests.lived import lived_until

PASSWORD = "four-invented-words-here"
DAY = timedelta(days=1, minutes=1)


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path  # the trail's witness is of one test alone


def token_of(record):
    return record.path.rstrip("/").rsplit("/", 1)[-1]


def invited(by, *roles, email="new@home.example"):
    return invitation_create(
        by=by.actor, unlocked=None, organisation=by.person.organisation, roles=roles,
        email=email, name="New",
    )  # fmt: skip


def test_it_knows_which_roles_are_powers():
    assert set(Role) - powerful_roles() == {Role.TECHNICAL, Role.AUDITOR}


@pytest.mark.parametrize("role", sorted(powerful_roles()))
def test_a_role_waits_for_a_second_yes(personas, role):
    someone, boss = personas.with_roles(), personas.administrator
    assert role_grant(by=boss.actor, person=someone.person, role=role) is None
    assert not someone.actor.roles
    (waits,) = Confirmation.objects.all()
    for no in (boss, someone, personas.reviewer, personas.other.administrator):
        with pytest.raises(SecondNeeded):
            confirmation_give(by=no.actor, confirmation=waits)
    confirmation_give(by=personas.second.actor, confirmation=waits)
    assert someone.actor.roles == {role}
    with pytest.raises(NotFound):
        confirmation_give(by=personas.second.actor, confirmation=waits)


@pytest.mark.parametrize("role", [Role.TECHNICAL, Role.AUDITOR])
def test_other_roles_hold_at_once(personas, role):
    someone = personas.with_roles()
    role_grant(by=personas.administrator.actor, person=someone.person, role=role)
    assert someone.actor.roles == {role}


def test_a_role_holds_after_a_day(personas):
    someone, moment = personas.with_roles(), now()
    role_grant(by=personas.administrator.actor, person=someone.person, role=Role.REVIEWER)
    with held_at(moment + DAY / 2):
        purge()
        assert not someone.actor.roles
    with held_at(moment + DAY):
        purge()
        assert someone.actor.roles == {Role.REVIEWER}
    assert someone.person.grants.get().granted_by == personas.administrator.actor.label


def test_a_role_may_be_shortened_by_one(personas):
    until = now() + timedelta(days=3)
    person = personas.analyst.person
    assert role_grant(
        by=personas.administrator.actor, person=person, role=Role.ANALYST, until=until
    )
    longer = until + timedelta(days=1)
    by = personas.administrator.actor
    assert role_grant(by=by, person=person, role=Role.ANALYST, until=longer) is None
    assert person.grants.filter(valid_until=until).exists()


def test_everybody_concerned_is_told_and_can_stop_it(personas):
    someone = personas.analyst
    return_create(by=personas.administrator.actor, unlocked=None, person=someone.person)
    for told in (personas.administrator, personas.second, someone):
        assert powers_waiting(told.actor).count == 1
    for stranger in (personas.reviewer, personas.other.administrator, personas.with_roles()):
        assert confirmation_list(stranger.actor) == []
        with pytest.raises(SecondNeeded):
            confirmation_stop(by=stranger.actor, confirmation=Confirmation.objects.get())
    confirmation_stop(by=someone.actor, confirmation=Confirmation.objects.get())
    invited(personas.administrator, Role.REVIEWER)  # about nobody yet
    with pytest.raises(SecondNeeded):
        confirmation_stop(by=PUBLIC, confirmation=Confirmation.objects.get())
    confirmation_stop(by=personas.second.actor, confirmation=Confirmation.objects.get())
    assert not Invitation.objects.exists()


def test_nobody_takes_an_account_over_alone(personas):
    moment = now()
    record = return_create(
        by=personas.administrator.actor, unlocked=None, person=personas.reviewer.person
    )
    assert record.opens_at
    with pytest.raises(InvitationWaits):
        invitation_get(token_of(record))
    confirmation_give(by=personas.second.actor, confirmation=Confirmation.objects.get())
    assert invitation_get(token_of(record))
    # A yes counts while its giver may give it.
    role_revoke(
        by=personas.administrator.actor, person=personas.second.person, role=Role.ADMINISTRATOR
    )
    with pytest.raises(InvitationWaits):
        invitation_get(token_of(record))
    with held_at(moment + DAY):
        assert invitation_get(token_of(record))


def test_it_opens_no_link_of_somebody_who_may_let_nobody_in(personas):
    leaver = personas.second
    record = invited(leaver, Role.AUDITOR)
    assert invitation_get(token_of(record))
    leaver.person.grants.update(valid_until=now())
    with pytest.raises(InvitationGone):
        invitation_get(token_of(record))
    purge()
    assert not Invitation.objects.exists()


def test_what_waits_ends_with_who_asked_for_it(personas):
    someone, leaver, moment = personas.with_roles(), personas.second, now()
    role_grant(by=leaver.actor, person=someone.person, role=Role.ANALYST)
    invited(leaver, Role.REVIEWER)
    role_revoke(by=personas.administrator.actor, person=leaver.person, role=Role.ADMINISTRATOR)
    assert not Confirmation.objects.exists()
    assert not Invitation.objects.exists()
    with held_at(moment + DAY):
        purge()
    assert not someone.actor.roles


def test_what_waits_ends_with_whom_it_is_for(personas):
    someone, boss, moment = personas.with_roles(), personas.administrator, now()
    role_grant(by=boss.actor, person=someone.person, role=Role.ANALYST)
    person_deactivate(by=boss.actor, person=someone.person)
    with held_at(moment + DAY):
        purge()
    assert not someone.person.grants.exists()


def test_it_takes_a_leap_of_the_clock_for_no_day(personas):
    someone, moment = personas.with_roles(), now()
    role_grant(by=personas.administrator.actor, person=someone.person, role=Role.ANALYST)
    record = invited(personas.administrator, Role.REVIEWER)
    with lived_until(moment), held_at(moment + timedelta(days=5)):
        purge()
        with pytest.raises(InvitationWaits):
            invitation_get(token_of(record))
    assert not someone.actor.roles


def test_the_first_one_gives_at_once_on_the_first_day(db):
    moment = now()
    first = invitation_accept(
        token=token_of_path(first_link()), password=PASSWORD, email="a@home.example", name="A"
    ).person
    facts = {"by": actor_for(first), "unlocked": None, "organisation": first.organisation}
    record = invitation_create(
        **facts, roles=[Role.ANALYST, Role.ADMINISTRATOR], email="b@home.example", name="B"
    )
    assert record.opens_at is None
    with held_at(moment + DAY):
        late = invitation_create(**facts, roles=[Role.REVIEWER], email="d@home.example", name="D")
        assert late.opens_at
    # From then on there are two, who can agree.
    invitation_accept(token=token_of(record), password=PASSWORD)
    soon = invitation_create(**facts, roles=[Role.REVIEWER], email="c@home.example", name="C")
    assert soon.opens_at


def token_of_path(path):
    return path.rstrip("/").rsplit("/", 1)[-1]


def test_the_operator_brings_the_only_administrator_back_at_once(personas):
    email = personas.administrator.person.email
    assert operator_link(email=email).opens_at is None
    assert operator_link(email=personas.analyst.person.email).opens_at
    assert operator_link().opens_at
