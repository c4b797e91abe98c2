"""Recovery of the desk's keys: k of n people bring them back when nobody holds them any more; fewer than k can
do nothing.

What is split is not a desk key but a recovery key, to which every desk key is wrapped: shares that were
printed once stay good when desk keys change.
"""

from collections.abc import Sequence

from django.db import transaction

from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound
from lachan.kernel.sealing.envelope import keypair_from_private, keypair_new, seal, unseal
from lachan.kernel.sealing.errors import SharesUnusable
from lachan.kernel.sealing.shares import share_parse, shares_combine, shares_split
from lachan.kernel.seen import state_check
from lachan.members.audit import audit_record
from lachan.members.audit_actions import MemberAudit
from lachan.members.errors import KeyMissing
from lachan.members.models import DeskKey, DeskKeyWrap, Organisation, Person, RecoveryKey
from lachan.members.policy import Action, policy_check
from lachan.members.records import Actor, system
from lachan.proofs.services import row_require

from .desk_keys import desk_key_state, held_privates, holder_list, wrap_for_person


@transaction.atomic
def recovery_split(
    *,
    by: Actor,
    unlocked: str,
    organisation: Organisation,
    needed: int,
    total: int,
    seen: str = "",
) -> list[str]:
    """Fresh shares, as texts to print. Earlier ones stop working.

    Args:
        seen: the mark of `desk_key_state` that the page carried.

    Raises:
        Stale: somebody made shares or a fresh key meanwhile.
        NotAllowed: not an administrator there.
        KeyMissing: `by` does not hold every desk key.
        SharesUnusable: not 2 ≤ needed ≤ total.
    """
    policy_check(by, Action.MEMBER_MANAGE, organisation_id=organisation.pk)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    state_check(seen, *desk_key_state(organisation))
    held = held_privates(person_id=by.person_id, unlocked=unlocked)
    wanted = set(DeskKey.objects.filter(organisation=organisation).values_list("id", flat=True))
    if not wanted or not wanted <= set(held):
        raise KeyMissing("every desk key is needed to make shares")
    pair = keypair_new()
    shares = shares_split(pair.private.encode(), needed=needed, total=total)
    earlier = RecoveryKey.objects.filter(organisation=organisation, retired_at=None)
    DeskKeyWrap.objects.filter(recovery__in=earlier).delete()
    earlier.update(retired_at=now())
    row = RecoveryKey.objects.create(
        organisation=organisation, public=pair.public, needed=needed, total=total
    )
    for pk in wanted:
        sealed = seal(held[pk].encode(), to=[pair.public])
        DeskKeyWrap.objects.create(desk_key_id=pk, recovery=row, sealed=sealed)
    detail = {"needed": needed, "total": total}
    audit_record(
        by=by, action=MemberAudit.RECOVERY_SPLIT, target=f"recovery:{row.uid}", detail=detail
    )
    return [share.text() for share in shares]


@transaction.atomic
def recovery_use(*, shares: Sequence[str], email: str) -> int:
    """Give every desk key to a person again; how many. For the operator's command line.

    Raises:
        SharesUnusable: too few, altered, or of a set that was replaced.
        NotFound: no such person.
        KeyMissing: the person has no role that holds the key, or has not joined.
    """
    private = shares_combine([share_parse(text) for text in shares]).decode()
    public = keypair_from_private(private).public
    row = RecoveryKey.objects.filter(public=public, retired_at=None).first()
    if row is None:
        raise SharesUnusable("these shares were replaced by later ones, or are of another instance")
    person = Person.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise NotFound("nobody here has this address")
    if person not in holder_list(row.organisation):
        raise KeyMissing("this person has no role that holds the desk key, or has not joined yet")
    row_require(row)
    for wrap in row.wraps.select_related("desk_key"):
        row_require(wrap)
        opened = unseal(bytes(wrap.sealed), key=private).decode()
        wrap_for_person(desk_key_id=wrap.desk_key_id, private=opened, person=person)
    audit_record(
        by=system("recover"), action=MemberAudit.RECOVERY_USE, target=f"person:{person.uid}"
    )
    return row.wraps.count()
