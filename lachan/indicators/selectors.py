"""The doors to read: indicators, reviews, disputes, imports, and the ledger by audience."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from lachan.formats.guard.records import SitesHead
from lachan.formats.observables.record import Observable
from lachan.formats.sharing import ANYBODY, Viewer, sees
from lachan.kernel.clock import now
from lachan.kernel.errors import Refused
from lachan.kernel.heads import Head
from lachan.members.policy import Action as MemberAction
from lachan.members.policy import policy_check
from lachan.members.records import PUBLIC, Actor, ActorKind

from . import ledger, queries, unfiltered, verifying
from .guard import guard_load, sites_head, warning_lists
from .labels import CONFIDENCES, TLPS
from .models import Dispute, Indicator, ListImport, Quarantined, Review, seen_by
from .policy import Action
from .queries import (
    AGAIN,
    SHARED,
    dispute_record,
    is_community,
    record,
    shared_with,
    viewer_of,
    warnings_now,
)
from .records import (
    DisputeRecord,
    GuardList,
    GuardWarning,
    IndicatorRecord,
    LedgerEntry,
    NoSuchDispute,
    NoSuchIndicator,
    Outlook,
    Status,
    UnfilteredEntry,
)


def _visible(by: Actor) -> QuerySet[Indicator]:
    policy_check(by, Action.INDICATOR_READ)
    rows = Indicator.objects.all()
    return rows if by.kind is ActorKind.SYSTEM else rows.filter(seen_by(viewer_of(by)))


def indicator_rows(
    *, by: Actor, status: str = "", kind: str = "", category: str = "", text: str = ""
) -> QuerySet[Indicator]:
    """What `by` may see, newest first, for this room's own pages; lazy."""
    rows = _visible(by)
    if status:
        rows = rows.filter(status=status)
    if kind:
        rows = rows.filter(kind=kind)
    if category:
        rows = rows.filter(Q(category=category) | Q(category__startswith=f"{category}."))
    if text:
        rows = rows.filter(value__contains=text.strip().lower())
    return rows.select_related("organisation", "list_import").order_by("-id")


def indicator_list(
    *,
    by: Actor,
    status: str = "",
    kind: str = "",
    category: str = "",
    text: str = "",
    case_uid: UUID | None = None,
    after: UUID | None = None,
    limit: int = 100,
) -> list[IndicatorRecord]:
    """What `by` may see, newest first.

    Args:
        category: a code; wider codes hold the finer ones.
        text: a part of the value.
        after: the uid at which the page before ended.
    """
    rows = indicator_rows(by=by, status=status, kind=kind, category=category, text=text)
    if case_uid is not None:
        policy_check(by, MemberAction.CASE_READ)
        rows = rows.filter(case_uid=case_uid)
        if by.kind is not ActorKind.SYSTEM:
            rows = rows.filter(organisation_id=by.organisation_id)
    if after is not None:
        last = rows.filter(uid=after).values_list("id", flat=True).first()
        rows = rows.filter(id__lt=last or 0)
    return [record(row, by=by) for row in rows[:limit]]


def outlook_list(*, by: Actor, observables: Sequence[Observable]) -> list[Outlook]:
    """What would await a proposal of each, in order; two queries whatever their number."""
    policy_check(by, Action.INDICATOR_READ)
    guard = guard_load()
    own, shared = Q(organisation_id=by.organisation_id), shared_with(by)
    rows: dict[tuple[str, str], dict[str, Indicator]] = {}
    for row in Indicator.objects.filter(
        Q(status__in=[Status.PUBLISHED, Status.WITHDRAWN], tlp__in=shared)
        | Q(status__in=[Status.PUBLISHED, Status.PROPOSED]) & own,
        value__in={one.value for one in observables},
    ).order_by("-pk"):  # fmt: skip
        rows.setdefault((row.kind, row.value), {})[row.status] = row
    found = []
    for one in observables:
        mine = rows.get((one.kind, one.value), {})
        known = mine.get(Status.PUBLISHED) or mine.get(Status.PROPOSED)
        again = (AGAIN,) if Status.WITHDRAWN in mine else ()
        found.append(
            Outlook(
                known=Status(known.status) if known else None,
                uid=known.uid if known else None,
                warnings=guard.check(one) + again,
            )
        )
    return found


def indicator_row(*, by: Actor, indicator: UUID) -> Indicator:
    """As `indicator_get`, for this room's own pages."""
    found = _visible(by).select_related("organisation", "list_import").filter(uid=indicator).first()
    if found is None:
        raise NoSuchIndicator("there is no such indicator")
    return found


