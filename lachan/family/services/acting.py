"""Who acts, on what: looked up in the own household alone, and asked of the policy; and the history's lines."""

import uuid
from typing import Any, TypeVar

from django.db.models import F, Model

from lachan.family.models import Adult, Child, Device, HistoryLine, Household
from lachan.family.policy import Action
from lachan.family.records import Change, HistoryWords
from lachan.family.teaching import narrowed
from lachan.family.words import words_seal
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.members.policy import policy_check
from lachan.members.records import Actor
from lachan.proofs.services import row_require

R = TypeVar("R", bound=Model)


def acting_adult(by: Actor, action: Action) -> Adult:
    """The adult that `by` is, with the household.

    Raises:
        NotAllowed: by the policy.
        NotFound: the adult was removed meanwhile.
        RowUnproved: household or adult was altered past the product.
    """
    policy_check(by, action, household_id=by.household_id)
    adult = Adult.objects.select_related("household").filter(pk=by.member_id).first()
    if adult is None or adult.household_id != by.household_id:
        raise NotFound("no such adult")
    row_require(adult.household)
    row_require(adult)
    return adult


def own_child(by: Actor, action: Action, uid: uuid.UUID) -> Child:
    """A child of the own household; its row is held until the transaction ends.

    Raises:
        NotFound: there is none of this uid in this household.
    """
    rows = Child.objects.select_related("household").select_for_update(of=("self",))
    rows = narrowed(by, rows.filter(uid=uid, household_id=by.household_id))
    return _own(by, action, rows.first())


def own_device(by: Actor, action: Action, uid: uuid.UUID) -> Device:
    rows = Device.objects.select_related("child__household")
    rows = narrowed(by, rows.filter(uid=uid, child__household_id=by.household_id), "child__uid")
    return _own(by, action, rows.first())


def _own(by: Actor, action: Action, row: Any) -> Any:
    policy_check(by, action, household_id=by.household_id)
    if row is None:
        raise NotFound("no such thing in this household")
    row_require(row)
    return row


def history_add(household: Household, change: Change, *, adult: int = 0, about: str = "") -> None:
    """One line more; call it in the transaction of what it tells of."""
    mine = Household.objects.filter(pk=household.pk)
    mine.update(written=F("written") + 1)
    number = mine.values_list("written", flat=True).get()
    words = HistoryWords(adult=adult, what=change.value, about=about, at=int(now().timestamp()))
    sealed = words_seal(words, "family history", household.uid, number, to=[household.public])
    HistoryLine.objects.create(household=household, number=number, sealed=sealed)
