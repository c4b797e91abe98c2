"""Cover: an entry stands beneath one of the same value that more may see.

A list holds a value once: while an organisation sees another entry of a value, its own for fewer eyes is
covered: it stands, and nothing of it is on the ledger. When what covers it leaves its organisation's sight, it
comes back to its list. So nobody ends another's entry by publishing the value and taking it back, and nobody
learns from his own what he may not see.
"""

from collections.abc import Iterable

from lachan.formats.sharing import Level, sees
from lachan.kernel.clock import now

from .ledger import ledger_append
from .models import Indicator, LedgerHead
from .projecting import change_of
from .queries import OPEN, SHARED, level_of, sight_of, standing_rows
from .records import Status


def covered_among(standing: Iterable[Indicator]) -> list[Indicator]:
    """Of the standing entries of one value those that are covered: what all see goes before what fewer do,
    and among equals goes whose organisation sees less, since the other one knows of both.
    """
    above: list[Indicator] = []
    covered: list[Indicator] = []
    for one in sorted(standing, key=_rank):
        hidden = one.tlp not in OPEN and any(_covers(each, one) for each in above)
        (covered if hidden else above).append(one)
    return covered


def _rank(one: Indicator) -> tuple[int, bool, int]:
    return one.reach.level, level_of(one.organisation_id) != Level.COMMUNITY, one.pk or 0


def _covers(above: Indicator, own: Indicator) -> bool:
    return above.tlp in SHARED and sees(sight_of(own.organisation_id), above.reach)


def cover_settle(
    head: LedgerHead, standing: Iterable[Indicator], *, coming: Indicator | None = None
) -> None:
    """Cover what is covered now of a value, then put back what is not any more.

    Args:
        standing: the value's `standing_rows`, locked.
        coming: is about to be published, or shared otherwise, as it stands in memory: first the others make
            room, so that no list ever holds a value twice.
    """
    # What ran out beneath another stays there: `indicator_expire_due` ends it.
    others = [one for one in standing if one != coming and not _ran_out(one)]
    if not others:
        return
    covered = covered_among([*others, coming] if coming else others)
    for one in others:
        if one in covered and one.status == Status.PUBLISHED:
            change = change_of(one, live=False, was_tlp=one.tlp, reason="shared")
            one.seq, one.status = ledger_append(head, [change])[1], Status.COVERED
            one.save(update_fields=["status", "seq"])
    for one in others:
        if one not in covered and one.status == Status.COVERED:
            one.seq = ledger_append(head, [change_of(one, live=True)])[1]
            one.status = Status.PUBLISHED
            one.save(update_fields=["status", "seq"])


def _ran_out(one: Indicator) -> bool:
    over = one.valid_until is not None and one.valid_until <= now()
    return over and one.status == Status.COVERED


def covers_settle(head: LedgerHead, gone: Iterable[Indicator]) -> None:
    """As `cover_settle`, for many values at once of which something has left the ledger."""
    covered = Indicator.objects.filter(value__in={one.value for one in gone}, status=Status.COVERED)
    for kind, value in covered.order_by("kind", "value").values_list("kind", "value").distinct():
        cover_settle(head, standing_rows(kind, value).select_for_update())