def indicator_get(*, by: Actor, indicator: UUID) -> IndicatorRecord:
    """One indicator.

    Raises:
        NoSuchIndicator: none, or none that `by` may know of. Refused.
    """
    return record(indicator_row(by=by, indicator=indicator), by=by)


def indicator_count_proposed(*, by: Actor) -> int:
    """How many wait for a review."""
    return _visible(by).filter(status=Status.PROPOSED).count()


def indicator_count_ended_by_others(*, by: Actor) -> int:
    """How many of the own organisation's people of other organisations took back in the last two weeks."""
    since = now() - timedelta(days=14)
    taken = Review.objects.filter(
        decision="withdraw", at__gte=since, indicator__organisation_id=by.organisation_id
    )
    others = taken.exclude(by__organisation_id=by.organisation_id).exclude(by=None)
    return others.values("indicator").distinct().count()


def indicator_counts(*, by: Actor) -> dict[str, int]:
    """How many `by` may see in each status."""
    rows = _visible(by).order_by().values_list("status").annotate(number=Count("id"))
    return dict(rows)


def indicator_warnings(*, by: Actor, row: Indicator) -> tuple[GuardWarning, ...]:
    """What the guard says of an indicator that `by` sees, now: maybe more than when it was proposed or
    published.
    """
    return warnings_now(Observable(row.kind, row.value), seen=shared_with(by))


def guard_check(*, observable: Observable) -> tuple[GuardWarning, ...]:
    """What the guard says of a value as things stand, whether or not anybody ever proposed it."""
    return warnings_now(observable, seen=SHARED)


def unsigned_list(*, names: Iterable[str], rule: str) -> list[str]:
    """Which of these domain names are published although no reviewer was told what a rule of the guard says of them:
    they were published before it knew them.
    """
    rows = Indicator.objects.filter(
        kind="domain", status=Status.PUBLISHED, value__in=sorted(names)
    ).prefetch_related("reviews")
    return sorted(
        row.value
        for row in rows
        if not any(rule == said for each in row.reviews.all() for said, *_ in each.warnings)
    )


def guard_lists() -> list[GuardList]:
    """The warning lists that the operator keeps, each with what of it is in use."""
    return warning_lists(settings.LACHAN_HOME)


def guard_sites() -> SitesHead | None:
    """The operator's list of well-known sites, read whole; None where there is none.

    Raises:
        UnusableList: damaged.
    """
    return sites_head(settings.LACHAN_HOME)


def indicator_get_public(*, indicator: UUID) -> IndicatorRecord:
    """A published indicator that everybody may know of.

    Raises:
        NoSuchIndicator: none.
    """
    rows = Indicator.objects.filter(uid=indicator, status=Status.PUBLISHED).filter(seen_by(ANYBODY))
    if (found := rows.first()) is None:
        raise NoSuchIndicator("there is no such indicator")
    return record(found, by=PUBLIC)


def indicator_history(*, by: Actor, row: Indicator) -> list[LedgerEntry]:
    """What the ledger says of an indicator that `by` sees, newest first, as far as `by` saw it at the time."""
    return ledger.history(row.uid, viewer=viewer_of(by))


def ledger_list(*, after: int, audience: Viewer, limit: int = 1000) -> list[LedgerEntry]:
    """What happened to an audience's list after a sequence number, in order, at most `limit` rows.

    Fewer than `limit` means that the reader has caught up; the last row's `seq` is where to go on.
    """
    return list(ledger.changes_after(after, audience, limit=limit))


def ledger_head(audience: Viewer | None = None) -> int:
    """The last number of a row about an indicator, of all or of what concerns an audience; 0 when there is none."""
    return ledger.head_seq() if audience is None else ledger.audience_seq(audience)


def projection_at(
    sequence: int, audience: Viewer, *, kinds: Iterable[str] = ()
) -> Iterator[LedgerEntry]:
    """An audience's whole list as it stood at a sequence number; the same for ever. Lazy, in order of seq."""
    return ledger.projection(sequence, audience, kinds=kinds)


def ledger_unfiltered(*, by: Actor, after: int, limit: int = 1000) -> list[UnfilteredEntry]:
    """Every row about an indicator after a sequence number, whatever its audience, in order, at most `limit`.

    For parts of the system that keep all and apply audiences themselves. Nobody else gets it.

    Raises:
        Refused: `by` is not the system.
    """
    _system_check(by)
    return list(unfiltered.unfiltered_after(after, limit=limit))


def projection_unfiltered(
    *, by: Actor, sequence: int, kinds: Iterable[str] = ()
) -> Iterator[UnfilteredEntry]:
    """Every indicator that stands at a sequence number, whatever its audience; lazy, in order of seq.

    Raises:
        Refused: as `ledger_unfiltered`.
    """
    _system_check(by)
    return unfiltered.unfiltered_standing(sequence, kinds=kinds)


