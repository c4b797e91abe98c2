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
from lachan.indicators.start_cards import ended_by_others
from lachan.indicators.verifying import verify
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import LachanError
from lachan.members.models import Organisation
from lachan.members.records import Role
from tests.personas import Staff

VALUE, WHY = "xau.example", "hacked since this morning, agreed with its owner"


class Side:
    """One organisation's people, acting on one value."""

    def __init__(self, kind):
        self.kind = kind
        self.organisation = Organisation.objects.create(name=kind, type=kind)
        self.one, self.two, self.three = (
            Staff(self.organisation).with_roles(Role.ANALYST, Role.REVIEWER).actor for _ in range(3)
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


_FACTS = (
    *("kind", "value", "raw", "category", "confidence", "tlp", "valid_from", "valid_until", "evidence"),
    *("organisation_id", "proposed_by_id", "proposed_label", "case_uid", "list_import_id", "created_at"),
)  # fmt: skip
# What needs something that stands; the other acts begin by themselves.
_LATER = [act for act in ACTS if act.startswith(("share", "withdraw", "dispute"))]
_FIRST = [
    *[(act,) for act in ACTS if act not in _LATER],
    *[(f"publish {tlp}", act) for act in _LATER for tlp in ("clear", "red")],
]


KINDS = [("hotline", "ngo"), ("hotline", "school"), ("school", "hotline")]


def pairs(first, second, chosen=None):
    """Each begin of the first's with each act of the second's, and then what the second takes back; how many.

    Args:
        chosen: which of them, by their numbers; all.

    Raises:
        AssertionError: an entry of the first changed unseen, or an answer told of what is not seen.
    """
    one, other = Side(first), Side(second)
    alone = {act: _alone(other, act) for act in ACTS}
    tried = 0
    for begins, acts in enumerate(_FIRST):
        with transaction.atomic():
            for act in acts:
                one.does(act)
            saw_nothing = not other.looks()
            for number, act in enumerate(ACTS):
                if chosen is not None and not chosen(begins, number):
                    continue
                tried += 1
                with transaction.atomic():
                    said = (first, acts, second, act)
                    came = _done(other, act, said, one)
                    # Of what it does not see, no answer tells.
                    assert not saw_nothing or came == alone[act], said
                    if other.mine().filter(status__in=STANDING).exists():
                        _done(other, "withdraw", said, one)
                    transaction.set_rollback(True)
            assert verify().fault == ""
            transaction.set_rollback(True)
    return tried


def _alone(side, act):
    with transaction.atomic():
        came = side.does(act), _seen(side.looks())
        transaction.set_rollback(True)
    return came


def _seen(rows):
    return [(row.tlp, row.status, row.warnings) for row in rows]


def _done(other, act, said, one):
    held = {row.pk: row for row in one.mine()}
    came = other.does(act)
    rows = list(one.mine())
    assert {row.pk for row in rows} == held.keys(), said
    shown = one.looks()
    for row in rows:
        _unchanged_or_seen(held[row.pk], row, one, shown, said)
    return came, _seen(other.looks())


def _unchanged_or_seen(was, row, holder, shown, said):
    differ = [name for name in _FACTS if getattr(was, name) != getattr(row, name)]
    assert not differ, (said, differ)
    if row.status == was.status:
        foreign = any(each.organisation_id != row.organisation_id for each in shown)
        assert row.seq == was.seq or foreign, said
        return
    decided = {review.decision for review in row.reviews.all()}
    if row.status == Status.WITHDRAWN:
        assert was.status in STANDING, said
        assert "withdraw" in decided, said
        assert ended_by_others(holder.two).count >= 1, said
    elif row.status == Status.EXPIRED:
        assert was.valid_until is not None, said
    elif was.status == Status.PROPOSED:
        assert {Status.PUBLISHED: "approve", Status.REJECTED: "reject"}[row.status] in decided, said
    else:
        # One's own stands on, beneath what one sees or by itself.
        assert {was.status, row.status} == {*STANDING}, said
        above = [e for e in shown if e.status == Status.PUBLISHED and e.uid != row.uid]
        assert bool(above) == (row.status == Status.COVERED), said
