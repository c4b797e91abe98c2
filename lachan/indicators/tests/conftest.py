import itertools

import pytest

from lachan.indicators import weighing
from lachan.indicators.services import indicator_propose, indicator_review
from lachan.members.models import Organisation, Person, RoleGrant
from lachan.members.records import Role
from lachan.members.selectors import actor_for


@pytest.fixture(autouse=True)
def _calm():
    weighing.arrivals.forget()


_numbers = itertools.count(1)


def make_actor(organisation, *roles):
    """A signed-in person of `organisation` with these roles, as an actor."""
    number = next(_numbers)
    person = Person.objects.create(
        email=f"person{number}@ngo.example", name=f"Person {number}", organisation=organisation
    )
    for role in roles:
        RoleGrant.objects.create(person=person, role=role)
    return actor_for(person)


@pytest.fixture
def hotline():
    return Organisation.objects.create(name="Hotline", type="hotline", domains=["hotline.example"])


@pytest.fixture
def enterprise():
    return Organisation.objects.create(name="Enterprise", type="enterprise")


@pytest.fixture
def analyst(hotline):
    return make_actor(hotline, Role.ANALYST)


@pytest.fixture
def reviewer(hotline):
    return make_actor(hotline, Role.REVIEWER)


@pytest.fixture
def outsider(enterprise):
    """A reviewer of another organisation."""
    return make_actor(enterprise, Role.REVIEWER, Role.ANALYST)


@pytest.fixture
def publish(analyst, reviewer):
    """Propose as the analyst and approve as the reviewer."""

    def make(value="xau.example", **facts):
        facts.setdefault("category", "scam")
        override = facts.pop("override_reason", None)
        second = facts.pop("reviewer", reviewer)
        proposed = indicator_propose(by=facts.pop("by", analyst), value=value, **facts)
        return indicator_review(
            by=second,
            indicator=proposed.uid,
            decision="approve",
            override_reason=override,
        )

    return make
