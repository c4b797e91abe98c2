"""Organisations that act on one value, and what each of them sees of it."""

import io
from datetime import timedelta

from django.db import transaction

from lachan.indicators.ledger import changes_after, head_seq, projection
from lachan.indicators.models import Indicator, ListImport
from lachan.indicators.records import STANDING, Effect, Status
from lachan.indicators.selectors import audience_of, dispute_rows, indicator_list
from lachan.indicators.services import (
    dispute_answer,
    dispute_open,
    indicator_expire_due,
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
    list_import,
    list_withdraw,
)
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import LachanError
from lachan.members.models import Organisation
from lachan.members.records import Role

from .conftest import make_actor

VALUE, WHY = "xau.example", "hacked since this morning, agreed with its owner"


class Side:
    """One organisation's people, acting on one value."""

    def __init__(self, kind):
        self.kind = kind
        self.organisation = Organisation.objects.create(name=kind, type=kind)
        self.one, self.two, self.three = (
            make_actor(self.organisation, Role.ANALYST, Role.REVIEWER) for _ in range(3)
        )

    def does(self, act):
        """What came of it, in words that name no single thing."""
        try:
            with transaction.atomic():
                return ACTS[act](self) or "done"
        except LachanError as error:
            return error.code

    # what it does

    def propose(self, tlp="clear", **more):
        return indicator_propose(by=self.one, value=VALUE, category="scam", tlp=tlp, **more)

    def publish(self, tlp="clear", **more):
        self.decide(self.propose(tlp, **more).uid)

    def decide(self, uid, decision="approve"):
        indicator_review(by=self.two, indicator=uid, decision=decision, override_reason=WHY)

    def decide_another_s(self, decision):
        for row in self.others(Status.PROPOSED):
            self.decide(row.uid, decision)

    def share(self, tlp):
        for row in self.mine().filter(status=Status.PUBLISHED):
            indicator_reshare(by=self.two, indicator=row.uid, tlp=tlp, override_reason=WHY)

    def withdraw(self):
        for row in self.mine().filter(status__in=STANDING):
            indicator_withdraw(by=self.three, indicator=row.uid)

    def withdraw_another_s(self):
        for row in self.others(*STANDING):
            indicator_withdraw(by=self.three, indicator=row.uid)

    def dispute(self, outcome=""):
        for row in self.shown(Status.PUBLISHED):
            dispute_open(by=self.one, indicator=row.uid, reason="mistake")
        for row in list(dispute_rows(by=self.three)) if outcome else ():
            dispute_answer(by=self.three, dispute=row.uid, outcome=outcome, answer=WHY)

    def bring(self, tlp="clear", *, gone=False):
        report = list_import(
            by=self.two, stream=io.BytesIO(f"{VALUE}\n".encode()), file_name="l", category="scam",
            tlp=tlp,
        )  # fmt: skip
        if gone:
            uid = ListImport.objects.order_by("-pk")[0].uid
            return report.published, list_withdraw(by=self.three, list_import=uid)
        return report.published, report.duplicate, report.guarded, sorted(report.reasons)

    def expire(self, tlp="clear"):
        self.publish(tlp, valid_until=now() + timedelta(days=1))
        with held_at(now() + timedelta(days=1)):
            indicator_expire_due()

    def renew(self, tlp):
        self.expire(tlp)
        self.publish(tlp)

    def cover(self):
        self.publish("red")
        self.publish("clear")

    def uncover(self):
        self.cover()
        for row in self.mine().filter(status=Status.PUBLISHED):
            indicator_withdraw(by=self.three, indicator=row.uid)

    # what it has and sees

    def mine(self):
        return Indicator.objects.filter(organisation=self.organisation).order_by("-pk")

    def shown(self, *statuses):
        return [
            row for row in indicator_list(by=self.two) if not statuses or row.status in statuses
        ]

    def others(self, *statuses):
        own = self.organisation.pk
        return [row for row in self.shown(*statuses) if row.organisation_id != own]

    def looks(self):
        """What its pages show; its list holds the value where they show it published, once, and the same as
        the list's changes add up to for whoever keeps one by value.
        """
        own, shown = self.organisation.pk, self.shown()
        audience, kept = audience_of(organisation_id=own, organisation_type=self.kind), {}
        for change in changes_after(0, audience):
            if change.effect is Effect.ADD:
                kept[change.value] = change.uid
            else:
                assert kept.pop(change.value) == change.uid
        listed = [entry.uid for entry in projection(head_seq(), audience)]
        assert listed == list(kept.values())
        published = [row for row in shown if row.status == Status.PUBLISHED]
        assert [row.uid for row in published if row.tlp in _listed(self.kind)] == listed
        assert len(published) <= 1
        assert published or not any(row.status == Status.COVERED for row in shown)
        return shown


def _listed(kind):
    """What a member's own list may hold: a school's is the community's."""
    community = ["clear", "green"]
    return community if kind == "school" else [*community, "amber", "amber+strict", "red"]


_TLPS = ("clear", "amber", "red")
ACTS = {
    **{f"propose {tlp}": lambda it, tlp=tlp: it.propose(tlp) and None for tlp in _TLPS},
    **{f"publish {tlp}": lambda it, tlp=tlp: it.publish(tlp) for tlp in _TLPS},
    **{f"share {tlp}": lambda it, tlp=tlp: it.share(tlp) for tlp in _TLPS},
    "reject": lambda it: it.decide(it.propose().uid, "reject"),
    "reject another's": lambda it: it.decide_another_s("reject"),
    "approve another's": lambda it: it.decide_another_s("approve"),
    "withdraw": lambda it: it.withdraw(),
    "withdraw another's": lambda it: it.withdraw_another_s(),
    "dispute": lambda it: it.dispute(),
    "dispute, withdrawn": lambda it: it.dispute("withdrawn"),
    "dispute, kept": lambda it: it.dispute("kept"),
    "import clear": lambda it: it.bring(),
    "import amber": lambda it: it.bring("amber"),
    "import gone": lambda it: it.bring(gone=True),
    "expire clear": lambda it: it.expire(),
    "expire red": lambda it: it.expire("red"),
    "renew clear": lambda it: it.renew("clear"),
    "renew amber": lambda it: it.renew("amber"),
    "covered": lambda it: it.cover(),
    "uncovered": lambda it: it.uncover(),
}
