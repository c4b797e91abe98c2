"""A desk's key: who holds a copy, how it is given on, and how it is opened.

An organisation that has one keeps a desk; the home organisation's is made at the first start. A report is
sealed to the current key of the desk that it is sent to. Older keys of a desk stay, closed, for what was
sealed to them. Each of its holders has an own wrapped copy of every one.
"""

import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q

from lachan.kernel.clock import now
from lachan.kernel.sealing.envelope import keypair_new, seal, unseal
from lachan.kernel.sealing.errors import SealBroken
from lachan.kernel.seen import state_check
from lachan.members.audit import audit_record
from lachan.members.audit_actions import MemberAudit
from lachan.members.errors import KeyLocked, KeyMissing
from lachan.members.models import DeskKey, DeskKeyWrap, Organisation, Person, RecoveryKey, RoleGrant
from lachan.members.policy import TABLE, Action, Scope, policy_allows, policy_check
from lachan.members.records import Actor, DeskKeyRecord, Role
from lachan.proofs.services import row_holds, row_require

# Who reads cases; and administrators, who read none but must be able to give the key to those who do.
HOLDER_ROLES = frozenset(
    role for role, scope in TABLE[Action.CASE_READ].items() if scope is not Scope.NONE
) | {Role.ADMINISTRATOR}


def desk_key_open(*, by: Actor, unlocked: str, uid: uuid.UUID | None = None) -> str:
    """The private half of a desk key (the current one unless `uid` names another), for reading cases.

    Args:
        by: a signed-in person whose role reads cases.
        unlocked: that person's private key, from `session_key(request)`.
        uid: of the desk key that a report was sealed to.

    Raises:
        Refused: the role does not read cases.
        KeyMissing: nobody has given this person a copy of that key.
        KeyLocked: `unlocked` is not this person's key.
    """
    policy_check(by, Action.CASE_READ)
    wraps = DeskKeyWrap.objects.filter(person_id=by.person_id).select_related("desk_key")
    wraps = wraps.filter(desk_key__uid=uid) if uid else wraps.filter(desk_key__valid_until=None)
    wrap = wraps.order_by("-desk_key_id").first()
    if wrap is None:
        raise KeyMissing("no copy of this desk key for this person")
    policy_check(by, Action.CASE_READ, organisation_id=wrap.desk_key.organisation_id)
    private = _opened(wrap, unlocked)
    audit_record(by=by, action=MemberAudit.DESK_KEY_OPEN, target=f"desk_key:{wrap.desk_key.uid}")
    return private


def _opened(wrap: DeskKeyWrap, key: str) -> str:
    row_require(wrap)
    try:
        return unseal(bytes(wrap.sealed), key=key).decode()
    except SealBroken:
        raise KeyLocked("this key does not open the person's copies") from None


def held_privates(*, person_id: int | None, unlocked: str) -> dict[int, str]:
    """Every desk key that a person holds, by primary key; for giving on, never for reading."""
    wraps = DeskKeyWrap.objects.filter(person_id=person_id).order_by("desk_key_id")
    return {wrap.desk_key_id: _opened(wrap, unlocked) for wrap in wraps}


def holds_all(person: Person) -> bool:
    """Whether this person has a copy of each desk key of the organisation."""
    keys = DeskKey.objects.filter(organisation_id=person.organisation_id)
    return not keys.exclude(wraps__person=person).exists()


def holder_list(organisation: Organisation) -> list[Person]:
    """The people whose present role entitles them to a copy, and who have a key pair to wrap it to."""
    people = Q(person__organisation=organisation, person__is_active=True)
    grants = RoleGrant.objects.standing().filter(people, role__in=HOLDER_ROLES)
    grants = grants.exclude(person__public_key="").select_related("person__organisation")
    # A role that somebody wrote into the database entitles to nothing: a key that was given cannot be called back.
    entitled = {grant.person_id: grant.person for grant in grants if row_holds(grant)}
    return list(entitled.values())


def key_can_be_given(by: Actor, organisation: Organisation) -> bool:
    """Whether that organisation keeps a desk, and `by` may give copies of its key: none of another's."""
    allowed = policy_allows(by, Action.MEMBER_MANAGE, organisation_id=organisation.pk)
    return allowed and organisation.desk_keys.exists()


