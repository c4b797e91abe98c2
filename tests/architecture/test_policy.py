"""No address without an answer: every URL and API operation names its action, every role has a cell."""

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from lachan.config.api import api
from lachan.members.policy import (
    PUBLIC_ACTIONS,
    PolicyAction,
    action_list,
    policy_allows,
    policy_rows,
)
from lachan.members.records import PUBLIC, Actor, ActorKind, Role
from tools.policy_page import PAGE, page


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
    assert action == "public" or isinstance(action, PolicyAction), f"{where} names no action"


def test_it_has_a_row_for_every_action():
    declared = [
        action for room in PolicyAction.__subclasses__() if room is not Invented for action in room
    ]
    assert sorted(action_list()) == sorted(declared)
    assert len(declared) > 20


def test_it_is_printed_whole():
    assert PAGE.read_text(encoding="utf-8") == page(), "make it anew: tools/policy_page.py"


class Invented(PolicyAction):
    """Taken back below: what is declared here is no room's."""

    DO = "invented.do"


HEAD = "analyst reviewer officer administrator technical auditor none key public"


@pytest.mark.parametrize(
    ("rows", "keys"),
    [
        ("invented.do own own own own own own own -", {}),
        ("invented.do own own own own own own own - - -", {}),
        ("invented.other own own own own own own own - -", {}),
        (
            "invented.do own own own own own own own - -\ncase.read own own own own own own own - -",
            {},
        ),
        ("", {}),
        ("invented.do own own own own own own own - own", {}),
        ("invented.do own own own own own own own own -", {}),
        ("invented.do own own own own own own own - -", {Invented.DO: "do"}),
        ("invented.do own own own own own own own - - own own", {}),
    ],
)
def test_it_takes_no_table_with_a_hole(rows, keys):
    with pytest.raises(ValueError, match=r"row|zip|stands|public"):
        policy_rows(Invented, f"{HEAD}\n{rows}", keys=keys)
    with pytest.raises(ValueError, match="row"):
        policy_rows(Invented, f"{HEAD} more\n{rows}", keys=keys)
    assert Invented.DO not in action_list()


@pytest.mark.parametrize("row", ["own", "own - - -", "any - -", "- - any"])
def test_it_takes_no_table_of_households_with_a_hole_or_beyond_their_own(row):
    with pytest.raises(ValueError, match=r"zip|household"):
        policy_rows(Invented, f"adult teacher child\ninvented.do {row}")
    assert Invented.DO not in action_list()


def test_a_household_reaches_its_own_things_alone():
    for kind in (ActorKind.ADULT, ActorKind.TEACHER, ActorKind.CHILD):
        actor = Actor(kind=kind, household_id=1, member_id=1)
        theirs = [a for a in action_list() if policy_allows(actor, a, household_id=2)]
        assert [a for a in theirs if a not in PUBLIC_ACTIONS] == []
        assert [a for a in action_list() if policy_allows(actor, a, household_id=1)] != theirs


# What organisations have in common: lists and what is said against them, look-ups, and who takes part. All else,
# reports and cases above all, is for the organisation alone that holds it, whatever somebody writes in a row.
COMMON = {
    "check.ask", "dispute.answer", "dispute.open", "indicator.read", "indicator.review", "indicator.withdraw",
    "list.read", "match.health", "match.lookup", "member.read",
}  # fmt: skip
ASKERS = [
    Actor(kind=ActorKind.PERSON, person_id=1, organisation_id=1, roles=frozenset(Role)),
    Actor(kind=ActorKind.API_KEY, organisation_id=1, scopes=frozenset(action_list())),
]


def test_nobody_reaches_what_another_organisation_holds_alone():
    reached = {
        str(action)
        for actor in ASKERS
        for action in action_list()
        if policy_allows(actor, action, organisation_id=2)
    }
    assert reached == COMMON


@pytest.mark.parametrize("action", action_list())
def test_it_lets_the_public_do_only_public_things(action):
    assert policy_allows(PUBLIC, action) is (action in PUBLIC_ACTIONS)
