"""Withdrawal of a whole imported list."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction

from lachan.kernel.clock import now
from lachan.kernel.errors import Refused
from lachan.members.policy import policy_check
from lachan.members.records import Actor, ActorKind
from lachan.members.services import audit_record
from lachan.outbox.services import event_publish

from .audit_actions import IndicatorAudit
from .covering import covers_settle
from .events import ListWithdrawn
from .ledger import head_lock, ledger_append
from .models import Indicator, ListImport
from .policy import Action
from .projecting import change_of
from .records import STANDING, NoSuchImport, Status

_AT_ONCE = 1000


def list_withdraw(
    *, by: Actor, list_import: UUID, progress: Callable[[int], object] | None = None
) -> int:
    """Withdraw whatever one import published and is published still; how many that were.

    It goes in steps that each hold whole, so that an interrupted run is gone on with by running it again.

    Args:
        progress: told how many each step withdrew.

    Raises:
        NoSuchImport: there is none with this uid.
        Refused: by policy; an operator's list is the operator's alone.
    """
    policy_check(by, Action.INDICATOR_IMPORT, organisation_id=by.organisation_id)
    row = ListImport.objects.filter(uid=list_import).first()
    if row is None:
        raise NoSuchImport("there is no such import")
    policy_check(by, Action.INDICATOR_IMPORT, organisation_id=row.organisation_id)
    if row.organisation_id is None and by.kind is not ActorKind.SYSTEM:
        raise Refused("the operator's list is the operator's to withdraw")
    with transaction.atomic():
        audit_record(by=by, action=IndicatorAudit.LIST_WITHDRAW, target=f"import:{list_import}")
    ended = 0
    while step := _step(row):
        ended += step
        if progress:
            progress(step)
    with transaction.atomic():
        event_publish(ListWithdrawn(list_import=list_import, withdrawn=ended))
    return ended


@transaction.atomic
def _step(row: ListImport) -> int:
    standing = Indicator.objects.filter(list_import=row, status__in=STANDING)
    if not standing.exists():
        return 0
    head = head_lock()
    rows = list(
        standing.select_related("list_import", "organisation")
        .select_for_update(of=("self",))
        .order_by("pk")[:_AT_ONCE]
    )
    listed = [one for one in rows if one.status == Status.PUBLISHED]
    changes = [change_of(one, live=False, was_tlp=one.tlp, reason="withdrawn") for one in listed]
    for seq, one in enumerate(listed, ledger_append(head, changes)[0]):
        one.seq = seq
    moment = now()
    for one in rows:
        one.status, one.decided_at = Status.WITHDRAWN, moment
    Indicator.objects.bulk_update(rows, ["seq", "status", "decided_at"], batch_size=300)
    covers_settle(head, rows)
    return len(rows)
