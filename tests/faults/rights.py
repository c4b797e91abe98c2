"""Random walks over people, roles, keys, links, what waits, leaving and time: does any right outlive its end,
and does anybody alone come by a power that takes two?

    python tests/faults/rights.py --walks 100000 --seed 7

Each walk begins with the same few people of two organisations, all of whom try what they can: also what they may not.
What stands is held to a second account of the rights, kept from the grants alone. Prints one JSON object.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
_STEPS = 16
_POWERS = ("analyst", "reviewer", "officer", "administrator")
_PROPOSE = ("analyst", "reviewer", "officer", "technical")
_ROLES = (*_POWERS, "technical", "auditor")


class Broken(AssertionError):
    """A right was used that had ended, or one came by a power alone."""


class Walk:
    """One walk: acts at random, each with its check."""

    def __init__(self, seed: int, moment: datetime, done: Counter[str]) -> None:
        self.random, self.now, self.done = random.Random(seed), moment, done
        self.asked: list[dict[str, Any]] = []
        self.tokens: list[tuple[str, dict[str, Any] | None]] = []
        self.keys: list[tuple[str, Any, tuple[str, ...]]] = []
        self.said: list[str] = []
        self._note()

    def go(self) -> None:
        for _ in range(_STEPS):
            act = self.random.choice(_ACTS)
            self.said.append(act.__name__)
            if self._tried(act):
                self.done[act.__name__] += 1
            self._powers_check()

    def _tried(self, act: Callable[["Walk"], None]) -> bool:
        from django.db import transaction

        from lachan.kernel.clock import held_at
        from lachan.kernel.errors import LachanError

        try:
            with held_at(self.now), transaction.atomic():
                act(self)
        except LachanError:
            return False
        return True

    # who, and what they hold by their grants alone

    def somebody(self) -> Any:
        from lachan.members.models import Person

        return self.random.choice(
            list(Person.objects.select_related("organisation").order_by("pk"))
        )

    def boss(self) -> Any:
        """Somebody who was an administrator at some time, mostly."""
        from lachan.members.models import Person

        bosses = list(Person.objects.filter(grants__role="administrator").order_by("pk").distinct())
        return self.random.choice(bosses) if self.random.random() < 0.8 else self.somebody()

    def maker(self) -> Any:
        """Somebody who has made a key or a link, mostly: whose rights matter when they end."""
        from lachan.members.models import Person

        made = [asked["by"] for asked in self.asked] + [by.pk for _, by, _ in self.keys]
        if not made or self.random.random() < 0.3:
            return self.somebody()
        return Person.objects.select_related("organisation").get(pk=self.random.choice(made))

    def actor(self, person: Any) -> Any:
        from lachan.members.records import PUBLIC
        from lachan.members.selectors import actor_for

        return actor_for(person) if person.is_active else PUBLIC

    def holds(self, person_id: int, *roles: str) -> bool:
        from lachan.members.models import Person

        person = Person.objects.select_related("organisation").get(pk=person_id)
        organisation = person.organisation
        if not person.is_active or organisation.status != "active":
            return False
        ends = person.grants.filter(role__in=roles).values_list("valid_until", flat=True)
        return any(end is None or end > self.now for end in ends)

    def manages(self, person_id: int, organisation: Any) -> bool:
        from lachan.members.models import Person

        person = Person.objects.select_related("organisation").get(pk=person_id)
        there = person.organisation_id == organisation.pk or person.organisation.is_home
        return there and self.holds(person_id, "administrator")

    def expect(self, what: str, *, so: bool) -> None:
        if not so:
            raise Broken(f"{what} after {self.said}")

    def ask(self, by: Any, **facts: Any) -> dict[str, Any]:
        asked = {"by": by.pk, "at": self.now, "yes": [], **facts}
        self.asked.append(asked)
        return asked

    def agreed(self, asked: dict[str, Any]) -> bool:
        """Whether two agreed, or a day went by."""
        return bool(asked["yes"]) or self.now - asked["at"] >= DAY

    def _powers_check(self) -> None:
        """Whoever came by a power: by two, or after a day."""
        from lachan.members.models import RoleGrant

        fresh = RoleGrant.objects.exclude(pk__in=self.known).filter(role__in=_POWERS)
        for grant in fresh.select_related("person"):
            by = [
                asked
                for asked in self.asked
                if grant.role in asked["roles"]
                and (asked["person"] == grant.person_id or asked["email"] == grant.person.email)
            ]
            longer = self._stood_longer(grant)
            self.expect(f"{grant.role} by one", so=longer or any(map(self.agreed, by)))
        self._note()

    def _note(self) -> None:
        """Which roles stand, and until when."""
        from lachan.members.models import RoleGrant

        rows = list(RoleGrant.objects.values_list("pk", "person_id", "role", "valid_until"))
        self.known = {pk for pk, *_ in rows}
        self.stood = {(person, role): end for _, person, role, end in rows if self._later(end)}

    def _later(self, end: datetime | None) -> bool:
        return end is None or end > self.now

    def _stood_longer(self, grant: Any) -> bool:
        """Whether it stood before, as long at least: to shorten it takes one."""
        missing = datetime.min.replace(tzinfo=self.now.tzinfo)
        end = self.stood.get((grant.person_id, grant.role), missing)
        ends_later = end is None or (grant.valid_until is not None and end >= grant.valid_until)
        return self._later(end) and ends_later


def time_goes_by(walk: Walk) -> None:
    walk.now += walk.random.choice(
        [timedelta(minutes=1), timedelta(hours=5), DAY / 2, DAY, timedelta(hours=40)]
    )
    from lachan.kernel.clock import held_at
    from lachan.members.confirmations import confirmations_settle, links_settle
    from lachan.outbox.services import clock_is_believed

    with held_at(walk.now):
        if clock_is_believed():
            confirmations_settle()
            links_settle()


def role_is_asked(walk: Walk) -> None:
    from lachan.members.records import Role
    from lachan.members.services import role_grant

    by, person, role = walk.boss(), walk.somebody(), walk.random.choice(_ROLES)
    until = (
        walk.now + walk.random.choice([DAY / 4, 3 * DAY]) if walk.random.random() < 0.5 else None
    )
    role_grant(by=walk.actor(by), person=person, role=Role(role), until=until)
    walk.expect("a grant", so=walk.manages(by.pk, person.organisation) and by != person)
    walk.ask(by, person=person.pk, email="", roles=[role])


def role_is_taken(walk: Walk) -> None:
    from lachan.members.records import Role
    from lachan.members.services import role_revoke

    by, person = walk.boss(), walk.maker()
    held = list(person.grants.order_by("pk").values_list("role", flat=True))
    role = Role(walk.random.choice(held or _ROLES))
    entitled = walk.manages(by.pk, person.organisation)
    role_revoke(by=walk.actor(by), person=person, role=role)
    walk.expect("a revocation", so=entitled)


def somebody_leaves(walk: Walk) -> None:
    from lachan.members.services import person_deactivate

    by, person = walk.boss(), walk.maker()
    entitled = walk.manages(by.pk, person.organisation)
    person_deactivate(by=walk.actor(by), person=person)
    walk.expect("an end", so=entitled)


def link_is_made(walk: Walk) -> None:
    from lachan.members.records import Role
    from lachan.members.services import invitation_create

    by, organisation = walk.boss(), walk.somebody().organisation
    roles = walk.random.sample(_ROLES, walk.random.randint(1, 2))
    email = f"new{len(walk.tokens)}@walk.example"
    record = invitation_create(
        by=walk.actor(by), unlocked=None, organisation=organisation,
        roles=[Role(role) for role in roles], email=email, name="New",
    )  # fmt: skip
    walk.expect("a link", so=walk.manages(by.pk, organisation))
    asked = walk.ask(by, person=0, email=email, roles=roles, uid=record.uid)
    walk.tokens.append((record.path.split("/")[-2], asked))


def way_back_is_made(walk: Walk) -> None:
    from lachan.members.services import return_create

    by, person = walk.boss(), walk.somebody()
    record = return_create(by=walk.actor(by), unlocked=None, person=person)
    walk.expect("a way back", so=walk.manages(by.pk, person.organisation))
    asked = walk.ask(by, person=person.pk, email="", roles=[], uid=record.uid, back=True)
    walk.tokens.append((record.path.split("/")[-2], asked))


def link_is_used(walk: Walk) -> None:
    from lachan.members.models import Person
    from lachan.members.services import invitation_accept

    if not walk.tokens:
        return
    token, asked = walk.random.choice(walk.tokens)
    joined = invitation_accept(token=token, password="four-invented-words-here")
    person = Person.objects.select_related("organisation").get(pk=joined.person.pk)
    walk.expect("a link of somebody who may not", so=walk.manages(asked["by"], person.organisation))
    if asked.get("back") or set(asked["roles"]) & set(_POWERS):
        walk.expect("a link by one", so=walk.agreed(asked))


def second_agrees(walk: Walk) -> None:
    from lachan.members.models import Confirmation
    from lachan.members.services import confirmation_give

    rows = list(Confirmation.objects.select_related("organisation").order_by("pk"))
    if not rows:
        return
    row, by = walk.random.choice(rows), walk.boss()
    label, entitled = str(by.uid), walk.manages(by.pk, row.organisation)
    facts = (row.person_id, row.role, row.invitation.uid if row.invitation else None)
    confirmation_give(by=walk.actor(by), confirmation=row)
    walk.expect("a yes", so=entitled and label != row.asked_by and by.pk != row.person_id)
    for asked in walk.asked:
        same = asked.get("uid") == facts[2] if facts[2] else "uid" not in asked
        if same and (facts[2] or (asked["person"] == facts[0] and facts[1] in asked["roles"])):
            asked["yes"].append(by.pk)


def somebody_stops_it(walk: Walk) -> None:
    from lachan.members.models import Confirmation
    from lachan.members.services import confirmation_stop

    rows = list(Confirmation.objects.select_related("organisation").order_by("pk"))
    if rows:
        row, by = walk.random.choice(rows), walk.boss()
        person_id, organisation = row.person_id, row.organisation
        confirmation_stop(by=walk.actor(by), confirmation=row)
        walk.expect("a stop", so=walk.manages(by.pk, organisation) or by.pk == person_id)


def key_is_made(walk: Walk) -> None:
    from lachan.members.models import Person
    from lachan.members.policy import Action
    from lachan.members.services import api_key_create

    by = walk.random.choice(list(Person.objects.filter(grants__role="technical").order_by("pk")))
    scopes = walk.random.sample(["list.read", "indicator.propose", "match.lookup"], 2)
    _row, text = api_key_create(
        by=walk.actor(by), organisation=by.organisation, name="key",
        scopes=[Action(scope) for scope in scopes], life=30 * DAY,
    )  # fmt: skip
    walk.expect("a key", so=walk.holds(by.pk, "technical", "administrator"))
    walk.keys.append((text, by, tuple(scopes)))


def key_is_used(walk: Walk) -> None:
    from lachan.members.api_keys import api_key_actor
    from lachan.members.policy import Action, policy_allows

    if not walk.keys:
        return
    text, by, _scopes = walk.random.choice(walk.keys)
    actor = api_key_actor(text)
    walk.expect("a key at all", so=walk.holds(by.pk, "technical", "administrator"))
    for action in (Action.INDICATOR_PROPOSE, Action.MATCH_LOOKUP):
        if policy_allows(actor, action, organisation_id=by.organisation_id):
            walk.expect(f"a key's {action}", so=walk.holds(by.pk, *_PROPOSE))


def organisation_is_suspended(walk: Walk) -> None:
    from lachan.members.models import Organisation

    other = Organisation.objects.filter(is_home=False)
    other.update(status=walk.random.choice(["active", "active", "suspended"]))


_ACTS: list[Callable[[Walk], None]] = [
    *[time_goes_by, role_is_asked, second_agrees, link_is_used] * 3,
    *[link_is_made, way_back_is_made, key_is_made, key_is_used] * 2,
    *[role_is_taken, role_is_taken, somebody_leaves, somebody_stops_it, organisation_is_suspended],
]


def people_make() -> None:
    """Two organisations, with the few who can do something."""
    from lachan.kernel.sealing.envelope import keypair_new
    from lachan.members.models import Organisation, Person, RoleGrant

    home = Organisation.objects.create(name="Home", type="hotline", is_home=True)
    other = Organisation.objects.create(name="Other", type="ngo")
    staff = [(home, role) for role in ("administrator", "administrator", *_ROLES[:2], "technical")]
    staff += [(other, "administrator"), (other, "reviewer"), (other, "technical")]
    public = keypair_new().public
    for number, (organisation, role) in enumerate(staff):
        person = Person.objects.create(
            email=f"p{number}@walk.example", name=f"P{number}", organisation=organisation,
            public_key=public,
        )  # fmt: skip
        RoleGrant.objects.create(person=person, role=role)


@contextmanager
def cheap_locks() -> Iterator[None]:
    """What a password costs is nothing of the walk's concern."""
    from unittest import mock

    with (
        mock.patch("lachan.members.invitations.lock", return_value=b"locked"),
        mock.patch("lachan.members.invitations.validate_password"),
        mock.patch("lachan.members.models.Person.set_password"),
    ):
        yield


def walks(number: int, seed: int) -> Counter[str]:
    """Walk that often; how often each act was done.

    Raises:
        Broken: naming the walk's acts.
    """
    from django.db import transaction

    from lachan.kernel.clock import now

    done: Counter[str] = Counter()
    with cheap_locks(), transaction.atomic():
        people_make()
        for one in range(number):
            with transaction.atomic():
                Walk(seed + one, now(), done).go()
                transaction.set_rollback(True)
        transaction.set_rollback(True)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["LACHAN_HOME"] = home
        os.environ.pop("DATABASE_URL", None)
        from lachan.cli.setup import django_ready
        from lachan.kernel.home import home_prepare

        home_prepare(Path(home))
        django_ready(begin=True)
        begun = time.monotonic()
        try:
            done, broken = walks(wanted.walks, wanted.seed), ""
        except Broken as error:
            done, broken = Counter(), str(error)
        seconds = round(time.monotonic() - begun, 1)
        facts = {"walks": wanted.walks, "seed": wanted.seed, "seconds": seconds}
        sys.stdout.write(json.dumps(facts | {"done": done, "broken": broken}) + "\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
