"""Every pair of two organisations' acts on one value: what one does changes no entry of the other unseen."""

import pytest
from django.db import transaction

from lachan.indicators.ledger import verify
from lachan.indicators.records import STANDING, Status
from lachan.indicators.waiting import ended_by_others

from .sides import ACTS, Side

pytestmark = pytest.mark.django_db
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


@pytest.mark.parametrize(
    ("first", "second"), [("hotline", "ngo"), ("hotline", "school"), ("school", "hotline")]
)
def test_no_act_of_one_changes_an_entry_of_the_other_unseen(first, second):
    """The first acts, then the second does and takes back what is its own."""
    one, other = Side(first), Side(second)
    alone = {act: _alone(other, act) for act in ACTS}
    for acts in _FIRST:
        with transaction.atomic():
            for act in acts:
                one.does(act)
            saw_nothing = not other.looks()
            for act in ACTS:
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
