"""Cases of people who can work on none any more go back to the queue.

A role ends by its date, an organisation is suspended, somebody leaves or comes back without a key: most of
it without an event. So it is looked for, each minute and before anybody looks at the queue.
"""

from django.db import transaction
from django.db.models import Q

from lachan.cases.audit_actions import CaseAudit
from lachan.cases.models import Case
from lachan.cases.records import Happening, Status
from lachan.members.records import Actor
from lachan.members.selectors import desk_key_people, people_able
from lachan.members.services import audit_record
from lachan.outbox.services import clock_is_believed
from lachan.reports.policy import Action

from .rating import case_rate
from .timeline import happening_record


def cases_free(*, by: Actor) -> int:
    """Give every open case back whose holder may not, or cannot, work on it now; how many."""
    able, holding = people_able(Action.CASE_WORK), desk_key_people()
    # Without a copy of the key nobody reads what a child wrote. Where nobody at all of a desk has one, none
    # is freed there: it would help nobody.
    desks = {holding[person] for person in able & holding.keys()}
    locked_out = Q(organisation__in=desks) & ~Q(assignee__in=holding)
    held = Case.objects.filter(closed_at__isnull=True, assignee__isnull=False)
    lost = list(held.filter(~Q(assignee__in=able) | locked_out).values_list("pk", "assignee_id"))
    if not lost or not clock_is_believed():  # most of what ends a right is a date
        return 0
    return sum(_freed(pk, holder, by) for pk, holder in lost)


@transaction.atomic
def _freed(pk: int, holder: int, by: Actor) -> bool:
    case = Case.objects.select_for_update().get(pk=pk)
    if case.assignee_id != holder or case.closed_at is not None:
        return False
    case.assignee, case.status = None, Status.NEW
    case_rate(case)
    happening_record(case, Happening.FREED, by=by)
    audit_record(by=by, action=CaseAudit.CASE_FREED, target=f"case:{case.uid}")
    return True
