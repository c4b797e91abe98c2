"""Honest histories for tampering.py: what people do with an instance, in any order, cut off by crashes."""

import contextlib
import io
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

from django.db import connection, transaction

from lachan.cases.models import Case, CaseNote
from lachan.cases.services.claiming import case_claim, case_release
from lachan.cases.services.notes import note_add, note_read
from lachan.cases.services.rating import priority_set
from lachan.cases.services.working import case_answer, case_close
from lachan.family import selectors
from lachan.family.entry import adult_session_find
from lachan.family.projecting import profiles
from lachan.family.records import Answer
from lachan.family.services import asks, children, households
from lachan.family.tests.families import Family
from lachan.formats.classification.categories import Classification, classification
from lachan.indicators import listing
from lachan.indicators import services as indicators
from lachan.indicators.models import Dispute, Indicator, ListImport, ListingRow
from lachan.kernel.clock import now
from lachan.kernel.errors import LachanError
from lachan.kernel.sealing.errors import SealBroken
from lachan.members.api_keys import api_key_create, scope_list
from lachan.members.entry.invitations import invitation_create
from lachan.members.keys.desk_keys import desk_key_rotate
from lachan.members.keys.recovery import recovery_split
from lachan.members.models import ApiKey, Confirmation, Person
from lachan.members.records import PUBLIC, Role, system
from lachan.members.selectors import actor_for, desk_key_home
from lachan.members.services import (
    api_key_revoke,
    confirmation_give,
    confirmation_stop,
    person_deactivate,
    role_grant,
    role_revoke,
)
from lachan.outbox.services import events_deliver
from lachan.reports import selectors as reports
from lachan.reports.models import Report
from lachan.reports.records import ReportContent, Trust, Urgency
from lachan.reports.services import form_new, report_hold, report_submit, reporter_write
from tests.personas import Personas

Shown = set[tuple[object, ...]]