def ledger_checkpoint(sequence: int) -> str:
    """The chain's hash at a row, by which a follower knows that it follows the same ledger; empty for none."""
    return unfiltered.hash_at(sequence)


def _system_check(by: Actor) -> None:
    if by.kind is not ActorKind.SYSTEM:
        raise Refused("only the system itself reads the whole ledger")


def audience_of(*, organisation_id: int, organisation_type: str) -> Viewer:
    """How far an organisation sees: all that members share and its own; schools and partners less.

    Args:
        organisation_type: as an actor or a key names it; where it is empty, the organisation is looked up.
    """
    return queries.audience_of(organisation_id, organisation_type)


def ledger_head_hash() -> Head | None:
    """The ledger's last row and its hash, to be noted elsewhere; None while it is empty."""
    return verifying.head()


def ledger_hash_at(seq: int) -> str | None:
    """A row's hash, hexadecimal; None where there is no such row."""
    return verifying.hash_at(seq)


def ledger_verify(*, progress: Callable[[int], None] | None = None) -> verifying.LedgerCheck:
    """Recompute the chain from the first row: `fault` is empty when all is well.

    `progress` is called now and then with the number of rows read.
    """
    return verifying.verify(progress)


def dispute_rows(
    *, by: Actor, waiting: bool = True, aside: bool | None = None
) -> QuerySet[Dispute]:
    """Disputes of what `by` may see, for this room's own pages; lazy.

    Args:
        waiting: those without an answer, the heaviest first, then the next due; else all, newest first.
        aside: of those that wait only what weighs nothing, or only what does; None for both.
    """
    policy_check(by, Action.DISPUTE_ANSWER)
    rows = Dispute.objects.filter(indicator__in=_visible(by)).select_related(
        "indicator__organisation", "indicator__list_import"
    )
    if not waiting:
        return rows.order_by("-opened_at", "-id")
    rows = rows.filter(outcome="").order_by("-weight", "due_at", "id")
    return rows if aside is None else rows.filter(weight=0) if aside else rows.filter(weight__gt=0)


def dispute_list(*, by: Actor, waiting: bool = True, limit: int = 100) -> list[DisputeRecord]:
    """Disputes of what `by` may see; the waiting ones, the heaviest first, or all, newest first."""
    return [dispute_record(row) for row in dispute_rows(by=by, waiting=waiting)[:limit]]


def dispute_get_public(*, dispute: UUID) -> DisputeRecord:
    """A dispute for whoever holds its address; only of what the public may know.

    Raises:
        NoSuchDispute: also where the indicator left the public's sight.
    """
    rows = Dispute.objects.select_related("indicator").filter(uid=dispute, organisation=None)
    found = rows.first()
    if found is None or not sees(ANYBODY, found.indicator.reach):
        raise NoSuchDispute("there is no such dispute")
    return dispute_record(found)


def dispute_row(*, by: Actor, dispute: UUID) -> Dispute:
    """One dispute of what `by` may see, for this room's own pages."""
    found = dispute_rows(by=by, waiting=False).filter(uid=dispute).first()
    if found is None:
        raise NoSuchDispute("there is no such dispute")
    return found


def import_rows(*, by: Actor) -> QuerySet[ListImport]:
    """Imported lists, newest first, for this room's own pages: to the community only its own. How many values
    of a list were there already counts what it does not see.
    """
    policy_check(by, Action.INDICATOR_READ)
    rows = ListImport.objects.order_by("-id")
    return rows.filter(organisation_id=by.organisation_id) if is_community(by) else rows


def import_exists() -> bool:
    """Whether anybody ever imported a list."""
    return ListImport.objects.exists()


def quarantined_rows(*, by: Actor, list_import: UUID) -> QuerySet[Quarantined]:
    """The lines of one import that could not be used, in order."""
    rows = import_rows(by=by).filter(uid=list_import).order_by()
    return Quarantined.objects.filter(list_import__in=rows).order_by("line")


def tlp_choices() -> list[tuple[str, Any]]:
    """Who may know: (code, words in the reader's language), from the widest to the narrowest."""
    return [(code.value, words) for code, words in TLPS.items()]


def confidence_choices() -> list[tuple[int, Any]]:
    """How sure one may be: (0 to 100, words in the reader's language), from the least."""
    return list(CONFIDENCES)


def ledger_summary() -> dict[str, Any]:
    """For the checks at the command line: how long the ledger is and how many indicators live."""
    live = Indicator.objects.filter(status=Status.PUBLISHED).count()
    return {"sequence": ledger.head_seq(), "published": live}
