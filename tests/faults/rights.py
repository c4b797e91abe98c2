"""Random walks over people, roles, keys, links, what waits, leaving and time: does any right outlive its end,
and does anybody alone come by a power that takes two?

    python tests/faults/rights.py --walks 100000 --seed 7

Each walk begins with the same few people of two organisations, all of whom try what they can: also what they may not.
What stands is held to a second account of the rights, kept from the grants alone. Prints one JSON object.

Towards its end a walk forks four ways and goes them all, three times: so the many walks share their beginnings, and
each costs one or two acts of its own.
"""

import argparse
import copy
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DAY = timedelta(days=1)
_STEPS, _FORKS = 16, 3
_POWERS = ("analyst", "reviewer", "officer", "administrator")
_PROPOSE = ("analyst", "reviewer", "officer", "technical")
_ROLES = (*_POWERS, "technical", "auditor")


class Broken(AssertionError):
    """A right was used that had ended, or one came by a power alone."""


class Rights:
    """Who there is, and what they hold by their grants alone. Past the ORM: it would cost more than the acts."""

    def __init__(self) -> None:
        self.organisations = {
            pk: (status == "active", is_home)
            for pk, status, is_home in _rows("SELECT id, status, is_home FROM members_organisation")
        }
        self.people = {
            pk: facts
            for pk, *facts in _rows(
                "SELECT id, organisation_id, is_active, email FROM members_person ORDER BY id"
            )
        }
        self.grants = {
            pk: (person, role, _moment(end))
            for pk, person, role, end in _rows(
                "SELECT id, person_id, role, valid_until FROM members_rolegrant ORDER BY id"
            )
        }

    def holds(self, person: int, *roles: str, at: datetime) -> bool:
        organisation, is_active, _ = self.people[person]
        if not is_active or not self.organisations[organisation][0]:
            return False
        ends = (end for who, role, end in self.grants.values() if who == person and role in roles)
        return any(end is None or end > at for end in ends)


def _rows(question: str) -> list[Any]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def _moment(value: datetime | None) -> datetime | None:
    """SQLite's moments say no zone."""
    return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Walk:
    """One walk, with all that fork from it: acts at random, each with its check."""

    def __init__(self, seed: str, moment: datetime, done: Counter[str]) -> None:
        self.seed, self.random = seed, random.Random(seed)
        self.now, self.done = moment, done
        self.asked: list[dict[str, Any]] = []
        self.tokens: list[tuple[str, int]] = []
        self.keys: list[tuple[str, Any, tuple[str, ...]]] = []
        self.said: list[str] = []
        self.rights = Rights()
        self._note()

    def go(self, steps: int = _STEPS, forks: int = _FORKS) -> int:
        """How many walks it was."""
        for _ in range(steps - forks):
            self.step()
        return sum(self._fork(way, forks - 1) for way in "abcd") if forks else 1

    def _fork(self, way: str, forks: int) -> int:
        from django.db import transaction

        twin = copy.copy(self)
        twin.seed = self.seed + way
        twin.random = random.Random(twin.seed)
        twin.asked = [{**asked, "yes": list(asked["yes"])} for asked in self.asked]
        twin.tokens, twin.keys, twin.said = list(self.tokens), list(self.keys), list(self.said)
        with transaction.atomic():
            walked = twin.go(forks + 1, forks)
            transaction.set_rollback(True)
        return walked

    def step(self) -> None:
        act = self.random.choice(_ACTS)
        self.said.append(act.__name__)
        if self._tried(act):
            self.done[act.__name__] += 1
            self.rights = Rights()
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

    # who, and what they hold

    def person(self, pk: int) -> Any:
        from lachan.members.models import Person

        return Person.objects.select_related("organisation").get(pk=pk)

    def somebody(self) -> Any:
        return self.person(self.random.choice(list(self.rights.people)))

    def boss(self) -> Any:
        """Somebody who was an administrator at some time, mostly."""
        return self.holder("administrator") if self.random.random() < 0.8 else self.somebody()

    def holder(self, wanted: str) -> Any:
        """Somebody who held a role at some time."""
        held = {person for person, role, _ in self.rights.grants.values() if role == wanted}
        return self.person(self.random.choice(sorted(held)))

    def maker(self) -> Any:
        """Somebody who has made a key or a link, mostly: whose rights matter when they end."""
        made = [asked["by"] for asked in self.asked] + [by.pk for _, by, _ in self.keys]
        if not made or self.random.random() < 0.3:
            return self.somebody()
        return self.person(self.random.choice(made))

    def actor(self, person: Any) -> Any:
        from lachan.members.records import PUBLIC
        from lachan.members.selectors import actor_for

        return actor_for(person) if person.is_active else PUBLIC

    def holds(self, person_id: int, *roles: str) -> bool:
        return self.rights.holds(person_id, *roles, at=self.now)

    def manages(self, person_id: int, organisation: Any) -> bool:
        own = self.rights.people[person_id][0]
        there = own == organisation.pk or self.rights.organisations[own][1]
        return bool(there) and self.holds(person_id, "administrator")

    def expect(self, what: str, *, so: bool) -> None:
        if not so:
            raise Broken(f"{what} after {self.said}")

    def ask(self, by: Any, there: Any, **facts: Any) -> None:
        """Note what was asked for; `who`: a person's key, or the address of one to come."""
        self.asked.append({"by": by.pk, "there": there, "at": self.now, "yes": [], **facts})

    def agreed(self, asked: dict[str, Any]) -> bool:
        """Whether two agreed, the second of whom may still, or a day went by."""
        second = any(self.manages(one, asked["there"]) for one in asked["yes"])
        return second or self.now - asked["at"] >= DAY

    def _powers_check(self) -> None:
        """Whoever came by a power: by two, or after a day."""
        for pk, (person, role, end) in self.rights.grants.items():
            if pk in self.known or role not in _POWERS:
                continue
            who = {person, self.rights.people[person][2]}
            by = [asked for asked in self.asked if role in asked["roles"] and asked["who"] in who]
            longer = self._stood_longer(person, role, end)
            self.expect(f"{role} by one", so=longer or any(map(self.agreed, by)))
        self._note()

    def _note(self) -> None:
        """Which roles stand, and until when."""
        self.known = self.rights.grants.keys()
        self.stood = {
            (person, role): end
            for person, role, end in self.rights.grants.values()
            if self._later(end)
        }

    def _later(self, end: datetime | None) -> bool:
        return end is None or end > self.now

    def _stood_longer(self, person: int, role: str, until: datetime | None) -> bool:
        """Whether it stood before, as long at least: to shorten it takes one."""
        end = self.stood.get((person, role), datetime.min.replace(tzinfo=UTC))
        ends_later = end is None or (until is not None and end >= until)
        return self._later(end) and ends_later


