from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lachan.indicators.policy import Action
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput, Refused
from lachan.members.api_keys import api_key_actor, scope_list
from lachan.members.errors import ApiKeyRefused
from lachan.members.models import ApiKey
from lachan.members.policy import PUBLIC_ACTIONS, NotAllowed, action_list, policy_allows
from lachan.members.records import Role
from lachan.members.services import api_key_create, api_key_revoke
from lachan.shield.policy import Action as CheckAction

YEAR = timedelta(days=365)


def make(personas, *scopes, life=YEAR, by="technical"):
    return api_key_create(
        by=getattr(personas, by).actor, organisation=personas.organisation,
        name="resolver", scopes=scopes or [Action.INDICATOR_READ], life=life,
    )  # fmt: skip


def test_it_acts_within_its_scopes(personas):
    row, text = make(personas, Action.INDICATOR_READ, Action.INDICATOR_PROPOSE)
    actor = api_key_actor(text)
    here, there = personas.organisation.pk, personas.other.organisation.pk
    assert actor.label == f"key:{row.prefix}"
    assert policy_allows(actor, Action.INDICATOR_READ, organisation_id=there)
    assert policy_allows(actor, Action.INDICATOR_PROPOSE, organisation_id=here)
    assert not policy_allows(actor, Action.INDICATOR_PROPOSE, organisation_id=there)
    assert not policy_allows(actor, Action.INDICATOR_WITHDRAW, organisation_id=here)


def test_it_keeps_no_secret(personas):
    row, text = make(personas)
    assert text.rsplit("_", 1)[1].encode() not in bytes(row.secret_hash)
    assert len(bytes(row.secret_hash)) == 32


def test_it_reads_no_case_whatever_its_scopes_say(personas):
    row, text = make(personas)
    ApiKey.objects.filter(pk=row.pk).update(scopes=[a.value for a in action_list()])
    actor = api_key_actor(text)
    for action in set(action_list()) - set(scope_list()):
        assert not policy_allows(actor, action)


@pytest.mark.parametrize("scope", sorted(set(action_list()) - set(scope_list())))
def test_it_is_never_given_what_only_people_do(personas, scope):
    with pytest.raises(InvalidInput):
        make(personas, scope)


@pytest.mark.parametrize("role", ["analyst", "reviewer", "officer", "auditor"])
def test_it_is_made_by_those_who_may(personas, role):
    with pytest.raises(Refused):
        make(personas, by=role)
    with pytest.raises(Refused):
        api_key_create(
            by=personas.other.technical.actor, organisation=personas.organisation,
            name="x", scopes=[CheckAction.CHECK], life=YEAR,
        )  # fmt: skip


def test_it_may_do_no_more_than_its_maker(personas):
    for by in ("administrator", "technical"):
        maker = getattr(personas, by).actor
        for scope in scope_list():
            if policy_allows(maker, scope, organisation_id=personas.organisation.pk):
                assert make(personas, scope, by=by)
            else:
                with pytest.raises(NotAllowed):
                    make(personas, CheckAction.CHECK, scope, by=by)
    with pytest.raises(NotAllowed):
        make(personas, Action.INDICATOR_READ, by="administrator")
    both = personas.with_roles(Role.TECHNICAL, Role.ANALYST).actor
    api_key_create(
        by=both, organisation=personas.organisation, name="x", scopes=scope_list(), life=YEAR
    )


def test_it_is_offered_no_more_than_its_maker_may(personas):
    for by in ("administrator", "technical"):
        client, maker = getattr(personas, by).client(), getattr(personas, by).actor
        page = client.get("/staff/api-keys/").content.decode()
        for scope in scope_list():
            form = {"name": "x", "scopes": [scope.value], "days": "90"}
            mine = scope in PUBLIC_ACTIONS or policy_allows(maker, scope)
            assert (f'value="{scope}"' in page) is mine
            assert client.post("/staff/api-keys/", form).status_code == (200 if mine else 422)


def test_it_ends_by_time_by_revocation_and_with_the_organisation(personas):
    row, text = make(personas)
    with held_at(now() + YEAR + timedelta(seconds=1)), pytest.raises(ApiKeyRefused):
        api_key_actor(text)
    with pytest.raises(Refused):
        api_key_revoke(by=personas.other.administrator.actor, key=row)
    personas.organisation.status = "suspended"
    personas.organisation.save()
    with pytest.raises(ApiKeyRefused):
        api_key_actor(text)
    personas.organisation.status = "active"
    personas.organisation.valid_until = now()
    personas.organisation.save()
    with pytest.raises(ApiKeyRefused):
        api_key_actor(text)
    personas.organisation.valid_until = None
    personas.organisation.save()
    api_key_revoke(by=personas.administrator.actor, key=row)
    with pytest.raises(ApiKeyRefused):
        api_key_actor(text)


def test_it_lives_two_years_at_most(personas):
    for life in (timedelta(days=800), timedelta(0)):
        with pytest.raises(InvalidInput):
            make(personas, life=life)


def test_it_remembers_the_day_alone(personas, django_assert_num_queries):
    row, text = make(personas)
    api_key_actor(text)
    row.refresh_from_db()
    assert row.last_used_on == now().date()
    # The key, its maker, and the roles of now: rights are looked at each time, and nothing is written.
    with django_assert_num_queries(3):
        api_key_actor(text)


def test_it_answers_a_wrong_key_with_401(personas, client):
    _, text = make(personas)
    for wrong in (text[:-1] + "#", "lachan_x_y", "nonsense", ""):
        headers = {"Authorization": f"Bearer {wrong}"}
        page = client.get("/v1/places/provinces", headers=headers)
        assert page.status_code == 401
        assert page.json()["code"] == "api-key-refused"
        assert "invalid_token" in page["WWW-Authenticate"]
    headers = {"Authorization": f"Bearer {text}"}
    assert client.get("/v1/places/provinces", headers=headers).status_code == 200


@pytest.mark.django_db
@given(st.text(max_size=60))
def test_it_bears_any_key(text):
    with pytest.raises(ApiKeyRefused):
        api_key_actor(text)
