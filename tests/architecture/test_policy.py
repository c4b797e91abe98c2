"""No address without an answer: every URL and API operation names its action, every role has a cell."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from lachan.config.api import api
from lachan.members.policy import PUBLIC_ACTIONS, TABLE, Action, policy_allows
from lachan.members.records import PUBLIC, Actor, ActorKind, Role


def _views(patterns, prefix=""):
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            if where == "v1/":
                continue  # the API's operations are walked below
            yield from _views(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern):
            yield where, pattern.callback


def _operations():
    for _prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield f"{operation.methods} {path}", operation.view_func


EVERYTHING = [*_views(get_resolver().url_patterns), *_operations()]


@pytest.mark.parametrize(("where", "view"), EVERYTHING, ids=[w for w, _ in EVERYTHING])
def test_it_names_an_action(where, view):
    action = getattr(view, "policy_action", None)
    assert action == "public" or isinstance(action, Action), f"{where} names no action"


def test_it_has_a_row_for_every_action():
    assert set(TABLE) == set(Action)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("role", list(Role))
def test_it_never_reaches_further_for_another_organisation(action, role):
    actor = Actor(kind=ActorKind.PERSON, person_id=1, organisation_id=1, roles=frozenset({role}))
    own = policy_allows(actor, action, organisation_id=1)
    other = policy_allows(actor, action, organisation_id=2)
    assert own or not other


@pytest.mark.parametrize("action", list(Action))
def test_it_lets_the_public_do_only_public_things(action):
    assert policy_allows(PUBLIC, action) is (action in PUBLIC_ACTIONS)
