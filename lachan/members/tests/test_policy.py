"""The policy by its answers: who, what, whose thing. A pair of cells for each way of saying yes or no."""

from types import SimpleNamespace

import pytest

from lachan.indicators.policy import Action as IndicatorAction
from lachan.members import policy
from lachan.members.policy import (
    PUBLIC_ACTIONS,
    NotAllowed,
    SignInNeeded,
    policy_allows,
    policy_check,
    requires,
)
from lachan.members.policy import Action as MemberAction
from lachan.members.records import PUBLIC, Actor, ActorKind, Role, system
from lachan.reports.policy import Action as ReportAction
from lachan.shield.policy import Action as ShieldAction
from lachan.sightings.policy import Action as MatchingAction

ACTIONS = [
    *MemberAction,
    *IndicatorAction,
    *MatchingAction,
    *ReportAction,
    *ShieldAction,
]
Action = SimpleNamespace(**{one.name: one for one in ACTIONS})
MINE, OTHER = 7, 8


def person(*roles, organisation=MINE):
    return Actor(
        kind=ActorKind.PERSON, person_id=1, organisation_id=organisation, roles=frozenset(roles)
    )


def key(*scopes):
    return Actor(kind=ActorKind.API_KEY, organisation_id=MINE, scopes=frozenset(scopes))


def allowed(by, action):
    """For a thing of nobody's, of one's own organisation, of another's."""
    return tuple(policy_allows(by, action, organisation_id=whose) for whose in (None, MINE, OTHER))


NEVER, OWN, ANY = (False, False, False), (True, True, False), (True, True, True)


@pytest.mark.parametrize(
    ("by", "action", "answers"),
    [
        (person(Role.ANALYST), Action.CASE_WORK, OWN),
        (person(Role.ANALYST), Action.INDICATOR_READ, ANY),
        (person(Role.ANALYST), Action.INDICATOR_REVIEW, NEVER),
        (person(Role.REVIEWER), Action.CASE_WORK, NEVER),
        (person(Role.REVIEWER), Action.INDICATOR_REVIEW, ANY),
        (person(Role.OFFICER), Action.INDICATOR_IMPORT, OWN),
        (person(Role.ADMINISTRATOR), Action.CASE_READ, NEVER),
        (person(Role.ADMINISTRATOR), Action.MEMBER_MANAGE, OWN),
        (person(Role.TECHNICAL), Action.API_KEY_MANAGE, OWN),
        (person(Role.AUDITOR), Action.AUDIT_READ, OWN),
        (person(Role.AUDITOR), Action.INDICATOR_PROPOSE, NEVER),
        (person(), Action.ACCOUNT_SELF, OWN),
        (person(), Action.INDICATOR_READ, NEVER),
        (key(Action.INDICATOR_READ), Action.INDICATOR_READ, ANY),
        (key(Action.INDICATOR_PROPOSE), Action.INDICATOR_PROPOSE, OWN),
        (key(Action.INDICATOR_PROPOSE), Action.INDICATOR_READ, NEVER),
        (key(), Action.INDICATOR_READ, NEVER),
        # No scope gives a program what programs are not given.
        (key(Action.CASE_READ, Action.INDICATOR_REVIEW), Action.CASE_READ, NEVER),
        (key(Action.CASE_READ, Action.INDICATOR_REVIEW), Action.INDICATOR_REVIEW, NEVER),
        (key(Action.ACCOUNT_SELF), Action.ACCOUNT_SELF, NEVER),
        (PUBLIC, Action.ACCOUNT_SELF, NEVER),
        (PUBLIC, Action.CHECK, ANY),
        (person(), Action.DISPUTE_OPEN, ANY),
        (key(), Action.LIST_READ, ANY),
        (system("test"), Action.CASE_WORK, ANY),
        (system("test"), Action.ACCOUNT_SELF, ANY),
    ],
)
def test_it_answers_by_who_asks_and_whose_thing_it_is(by, action, answers):
    assert allowed(by, action) == answers


@pytest.mark.parametrize("action", [one for one in ACTIONS if one not in PUBLIC_ACTIONS])
@pytest.mark.parametrize("role", Role)
def test_a_second_role_takes_nothing_and_adds_what_it_has(action, role):
    both = allowed(person(Role.ANALYST, role), action)
    assert both == max(allowed(person(Role.ANALYST), action), allowed(person(role), action))


@pytest.mark.parametrize("action", [one for one in ACTIONS if one not in PUBLIC_ACTIONS])
def test_whoever_acts_for_nobody_has_no_organisation_s_things(action):
    lost = person(*Role, organisation=None)
    assert policy_allows(lost, action, organisation_id=OTHER) is (
        allowed(person(*Role), action) == ANY
    )


def test_it_says_no_by_naming_the_action():
    assert policy_check(person(Role.ANALYST), Action.CASE_WORK, organisation_id=MINE) is None
    with pytest.raises(NotAllowed) as said:
        policy_check(person(Role.ANALYST), Action.CASE_WORK, organisation_id=OTHER)
    assert said.value.action is Action.CASE_WORK


def asked(action, by, monkeypatch):
    """What a view that needs `action` answers `by`, and the lines of the trail."""
    lines = []
    monkeypatch.setattr(policy, "audit_record", lambda **line: lines.append(line))

    @requires(action)
    def view(request, number):
        return number

    assert (view.policy_action, view.__name__) == (action, "view")
    try:
        return view(SimpleNamespace(actor=by), number=5), lines
    except (NotAllowed, SignInNeeded) as refused:
        return type(refused), lines


def test_a_view_lets_in_who_may_and_writes_down_who_may_not(monkeypatch):
    analyst, auditor = person(Role.ANALYST), person(Role.AUDITOR)
    assert asked(Action.CASE_READ, analyst, monkeypatch) == (5, [])
    refused, lines = asked(Action.CASE_READ, auditor, monkeypatch)
    assert refused is NotAllowed
    assert lines == [{"by": auditor, "action": "policy.refuse", "target": "case.read"}]


def test_a_view_sends_strangers_to_the_door_and_nobody_from_public_things(monkeypatch):
    assert asked(Action.CASE_READ, PUBLIC, monkeypatch) == (SignInNeeded, [])
    for by in (PUBLIC, person(), key()):
        assert asked(Action.CHECK, by, monkeypatch) == (5, [])
