"""People for the tests: a home organisation with every role, another one, and a way to sign them in.

    def test_it_shows_the_queue(personas):
        page = personas.analyst.client().get("/staff/cases/")

The home organisation has a desk key, of which analyst, reviewer, officer and administrator hold copies, and
their clients' sessions hold their unlocked private keys. `personas.other` has the same roles elsewhere.
"""

import base64
import dataclasses
from functools import cached_property
from typing import Any

import pytest
from django.test import Client

from lachan.family.tests.families import Family
from lachan.indicators.records import Status
from lachan.indicators.services import indicator_propose, indicator_review
from lachan.kernel.sealing.envelope import KeyPair, keypair_new
from lachan.kernel.sealing.locks import lock_with
from lachan.members.keys.desk_keys import desk_key_make
from lachan.members.models import Confirmation, Organisation, Person, RoleGrant
from lachan.members.records import Actor, Role
from lachan.members.selectors import actor_for
from lachan.members.services import confirmation_give, role_grant

_SECRET = bytes(range(32))


@dataclasses.dataclass(frozen=True)
class Persona:
    """Somebody who can act.

    Attributes:
        person: the row; it has no password, so that making it costs nothing.
        keys: the own key pair, which `unlocked` arguments want the private half of.
    """

    person: Person
    keys: KeyPair

    @property
    def actor(self) -> Actor:
        return actor_for(self.person)

    @property
    def unlocked(self) -> str:
        return self.keys.private

    def client(self, *, unlocked: bool = True) -> Client:
        """A browser that has signed in with both factors; its key is unlocked unless told otherwise."""
        client = Client()
        client.force_login(self.person)
        if unlocked:
            session = client.session
            locked = lock_with(self.keys.private, secret=_SECRET)
            session["key"] = base64.b64encode(locked).decode()
            session.save()
            client.cookies["lachan_key"] = base64.urlsafe_b64encode(_SECRET).decode()
        return client


class Staff:
    """One organisation and a persona for each role, made when first asked for."""

    def __init__(self, organisation: Organisation) -> None:
        self.organisation = organisation

    def with_roles(self, *roles: Role, name: str = "") -> Persona:
        """A further person of this organisation with these roles."""
        name = name or "-".join(roles) or "nobody"
        made = self._newcomer(name, self.organisation.people.count())
        made.person.save()
        RoleGrant.objects.bulk_create(RoleGrant(person=made.person, role=role) for role in roles)
        return made

    def _newcomer(self, name: str, number: int) -> Persona:
        """Somebody whose row is not saved yet."""
        keys = keypair_new()
        person = Person(
            organisation=self.organisation,
            email=f"{name}.{number}@{self.organisation.pk}.example",
            name=name.title(),
            public_key=keys.public,
        )
        return Persona(person, keys)

    def of(self, role: Role) -> Persona:
        return getattr(self, role.value)

    def given(self, person: Person, role: Role, **more: object) -> None:
        """A role as two administrators of this organisation give it."""
        role_grant(by=self.administrator.actor, person=person, role=role, **more)
        for row in Confirmation.objects.filter(person=person, role=role):
            confirmation_give(by=self.second.actor, confirmation=row)

    second = cached_property(lambda self: self.with_roles(Role.ADMINISTRATOR, name="second"))
    analyst = cached_property(lambda self: self.with_roles(Role.ANALYST))
    reviewer = cached_property(lambda self: self.with_roles(Role.REVIEWER))
    officer = cached_property(lambda self: self.with_roles(Role.OFFICER))
    administrator = cached_property(lambda self: self.with_roles(Role.ADMINISTRATOR))
    technical = cached_property(lambda self: self.with_roles(Role.TECHNICAL))
    auditor = cached_property(lambda self: self.with_roles(Role.AUDITOR))


def _everybody(*staffs: Staff) -> None:
    """Make each one's persona for every role, all at once: a fixture of most tests asks the database little."""
    made = [
        (staff, role, staff._newcomer(role.value, number))
        for number, role in enumerate(Role)
        for staff in staffs
    ]
    Person.objects.bulk_create(persona.person for _, _, persona in made)
    RoleGrant.objects.bulk_create(RoleGrant(person=one.person, role=role) for _, role, one in made)
    for staff, role, persona in made:
        setattr(staff, role.value, persona)


class Personas(Staff):
    """The home organisation's people; `other` is another organisation's."""

    def __init__(self) -> None:
        super().__init__(
            Organisation.objects.create(name="Home", type=Organisation.Type.HOTLINE, is_home=True)
        )
        self.other = Staff(
            Organisation.objects.create(name="Other", type=Organisation.Type.ENTERPRISE)
        )
        _everybody(self, self.other)
        self.desk_key, self.desk_private = desk_key_make(self.organisation)

    @cached_property
    def family(self) -> Family:
        """A household with a child and its device, beside the organisations."""
        return Family()

    def publish(self, value: str, **facts: Any) -> Any:
        """Propose as the analyst and approve as the reviewer; the indicator."""
        proposed = indicator_propose(
            by=self.analyst.actor, value=value, **{"category": "scam"} | facts
        )
        # Documentation addresses are guarded, which takes reviewers of two organisations.
        for reviewer in (self.reviewer, self.other.reviewer):
            done = indicator_review(
                by=reviewer.actor,
                indicator=proposed.uid,
                decision="approve",
                override_reason="documentation addresses stand for real ones here",
            )
            if done.status == Status.PUBLISHED:
                break
        return done


@pytest.fixture
def personas(db: None) -> Personas:
    """Both organisations, in this test's database."""
    return Personas()
