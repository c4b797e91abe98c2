"""What staff may learn: whether something is known, how the collection stands, how often something was met."""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone

from lachan.formats.observables.record import Observable
from lachan.formats.sharing import Viewer
from lachan.indicators.selectors import audience_of, ledger_head
from lachan.kernel.clock import now
from lachan.matching.algorithms.algorithm import algorithm_of
from lachan.matching.between.lookup_status import LookupStatus, status_sum
from lachan.matching.between.paths import collection_folder, damage_tell
from lachan.matching.collection import Collection
from lachan.matching.covering import Covering, covering_list
from lachan.matching.records import Hit, InvalidHash, MatchingError, SegmentCorrupt, Stats
from lachan.members.policy import policy_check
from lachan.members.records import Actor

from .checkpoint import checkpoint_read
from .models import Sighting
from .policy import Action
from .shards import WHOLE

FINGERPRINTS = ("pdq", "md5", "sha1", "sha256")
_LONGEST = 100


@dataclasses.dataclass(frozen=True, slots=True)
class MatchAnswer:
    """Attributes: hits: nearest first, an indicator once; unread: those of the values that are no fingerprint;
    known: those that hit.
    """

    hits: tuple[Hit, ...]
    unread: tuple[str, ...]
    known: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class MatchingHealth:
    """How look-ups stand.

    Attributes:
        stats: of the collection; None where it cannot be opened, and `fault` is the code of the reason.
        head: the ledger's last number.
        lookups: of the processes that answer platforms.
    """

    stats: Stats | None
    fault: str
    head: int
    lookups: LookupStatus


@dataclasses.dataclass(frozen=True, slots=True)
class ExactAnswer:
    """Attributes: found: what covers a value, the most specific first; sequence: the ledger's, which is in."""

    found: tuple[Covering, ...]
    sequence: int


def exact_find(*, by: Actor, asked: Observable) -> ExactAnswer | None:
    """What the lists that `by` may see say of exactly this, or of what covers it.

    None where the collection of this machine cannot tell: there is none, it is damaged, or holds a share alone.
    For the public the database is not asked.
    """
    home = settings.LACHAN_HOME
    mark = checkpoint_read(collection_folder(home))
    if mark is None or mark.shard != WHOLE:
        return None
    try:
        collection = _collection(home)
        sequence = collection.sequence
        return ExactAnswer(tuple(covering_list(collection, asked, viewer=_viewer(by))), sequence)
    except SegmentCorrupt:
        damage_tell(home)
    except MatchingError:
        pass
    return None


def match_list(*, by: Actor, values: Sequence[str]) -> MatchAnswer:
    """What the lists that `by` may see say of fingerprints, of whatever kind each could be.

    Raises:
        NotAllowed: by policy.
        NoCollection, SegmentCorrupt, SegmentVersion: there is nothing to look in.
    """
    policy_check(by, Action.MATCH_LOOKUP)
    try:
        return _answer(_collection(settings.LACHAN_HOME), _viewer(by), values)
    except SegmentCorrupt:
        damage_tell(settings.LACHAN_HOME)
        raise


def _answer(collection: Collection, viewer: Viewer, values: Sequence[str]) -> MatchAnswer:
    nearest: dict[UUID, Hit] = {}
    unread, known = [], set()
    for value in values:
        is_read = False
        for algorithm in filter(None, map(algorithm_of, FINGERPRINTS)):
            try:
                # What is far too long is no fingerprint, and is not read letter by letter.
                hits = collection.find(value[:_LONGEST], viewer=viewer, algorithm=algorithm.name)
            except InvalidHash:
                continue
            is_read = True
            if hits:
                known.add(value)
            for hit in hits:
                before = nearest.get(hit.facts.indicator)
                if before is None or hit.distance < before.distance:
                    nearest[hit.facts.indicator] = hit
        if not is_read:
            unread.append(value)
    ordered = sorted(nearest.values(), key=lambda hit: hit.distance)
    return MatchAnswer(tuple(ordered), tuple(unread), frozenset(known))


def matching_health(*, by: Actor) -> MatchingHealth:
    """Raises:
    NotAllowed: by policy.
    """
    policy_check(by, Action.MATCH_HEALTH)
    stats, fault = None, ""
    try:
        stats = _collection(settings.LACHAN_HOME).stats()
    except MatchingError as error:
        fault = error.code
    return MatchingHealth(stats, fault, ledger_head(), status_sum(settings.LACHAN_HOME))


def sighting_counts(*, indicator: UUID, days: int = 30) -> list[tuple[date, int]]:
    """How often an indicator was met on each of the last days, oldest first, in local days.

    Whoever may see the indicator may see this; its page asks.
    """
    today = timezone.localdate(now())
    first = today - timedelta(days=days - 1)
    counts = {first + timedelta(days=n): 0 for n in range(days)}
    rows = Sighting.objects.filter(indicator=indicator, hour__gte=now() - timedelta(days=days))
    for hour, count in rows.values_list("hour").annotate(number=Sum("count")):
        day = _day(hour)
        if day in counts:
            counts[day] += count
    return list(counts.items())


def _day(hour: datetime) -> date:
    return timezone.localdate(hour)


def _viewer(by: Actor) -> Viewer:
    own = by.organisation_id
    if own is None:
        return Viewer()
    audience = audience_of(organisation_id=own, organisation_type=by.organisation_type)
    return Viewer(audience.level, audience.circles | {own})


@lru_cache(maxsize=1)
def _collection(home: Path) -> Collection:
    """Open for this process; threads share it, and it follows every change by itself."""
    return Collection.open(collection_folder(home))