@transaction.atomic
def desk_keys_give(*, by: Actor, unlocked: str, person: Person) -> int:
    """Copy every desk key that `by` holds to `person`; how many were new.

    Raises:
        Refused: not an administrator of that organisation, or the person's roles do not entitle them.
        KeyLocked: `unlocked` is not the key of `by`.
    """
    policy_check(by, Action.MEMBER_MANAGE, organisation_id=person.organisation_id)
    if person not in holder_list(person.organisation):
        raise KeyMissing("no role that holds the desk key, or no key pair yet")
    mine = DeskKey.objects.filter(organisation_id=person.organisation_id)
    ids = set(mine.exclude(wraps__person=person).values_list("id", flat=True))
    held = held_privates(person_id=by.person_id, unlocked=unlocked)
    given = [pk for pk in held if pk in ids]
    for pk in given:
        wrap_for_person(desk_key_id=pk, private=held[pk], person=person)
    if given:
        audit_record(by=by, action=MemberAudit.DESK_KEY_GIVE, target=f"person:{person.uid}")
    return len(given)


def wrap_for_person(*, desk_key_id: int, private: str, person: Person) -> None:
    # As it stands in the database, and only if this instance put it there: else a thief's key opens all.
    holder = Person.objects.get(pk=person.pk)
    row_require(holder)
    sealed = seal(private.encode(), to=[holder.public_key])
    DeskKeyWrap.objects.update_or_create(
        desk_key_id=desk_key_id, person=person, defaults={"sealed": sealed}
    )


@transaction.atomic
def desk_keys_withdraw(*, by: Actor, person: Person) -> None:
    """Delete the person's copies. A copy that was taken out before is not undone by this: rotate."""
    gone, _ = DeskKeyWrap.objects.filter(person=person).delete()
    if gone:
        audit_record(by=by, action=MemberAudit.DESK_KEY_WITHDRAW, target=f"person:{person.uid}")


def desk_key_state(organisation: Organisation) -> tuple[Any, ...]:
    """What a fresh key, or fresh shares, put an end to: the present key, and the standing shares."""
    keys = organisation.desk_keys.filter(valid_until=None).values_list("pk", flat=True)
    shares = organisation.recovery_keys.filter(retired_at=None).values_list("pk", flat=True)
    return sorted(keys), sorted(shares)


@transaction.atomic
def desk_key_rotate(*, by: Actor, organisation: Organisation, seen: str = "") -> DeskKeyRecord:
    """A fresh desk key for the reports to come, wrapped to everybody entitled and to standing shares.

    Args:
        seen: the mark of `desk_key_state` that the page carried.

    Raises:
        Stale: somebody made a fresh key or shares meanwhile.
        Refused: not an administrator of that organisation.
    """
    policy_check(by, Action.MEMBER_MANAGE, organisation_id=organisation.pk)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    state_check(seen, *desk_key_state(organisation))
    row, _ = desk_key_make(organisation)
    audit_record(by=by, action=MemberAudit.DESK_KEY_ROTATE, target=f"desk_key:{row.uid}")
    return DeskKeyRecord(uid=row.uid, organisation_id=organisation.pk, public=row.public)


def desk_key_make(organisation: Organisation) -> tuple[DeskKey, str]:
    """The new row and its private half, which the caller must wrap or forget."""
    pair = keypair_new()
    moment = now()
    DeskKey.objects.filter(organisation=organisation, valid_until=None).update(valid_until=moment)
    row = DeskKey.objects.create(organisation=organisation, public=pair.public, valid_from=moment)
    for person in holder_list(organisation):
        wrap_for_person(desk_key_id=row.pk, private=pair.private, person=person)
    for recovery in RecoveryKey.objects.filter(organisation=organisation, retired_at=None):
        row_require(recovery)
        sealed = seal(pair.private.encode(), to=[recovery.public])
        DeskKeyWrap.objects.create(desk_key=row, recovery=recovery, sealed=sealed)
    return row, pair.private