class Story:
    """An instance's people, and what they do: each act is one of `acts`, taken by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance, self.people = chance, Personas()
        self.keys = [self.people.desk_private]
        self.families: list[Family] = []
        self.number = 0
        self.acts: list[Callable[[], object]] = [
            self.report, self.report, self.write, self.claim, self.note, self.answer, self.close,
            self.propose, self.review, self.withdraw, self.dispute, self.list_in, self.list_back,
            self.role, self.role_back, self.invite, self.agree, self.stop, self.api_key, self.api_key_back, self.leave,
            self.hold, self.release, self.judge, self.dispute_public, self.reclassify,
            self.family_begin, self.family_name, self.family_pause, self.family_ask, self.family_answer,
            self.family_adult,
        ]  # fmt: skip

    def whole(self) -> None:
        """Each act once, and what is done once in an instance's life."""
        recovery = self.people.administrator
        for _ in range(3):
            self.report()
        for act in self.acts:
            self.does(act)
        home = self.people.organisation
        recovery_split(
            by=recovery.actor, unlocked=recovery.unlocked, organisation=home, needed=2, total=3
        )
        for act in self.acts:
            self.does(act)

    def does(self, act: Callable[[], object]) -> None:
        with contextlib.suppress(LachanError, IndexError):
            act()
        while events_deliver():
            pass

    def some(self, rows):
        return self.chance.choice(list(rows))

    def fresh(self, what: str) -> str:
        self.number += 1
        return f"{what}{self.chance.getrandbits(40):x}-{self.number}"

    def report(self) -> None:
        content = ReportContent(words=self.fresh("words "), traces="", contact="", about="me")
        facts = {
            "category": "contract.scam",
            "urgency": Urgency.SOON,
            "province": "25",
            "language": "vi",
        }
        report_submit(by=PUBLIC, form=form_new(), content=content, **facts)

    def write(self) -> None:
        reporter_write(
            by=PUBLIC, report=self.some(Report.objects.all()).uid, words=self.fresh("more ")
        )

    def hold(self) -> None:
        report_hold(by=self.people.analyst.actor, report=self.some(Report.objects.all()).uid)

    def claim(self) -> None:
        case_claim(
            by=self.people.analyst.actor, uid=self.some(Case.objects.filter(assignee=None)).uid
        )

    def mine(self) -> UUID:
        return self.some(
            Case.objects.filter(assignee=self.people.analyst.person, closed_at=None)
        ).uid

    def release(self) -> None:
        case_release(by=self.people.analyst.actor, uid=self.mine())

    def note(self) -> None:
        note_add(by=self.people.analyst.actor, uid=self.mine(), words=self.fresh("note "))

    def answer(self) -> None:
        case_answer(
            by=self.people.analyst.actor,
            uid=self.mine(),
            words=self.fresh("answer "),
            is_question=True,
        )

    def judge(self) -> None:
        priority_set(
            by=self.people.analyst.actor, uid=self.mine(), priority=7, reason="so it seems"
        )

    def close(self) -> None:
        case_close(by=self.people.analyst.actor, uid=self.mine(), outcome="helped", words="done")

    def propose(self) -> None:
        tlp = self.chance.choice(["clear", "green", "amber", "amber+strict", "red"])
        value = f"{self.fresh('n')}.example"
        indicators.indicator_propose(
            by=self.people.analyst.actor, value=value, category="scam", tlp=tlp
        )

    def review(self) -> None:
        found = self.some(Indicator.objects.filter(status="proposed", list_import=None))
        decision = self.chance.choice(["approve", "approve", "reject"])
        indicators.indicator_review(
            by=self.people.reviewer.actor, indicator=found.uid, decision=decision
        )

    def withdraw(self) -> None:
        found = self.some(Indicator.objects.filter(status="published", list_import=None))
        indicators.indicator_withdraw(
            by=self.people.reviewer.actor, indicator=found.uid, reason="over"
        )

    def dispute(self) -> None:
        if standing := Dispute.objects.filter(outcome="").first():
            by = self.people.reviewer.actor
            indicators.dispute_answer(
                by=by, dispute=standing.uid, outcome="kept", answer="it stays"
            )
            return
        found = self.some(Indicator.objects.filter(status="published"))
        indicators.dispute_open(by=self.people.analyst.actor, indicator=found.uid, reason="mistake")

    def dispute_public(self) -> None:
        found = self.some(Indicator.objects.filter(status="published"))
        proven = self.chance.random() < 0.5
        indicators.dispute_open_public(
            by=PUBLIC, value=found.value, reason="mistake", proven=proven
        )
        if self.chance.random() < 0.8:
            indicators.disputes_settle(by=system("disputes"))

    def list_in(self) -> None:
        # What the guard knows waits for a review; the rest is published as it comes.
        lines = [
            *(f"{self.fresh('l')}.example" for _ in range(5)),
            "facebook.com",
            "no name at all",
        ]
        stream = io.BytesIO("\n".join(lines).encode())
        indicators.list_import(
            by=system("import"), stream=stream, file_name="list.txt", category="scam"
        )

    def list_back(self) -> None:
        found = self.some(ListImport.objects.all())
        indicators.list_withdraw(by=system("import"), list_import=found.uid)

    def reclassify(self) -> None:
        """An upgrade to a program whose classification leaves something else out of open lists."""
        before = ListingRow.objects.count()
        unlisted = frozenset({"contract.scam"} if before % 2 == 0 else ())
        said = Classification(before + 2, unlisted, classification().codes)
        with patch.object(listing, "classification", lambda: said):
            indicators.listing_record()

    def somebody(self) -> Person:
        others = Person.objects.exclude(
            pk__in=[
                self.people.analyst.person.pk,
                self.people.administrator.person.pk,
                self.people.reviewer.person.pk,
            ]
        )
        return self.some(others)

    def role(self) -> None:
        by = self.people.administrator.actor
        role_grant(by=by, person=self.somebody(), role=self.chance.choice(list(Role)))

    def role_back(self) -> None:
        person = self.somebody()
        role_revoke(
            by=self.people.administrator.actor,
            person=person,
            role=Role(self.some(person.grants.all()).role),
        )

    def leave(self) -> None:
        person_deactivate(by=self.people.administrator.actor, person=self.somebody())

    def invite(self) -> None:
        by, home = self.people.administrator, self.people.organisation
        email = f"{self.fresh('p')}@desk.example"
        invitation_create(
            by=by.actor,
            unlocked=by.unlocked,
            organisation=home,
            roles=[Role.ANALYST],
            email=email,
            name="N",
        )

    def agree(self) -> None:
        by = self.people.second.actor
        confirmation_give(by=by, confirmation=self.some(Confirmation.objects.all()))

    def stop(self) -> None:
        by = self.people.administrator.actor
        confirmation_stop(by=by, confirmation=self.some(Confirmation.objects.all()))

    def api_key(self) -> None:
        by = self.people.administrator.actor
        api_key_create(
            by=by,
            organisation=self.people.organisation,
            name="k",
            scopes=scope_list()[:2],
            life=timedelta(days=30),
        )

    def api_key_back(self) -> None:
        api_key_revoke(by=self.people.administrator.actor, key=self.some(ApiKey.objects.all()))

    def rotate(self) -> None:
        by = self.people.administrator.actor
        desk_key_rotate(by=by, organisation=self.people.organisation)

    def family_begin(self) -> None:
        family = Family(self.fresh("bé "))
        family.device.asks(f"{self.fresh('n')}.example")
        self.families.append(family)

    def family(self) -> Family:
        """One whose adult is signed in in this database."""
        return self.some(one for one in self.families if adult_session_find(one.adult.cookie))

    def family_name(self) -> None:
        family = self.family()
        name, allow = f"{self.fresh('n')}.example", self.chance.random() < 0.5
        children.name_set(by=family.adult.actor, child=family.child, name=name, allow=allow)

    def family_pause(self) -> None:
        family, until = self.family(), now() + timedelta(hours=1)
        children.pause(by=family.adult.actor, key=family.adult.key, child=family.child, until=until)

    def family_ask(self) -> None:
        self.family().device.asks(f"{self.fresh('n')}.example", self.fresh("why "))

    def family_answer(self) -> None:
        family = self.family()
        ask, answer = self.some(family.waiting), self.chance.choice([Answer.HOUR, Answer.NO])
        asks.ask_answer(
            by=family.adult.actor, key=family.adult.key, ask=ask.uid, answer=answer, word="so"
        )

    def family_adult(self) -> None:
        family = self.family()
        second = family.adult.invites()
        if self.chance.random() < 0.5:
            households.adult_remove(by=family.adult.actor, adult=second.opened.adult.uid)

    def killed(self) -> None:
        """All of it once more in a process of its own, which is killed somewhere on the way."""
        connection.close()
        child = os.fork()
        if child == 0:
            while True:
                self.does(self.chance.choice(self.acts))
        time.sleep(self.chance.uniform(0.02, 0.2))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def taken_back(self) -> None:
        """A request that fails at its end."""
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            for _ in range(3):
                with contextlib.suppress(LachanError, IndexError), transaction.atomic():
                    self.chance.choice(self.acts)()
            raise ZeroDivisionError

    def lived(self, steps: int) -> None:
        """Some of it by chance."""
        for _ in range(steps):
            roll = self.chance.random()
            if roll < 0.05:
                self.killed()
            elif roll < 0.15:
                self.taken_back()
            else:
                self.does(self.chance.choice(self.acts))

    def shown(self) -> Shown:
        """All that pages would show as true of words, people and keys."""
        key = desk_key_home()
        shown: Shown = {("desk key", key.public)} if key else set()
        shown |= {
            ("roles", p.email, role) for p in Person.objects.all() for role in actor_for(p).roles
        }
        for row in Report.objects.all():
            with contextlib.suppress(SealBroken):
                shown |= set(_report(row, self.keys))
        for family in self.families:
            if adult_session_find(family.adult.cookie):
                shown |= set(_family(family))
        for child, profile in profiles():
            if profile is not None:
                shown |= {("profile", child.number, child.rules, one) for one in profile.own}
                shown |= {("way", child.number, way) for way in profile.ways}
        for note in CaseNote.objects.select_related("case", "author"):
            with contextlib.suppress(SealBroken):
                words = note_read(note, self.keys)
                shown.add(("note", note.case.uid, note.author.email, note.kind, words))
        return shown


def _report(row: Report, keys: list[str]) -> Iterator[tuple[object, ...]]:
    opened = reports.opened(row, keys)
    if opened.trust is not Trust.BROKEN:
        yield ("report", row.uid, opened.content.words)
    for message in opened.messages:
        if message.trust is not Trust.BROKEN:
            yield ("message", row.uid, message.author, message.words, message.is_question)


def _family(family: Family) -> Iterator[tuple[object, ...]]:
    me = family.adult
    for child in selectors.child_list(by=me.actor, key=me.key):
        if not child.trouble:
            yield ("child", child.uid, child.nickname, child.note, child.band)
    for one in selectors.adult_list(by=me.actor, key=me.key):
        yield ("adult", one.uid, one.number, one.name)
    for line in selectors.history_list(by=me.actor, key=me.key):
        yield ("history", me.opened.household.uid, line.what, line.about, line.at)
    for ask in family.waiting:
        yield ("ask", ask.uid, ask.site, ask.reason, ask.kind)
