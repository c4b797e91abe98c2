"""The queue: one walk along an index, however many cases there are.

Pages go by position, not by number: `after` names the last row that was seen, so that a case that comes in
above or is closed meanwhile neither repeats nor hides another.
"""

import dataclasses
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime

import msgspec
from django.db.models import Count, Q, QuerySet

from lachan.cases.models import Case
from lachan.cases.records import QueueFilter, Status
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import Action, policy_check
from lachan.members.records import Actor

PAGE = 50


@dataclasses.dataclass(frozen=True)
class QueuePage:
    """Rows of one page, and the positions of its neighbours (empty: there is none)."""

    rows: list[Case]
    after: str
    before: str


def queue_page(
    *, by: Actor, wanted: QueueFilter, after: str = "", before: str = "", size: int = PAGE
) -> QueuePage:
    """The next or previous cases of the actor's desk, by priority, then age.

    Raises:
        InvalidInput: a position that is none.
        Refused: by the policy (`Action.CASE_READ`).
    """
    rows = _wanted(by, wanted).select_related("assignee")
    if before:
        rows = rows.filter(_beyond(before, back=True)).order_by("priority", "-opened_at", "-id")
    else:
        if after:
            rows = rows.filter(_beyond(after, back=False))
        rows = rows.order_by("-priority", "opened_at", "id")
    found = list(rows[: size + 1])
    more, found = len(found) > size, found[:size]
    if before:
        found.reverse()
    has_next, has_previous = (True, more) if before else (more, bool(after))
    return QueuePage(
        rows=found,
        after=_position(found[-1]) if found and has_next else "",
        before=_position(found[0]) if found and has_previous else "",
    )


def queue_count(*, by: Actor, wanted: QueueFilter) -> int:
    """How many cases a filter leaves."""
    return _wanted(by, wanted).count()


def queue_counts(*, by: Actor) -> dict[str, int]:
    """Cases of the actor's desk by status, and `all`, `open` and `mine`."""
    policy_check(by, Action.CASE_READ, organisation_id=by.organisation_id)
    ours = Case.objects.filter(organisation_id=by.organisation_id)
    found = dict(ours.values_list("status").annotate(n=Count("id")).order_by())
    counts = {status.value: found.get(status.value, 0) for status in Status}
    counts["all"] = sum(counts.values())
    counts["open"] = counts["all"] - counts[Status.CLOSED]
    counts["mine"] = ours.filter(assignee_id=by.person_id, closed_at=None).count()
    return counts


def _wanted(by: Actor, wanted: QueueFilter) -> QuerySet[Case]:
    policy_check(by, Action.CASE_READ, organisation_id=by.organisation_id)
    rows = Case.objects.filter(organisation_id=by.organisation_id)
    if wanted.status == "open":
        rows = rows.filter(closed_at__isnull=True)
    elif wanted.status in set(Status):
        rows = rows.filter(status=wanted.status)
    if wanted.category:
        rows = rows.filter(category=wanted.category)
    if wanted.province:
        rows = rows.filter(province=wanted.province)
    if wanted.mine:
        rows = rows.filter(assignee_id=by.person_id)
    return rows


def _position(case: Case) -> str:
    key = [case.priority, int(case.opened_at.timestamp() * 1_000_000), case.pk]
    return urlsafe_b64encode(msgspec.msgpack.encode(key)).decode().rstrip("=")


def _beyond(position: str, *, back: bool) -> Q:
    try:
        raw = urlsafe_b64decode(position + "=" * (-len(position) % 4))
        priority, micros, pk = msgspec.msgpack.decode(raw, type=tuple[int, int, int])
        opened = datetime.fromtimestamp(micros / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError, msgspec.MsgspecError):
        raise InvalidInput("not a position in the queue") from None
    less, more = ("gt", "lt") if back else ("lt", "gt")
    # The first condition is implied by the rest; it is what lets the index be entered at the right place.
    return Q(**{f"priority__{less}e": priority}) & (
        Q(**{f"priority__{less}": priority})
        | Q(priority=priority, **{f"opened_at__{more}": opened})
        | Q(priority=priority, opened_at=opened, **{f"id__{more}": pk})
    )