def time_goes_by(walk: Walk) -> None:
    walk.now += walk.random.choice(
        [timedelta(minutes=1), timedelta(hours=5), DAY / 2, DAY, timedelta(hours=40)]
    )
    from lachan.kernel.clock import held_at
    from lachan.members.confirmations import confirmations_settle, links_settle
    from lachan.outbox.services import clock_is_believed

    with held_at(walk.now):
        # The worker may be behind: no right waits for it to end.
        if walk.random.random() < 0.5 and clock_is_believed():
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
    walk.ask(by, person.organisation, who=person.pk, roles=[role])


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
    walk.ask(by, organisation, who=email, roles=roles, uid=record.uid)
    walk.tokens.append((record.path.split("/")[-2], len(walk.asked) - 1))


def way_back_is_made(walk: Walk) -> None:
    from lachan.members.services import return_create

    by, person = walk.boss(), walk.somebody()
    record = return_create(by=walk.actor(by), unlocked=None, person=person)
    walk.expect("a way back", so=walk.manages(by.pk, person.organisation))
    walk.ask(by, person.organisation, who=person.pk, roles=[], uid=record.uid, back=True)
    walk.tokens.append((record.path.split("/")[-2], len(walk.asked) - 1))


def link_is_used(walk: Walk) -> None:
    from lachan.members.services import invitation_accept

    if not walk.tokens:
        return
    token, number = walk.random.choice(walk.tokens)
    asked = walk.asked[number]
    joined = invitation_accept(token=token, password="four-invented-words-here")
    person = walk.person(joined.person.pk)
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
        if same and (facts[2] or (asked["who"] == facts[0] and facts[1] in asked["roles"])):
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
    from lachan.members.policy import action_named
    from lachan.members.services import api_key_create

    by = walk.holder("technical")
    scopes = walk.random.sample(["list.read", "indicator.propose", "match.lookup"], 2)
    _row, text = api_key_create(
        by=walk.actor(by), organisation=by.organisation, name="key",
        scopes=[action_named(scope) for scope in scopes], life=30 * DAY,
    )  # fmt: skip
    walk.expect("a key", so=walk.holds(by.pk, "technical", "administrator"))
    walk.keys.append((text, by, tuple(scopes)))


def key_is_used(walk: Walk) -> None:
    from lachan.indicators.policy import Action
    from lachan.members.api_keys import api_key_actor
    from lachan.members.policy import policy_allows
    from lachan.sightings.policy import Action as MatchAction

    if not walk.keys:
        return
    text, by, _scopes = walk.random.choice(walk.keys)
    actor = api_key_actor(text)
    walk.expect("a key at all", so=walk.holds(by.pk, "technical", "administrator"))
    for action in (Action.INDICATOR_PROPOSE, MatchAction.MATCH_LOOKUP):
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
    from lachan.kernel.clock import now
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
    # Two whose right ends by itself, in the middle of a walk.
    for number, role in enumerate(("administrator", "technical"), len(staff)):
        person = Person.objects.create(
            email=f"p{number}@walk.example", name=f"P{number}", organisation=home, public_key=public
        )
        RoleGrant.objects.create(person=person, role=role, valid_until=now() + 1.5 * DAY)


@contextmanager
def cheap_locks() -> Iterator[None]:
    """What a password costs is nothing of the walk's concern."""
    from unittest import mock

    with (
        mock.patch("lachan.members.entry.invitations.lock", return_value=b"locked"),
        mock.patch("lachan.members.entry.invitations.validate_password"),
        mock.patch("lachan.members.models.Person.set_password"),
    ):
        yield


def walks(number: int, seed: int) -> Counter[str]:
    """Walk that often, or a few more; how often each act was done.

    Raises:
        Broken: naming the walk's acts.
    """
    from django.db import transaction

    from lachan.kernel.clock import now

    done: Counter[str] = Counter()
    with cheap_locks(), transaction.atomic():
        people_make()
        walked = 0
        while walked < number:
            with transaction.atomic():
                walked += Walk(f"{seed}/{walked}", now(), done).go()
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
