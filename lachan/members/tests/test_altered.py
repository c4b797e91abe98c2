"""What a hand at the database wrote, moved or took away gives nobody a power, a key or an account."""

from datetime import timedelta

import pytest
from django.db import connection

from lachan.kernel.clock import held_at, now
from lachan.kernel.sealing.locks import lock_with
from lachan.members.entry.invitations import invitation_get, token_bytes
from lachan.members.errors import InvitationGone
from lachan.members.models import DeskKey, DeskKeyWrap, Invitation, Session
from lachan.members.records import Role
from lachan.members.selectors import actor_for, api_key_usable_list
from lachan.members.services import (
    api_key_create,
    desk_key_rotate,
    first_link,
    invitation_accept,
    invitation_create,
    recovery_split,
    recovery_use,
    return_create,
)
from lachan.proofs.records import RowUnproved
from lachan.sightings.policy import Action

PASSWORD = "four-invented-words-here"


@pytest.fixture(autouse=True)
def _own_home(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path


def past(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def token_of(path):
    return path.rstrip("/").rsplit("/", 1)[-1]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE members_rolegrant SET role = 'analyst' WHERE person_id = %s",
        "UPDATE members_rolegrant SET valid_until = NULL WHERE person_id = %s",
    ],
)
def test_a_role_that_somebody_wrote_gets_no_copy_of_the_next_key(personas, sql):
    role = Role.TECHNICAL if "role =" in sql else Role.ANALYST
    someone = personas.with_roles(role)
    if "valid_until" in sql:
        someone.person.grants.update(valid_until=now() - timedelta(days=1))
    past(sql, someone.person.pk)
    fresh = desk_key_rotate(by=personas.administrator.actor, organisation=personas.organisation)
    holders = DeskKeyWrap.objects.filter(desk_key__uid=fresh.uid).values_list(
        "person_id", flat=True
    )
    assert someone.person.pk not in holders
    assert personas.analyst.person.pk in holders


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE members_apikey SET secret_hash = %s",
        "UPDATE members_apikey SET proof = NULL WHERE proof <> %s",
        "UPDATE members_organisation SET type = 'authority' WHERE proof <> %s",
    ],
)
def test_look_ups_are_told_of_no_key_that_somebody_wrote(personas, sql):
    api_key_create(
        by=personas.with_roles(Role.TECHNICAL).actor, organisation=personas.organisation,
        name="platform", scopes=[Action.MATCH_LOOKUP], life=timedelta(days=9),
    )  # fmt: skip
    assert api_key_usable_list(Action.MATCH_LOOKUP)
    past(sql, bytes(32))
    assert not api_key_usable_list(Action.MATCH_LOOKUP)


def test_a_link_of_two_opens_for_nobody_whose_confirmation_was_taken_away(personas):
    boss = personas.administrator
    back = return_create(by=boss.actor, unlocked=None, person=personas.reviewer.person)
    fresh = invitation_create(
        by=boss.actor, unlocked=None, organisation=personas.organisation,
        roles=[Role.ADMINISTRATOR], email="new@home.example", name="New",
    )  # fmt: skip
    past("DELETE FROM members_confirmation")
    for record in (back, fresh):
        for moment in (now(), record.opens_at + timedelta(minutes=1)):
            with held_at(moment), pytest.raises(InvitationGone):
                invitation_get(token_of(record.path))


def test_a_link_made_before_links_told_of_two_still_opens(personas):
    record = invitation_create(
        by=personas.administrator.actor, unlocked=None, organisation=personas.organisation,
        roles=[Role.AUDITOR], email="new@home.example", name="New",
    )  # fmt: skip
    assert invitation_get(token_of(record.path))


def test_nobody_moves_the_first_day_to_be_alone_again(db):
    first = invitation_accept(
        token=token_of(first_link()), password=PASSWORD, email="a@home.example", name="A"
    ).person
    later = now() + timedelta(days=30)
    past("UPDATE members_invitation SET used_at = %s", later - timedelta(hours=1))
    with held_at(later):
        made = invitation_create(
            by=actor_for(first), unlocked=None, organisation=first.organisation,
            roles=[Role.ADMINISTRATOR], email="b@home.example", name="B",
        )  # fmt: skip
    assert made.opens_at


def test_a_copy_that_somebody_put_into_a_link_is_handed_to_nobody(personas):
    boss = personas.administrator
    record = invitation_create(
        by=boss.actor, unlocked=boss.unlocked, organisation=personas.organisation,
        roles=[Role.ANALYST], email="new@home.example", name="New",
    )  # fmt: skip
    token = token_of(record.path)
    forged = lock_with("AGE-SECRET-KEY-OF-A-THIEF", secret=token_bytes(token))
    link = Invitation.objects.get(uid=record.uid)
    past("UPDATE members_deskkeywrap SET sealed = %s WHERE invitation_id = %s", forged, link.pk)
    with held_at(record.opens_at + timedelta(minutes=1)), pytest.raises(RowUnproved):
        invitation_accept(token=token, password=PASSWORD)


def test_shares_bring_back_no_copy_that_somebody_exchanged(personas):
    boss = personas.administrator
    shares = recovery_split(
        by=boss.actor, unlocked=boss.unlocked, organisation=personas.organisation,
        needed=2, total=3,
    )  # fmt: skip
    desk_key_rotate(by=boss.actor, organisation=personas.organisation)
    one, two = DeskKey.objects.filter(organisation=personas.organisation).order_by("-pk")[:2]
    past(
        "UPDATE members_deskkeywrap SET sealed = (SELECT sealed FROM members_deskkeywrap"
        " WHERE desk_key_id = %s AND recovery_id IS NOT NULL)"
        " WHERE desk_key_id = %s AND recovery_id IS NOT NULL",
        two.pk,
        one.pk,
    )
    with pytest.raises(RowUnproved):
        recovery_use(shares=shares[:2], email=personas.analyst.person.email)


def test_what_one_session_holds_signs_nobody_in_by_another(client, personas):
    client.force_login(personas.administrator.person)
    theirs = client.session.session_key
    client.cookies.clear()
    client.force_login(personas.reviewer.person)
    mine = client.session.session_key
    assert client.get("/staff/account/").status_code == 200
    assert Session.objects.get(pk=mine).get_decoded()
    past(
        "UPDATE members_session SET session_data = (SELECT session_data FROM members_session"
        " WHERE session_key = %s), person_id = %s WHERE session_key = %s",
        theirs,
        personas.administrator.person.pk,
        mine,
    )
    assert client.get("/staff/account/").status_code == 302
