"""A clock that ran a year ahead for a while and came back: nobody is locked out, and nothing stays open."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp

from lachan.kernel.clock import held_at, now
from lachan.members.entry import factors
from lachan.members.entry.invitations import invitation_get
from lachan.members.entry.sign_in_checks import FREE_TRIES, pauses_purge, try_count
from lachan.members.errors import InvitationGone, SignInPaused
from lachan.members.models import Invitation, SignInPause
from lachan.members.people import invitations_purge, role_revoke, wraps_purge
from lachan.members.records import Role
from lachan.members.selectors import actor_for
from lachan.members.services import first_link, operator_link
from tests.lived import lived_until

YEAR = timedelta(days=365)


@pytest.mark.parametrize("ahead", [timedelta(hours=1), YEAR, 10 * YEAR])
def test_nobody_waits_longer_than_the_longest_pause(db, ahead):
    key = bytes(32)
    with held_at(now() + ahead):
        for _ in range(FREE_TRIES + 9):
            try_count(key)
            SignInPause.objects.update(paused_until=None)
        try_count(key)
    with pytest.raises(SignInPaused) as told:
        try_count(key)
    assert told.value.seconds <= 15 * 60 + 1
    with held_at(now() + timedelta(minutes=16)):
        try_count(key)


def test_it_forgets_failures_of_a_year_to_come(db):
    with held_at(now() + YEAR):
        try_count(bytes(32))
    assert pauses_purge() == 1


def test_an_app_goes_on_after_a_code_from_a_year_to_come(personas, monkeypatch):
    person, secret = personas.analyst.person, totp.generate_totp_secret()
    totp.TOTP.activate(person, secret)

    def code(at):
        monkeypatch.setattr(totp.time, "time", at.timestamp)
        return totp.format_hotp_value(totp.hotp_value(secret, int(at.timestamp()) // 30))

    moment = now()
    factors.factor_check(person, code=code(moment + YEAR))
    factors.factor_check(person, code=(used := code(moment)))
    row = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP)
    assert not factors._totp_used(row, used)  # and each is good once, as ever


def test_it_lets_in_who_was_let_in_by_a_clock_that_ran_ahead(db):
    with held_at(now() + YEAR):
        first_link()
    assert first_link()


def test_a_role_given_ahead_holds_and_one_taken_ahead_is_gone(personas):
    by, person = personas.administrator.actor, personas.analyst.person
    with held_at(now() + YEAR):
        personas.given(person, Role.REVIEWER)
        role_revoke(by=by, person=person, role=Role.ANALYST)
    assert actor_for(person).roles == {Role.REVIEWER}


def test_a_session_begun_ahead_ends_in_its_time(personas):
    with held_at(now() + YEAR):
        client = personas.analyst.client()
        session = client.session
    session.set_expiry(now() + YEAR)
    session.save()
    assert client.get("/staff/").status_code == 302
    assert personas.analyst.client().get("/staff/").status_code == 200


def test_a_link_made_ahead_does_not_stay_open(personas):
    with held_at(now() + YEAR):
        path = operator_link().path
    with pytest.raises(InvitationGone):
        invitation_get(path.rstrip("/").rsplit("/", 1)[-1])


def test_it_forgets_no_link_and_no_copy_on_a_leap(personas):
    operator_link()
    grants = personas.analyst.person.grants
    grants.update(valid_until=now() + timedelta(days=30))
    with held_at(now() + YEAR):
        assert (invitations_purge(), wraps_purge()) == (0, 0)
    with lived_until(now() + YEAR):
        assert (invitations_purge(), wraps_purge()) == (1, 1)
    assert not Invitation.objects.exists()
