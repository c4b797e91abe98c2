"""Rights are looked at when they are used: what somebody made does not outlive his right to make it."""

from datetime import timedelta

import pytest

from lachan.indicators.policy import Action
from lachan.kernel.clock import held_at, now
from lachan.members.api_keys import api_key_actor
from lachan.members.errors import ApiKeyRefused
from lachan.members.models import Organisation
from lachan.members.people import person_deactivate, role_revoke
from lachan.members.policy import policy_allows
from lachan.members.records import Role
from lachan.members.selectors import api_key_usable_list
from lachan.members.services import api_key_create
from lachan.shield.policy import Action as CheckAction
from lachan.sightings.policy import Action as MatchAction

YEAR = timedelta(days=365)


def key_of(maker, organisation, *scopes):
    return api_key_create(
        by=maker.actor, organisation=organisation, name="resolver", scopes=scopes, life=YEAR
    )[1]


def _leaves(personas, maker):
    person_deactivate(by=personas.administrator.actor, person=maker.person)


def _loses_the_role(personas, maker):
    role_revoke(by=personas.administrator.actor, person=maker.person, role=Role.TECHNICAL)


def _runs_out(personas, maker):
    maker.person.grants.update(valid_until=now() - timedelta(seconds=1))


def _is_suspended(personas, maker):
    Organisation.objects.update(status=Organisation.Status.SUSPENDED)


@pytest.mark.parametrize("end", [_leaves, _loses_the_role, _runs_out, _is_suspended])
def test_it_opens_nothing_by_a_key_whose_maker_may_make_none(personas, end):
    maker = personas.with_roles(Role.TECHNICAL)
    text = key_of(maker, personas.organisation, Action.LIST_READ, MatchAction.MATCH_LOOKUP)
    assert api_key_actor(text)
    assert api_key_usable_list(MatchAction.MATCH_LOOKUP)
    end(personas, maker)
    with pytest.raises(ApiKeyRefused):
        api_key_actor(text)
    assert not api_key_usable_list(MatchAction.MATCH_LOOKUP)


def test_it_takes_from_a_key_what_its_maker_lost(personas):
    maker = personas.with_roles(Role.TECHNICAL, Role.ANALYST)
    scopes = (Action.LIST_READ, Action.INDICATOR_PROPOSE, Action.INDICATOR_WITHDRAW)
    text = key_of(maker, personas.organisation, *scopes)
    own = personas.organisation.pk
    assert policy_allows(api_key_actor(text), Action.INDICATOR_WITHDRAW, organisation_id=own)
    role_revoke(by=personas.administrator.actor, person=maker.person, role=Role.ANALYST)
    actor = api_key_actor(text)
    assert not policy_allows(actor, Action.INDICATOR_WITHDRAW, organisation_id=own)
    assert policy_allows(actor, Action.INDICATOR_PROPOSE, organisation_id=own)


def test_it_tells_look_ups_when_the_makers_right_ends(personas):
    maker, day = personas.with_roles(Role.TECHNICAL), now() + timedelta(days=3)
    key_of(maker, personas.organisation, MatchAction.MATCH_LOOKUP)
    maker.person.grants.update(valid_until=day)
    assert [key.expires_at for key in api_key_usable_list(MatchAction.MATCH_LOOKUP)] == [day]
    with held_at(day):
        assert not api_key_usable_list(MatchAction.MATCH_LOOKUP)


def test_it_shows_who_made_a_key_and_why_it_sleeps(personas):
    maker = personas.with_roles(Role.TECHNICAL, name="Thanh")
    key_of(maker, personas.organisation, CheckAction.CHECK)
    client = personas.administrator.client()
    page = client.get("/staff/api-keys/").content.decode()
    assert "Thanh" in page
    assert "đang ngủ" not in page
    _leaves(personas, maker)
    page = client.get("/staff/api-keys/").content.decode()
    assert "đang ngủ" in page
    assert "Thanh" in page
