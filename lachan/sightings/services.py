"""The whole ledger, kept in a collection: who may see an entry is a fact beside it, applied by the engine.
And what goes between the database and the look-up processes that have none: keys out, counts in.
"""

import contextlib
import logging
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import F

from lachan.indicators.records import Effect, UnfilteredEntry
from lachan.indicators.selectors import (
    audience_of,
    ledger_checkpoint,
    ledger_head,
    ledger_unfiltered,
    projection_unfiltered,
)
from lachan.kernel.clock import hour, now
from lachan.kernel.files import file_write
from lachan.matching.algorithms.algorithm import algorithm_of, algorithms
from lachan.matching.between.keys import LookupKey, keys_encode
from lachan.matching.between.paths import collection_folder, keys_file
from lachan.matching.between.spool import SightingCount, spool_list, spool_read
from lachan.matching.collection import Collection
from lachan.matching.records import Facts
from lachan.members.records import ApiKeyRecord, system
from lachan.members.selectors import api_key_usable_list, organisation_ids
from lachan.outbox.services import clock_is_believed, turn
from lachan.sightings.checkpoint import Checkpoint, checkpoint_read, checkpoint_write
from lachan.sightings.shards import WHOLE, Shard

from .models import Sighting, SightingBatch
from .policy import Action

log = logging.getLogger(__name__)

CHUNK = 50_000
KEPT = timedelta(days=92)
_BATCH = 250_000
_BY = system("matching")
Batch = dict[str, list[tuple[str, Facts]]]


def collection_sync(
    collection: Collection, home: Path, *, shard: Shard = WHOLE, limit: int = CHUNK
) -> int:
    """Bring the collection up to the ledger's head, `limit` rows at most; how many it took.

    What is another shard's is taken note of, and not put in.

    Raises:
        StoreUnwritable: the disk is full; what was not taken is taken next time.
    """
    rows = ledger_unfiltered(by=_BY, after=collection.sequence, limit=limit)
    if not rows:
        return 0
    # Of several rows for one indicator the last one holds.
    last = {row.entry.uid: row for row in rows if shard.holds(row.entry.uid)}
    batch: Batch = {}
    for row in last.values():
        algorithm = algorithm_of(row.entry.kind)
        if algorithm is None:
            continue
        if row.entry.effect is Effect.REMOVE:
            collection.remove(row.entry.uid, algorithm=algorithm.name)
        else:
            batch.setdefault(algorithm.name, []).append(_matchable(row))
    _add(collection, batch)
    sequence = rows[-1].entry.seq
    collection.commit(sequence)
    checkpoint_write(collection_folder(home), _checkpoint(sequence, shard))
    return len(rows)


def collection_rebuild(home: Path, *, shard: Shard = WHOLE) -> Collection:
    """Fill a new collection with a shard of the ledger and put it in place; opened to write.

    Look-ups go on in the old one until the new one is whole, and never find none. The old one must not be open
    for writing.

    Raises:
        StoreUnwritable: the disk is full; the old one stays.
    """
    folder = collection_folder(home)
    draft = folder.with_name("matching.new")
    shutil.rmtree(draft, ignore_errors=True)
    Collection.put_back(folder)
    head = ledger_head()
    with Collection.create(draft) as fresh:
        rows = projection_unfiltered(by=_BY, sequence=head, kinds=_kinds())
        _fill(fresh, (row for row in rows if shard.holds(row.entry.uid)))
        fresh.commit(head)
    checkpoint_write(draft, _checkpoint(head, shard))
    Collection.replace(folder, draft)
    return Collection.open(folder, write=True)


def needs_rebuild(home: Path, *, shard: Shard = WHOLE) -> bool:
    """Whether the collection is to be filled anew: there is none, or it followed a ledger that is no longer
    this one, or a program that knew other kinds or was to hold another shard. An empty ledger is a wrong database rather than the truth.
    """
    folder = collection_folder(home)
    if not folder.exists():
        return True
    if ledger_head() == 0:
        return False
    checkpoint = checkpoint_read(folder)
    if checkpoint is None or (checkpoint.kinds, checkpoint.shard) != (_kinds(), shard):
        return True
    return ledger_checkpoint(checkpoint.sequence) != checkpoint.hash


def _fill(collection: Collection, rows: Iterable[UnfilteredEntry]) -> None:
    batch: Batch = {}
    for number, row in enumerate(rows, 1):
        if (algorithm := algorithm_of(row.entry.kind)) is not None:
            batch.setdefault(algorithm.name, []).append(_matchable(row))
        if number % _BATCH == 0:
            _add(collection, batch)
            batch = {}
    _add(collection, batch)


def _add(collection: Collection, batch: Batch) -> None:
    for name, entries in batch.items():
        refused = collection.add_many(entries, algorithm=name).refused
        if refused:
            log.warning("%s: %d entries of the ledger cannot be matched", name, len(refused))


def _matchable(row: UnfilteredEntry) -> tuple[str, Facts]:
    entry = row.entry
    return entry.value, Facts(
        sequence=entry.seq,
        indicator=entry.uid,
        categories=(entry.category,),
        confidence=entry.confidence,
        reach=row.reach.level,
        circle=row.reach.circle,
        valid_until=int(entry.valid_until.timestamp()) if entry.valid_until else 0,
        source=entry.source,
    )


def _kinds() -> tuple[str, ...]:
    return tuple(sorted(kind for each in algorithms().values() for kind in each.kinds))


def _checkpoint(sequence: int, shard: Shard) -> Checkpoint:
    return Checkpoint(_kinds(), sequence, ledger_checkpoint(sequence), shard)


def keys_export(home: Path, before: bytes = b"") -> bytes:
    """Write down which API keys open look-ups, where that is not what stands there; what is written.

    Args:
        before: what this process wrote last.

    Raises:
        OSError: the disk would not.
    """
    raw = keys_encode([_lookup_key(key) for key in api_key_usable_list(Action.MATCH_LOOKUP)])
    path = keys_file(home)
    if raw != before or not path.exists():
        file_write(path, raw)  # for its owner alone
    return raw


def _lookup_key(key: ApiKeyRecord) -> LookupKey:
    audience = audience_of(
        organisation_id=key.organisation_id, organisation_type=key.organisation_type
    )
    return LookupKey(
        prefix=key.prefix,
        hash=key.secret_hash.hex(),
        level=audience.level,
        organisation=key.organisation_id,
        owner=key.organisation_id,
        expires=int(key.expires_at.timestamp()),
        circles=tuple(audience.several),
    )


def sightings_take(home: Path) -> int:
    """Take in the counts that look-up processes have put down; how many batches.

    Each counts once, however often this is cut off. What is no batch is set aside.
    """
    taken = 0
    for path in spool_list(home):
        try:
            batch = spool_read(path)
        except FileNotFoundError:
            continue  # another worker was faster
        except ValueError:
            log.warning("a batch of sightings cannot be read; it is set aside")
            with contextlib.suppress(FileNotFoundError):  # another worker was faster here, too
                path.replace(path.with_suffix(".refused"))
            continue
        with turn(), transaction.atomic():
            fresh = SightingBatch.objects.get_or_create(pk=batch.uid)[1]
            if fresh:
                _count(batch.met)
        path.unlink(missing_ok=True)
        taken += fresh
    return taken


def _count(met: list[SightingCount]) -> None:
    known = organisation_ids()
    for one in met:
        if one.organisation not in known or one.count < 1:
            continue
        began = hour(datetime.fromtimestamp(one.hour, UTC))
        where = {"indicator": one.indicator, "hour": began, "organisation_id": one.organisation}
        if not Sighting.objects.filter(**where).update(count=F("count") + one.count):
            Sighting.objects.create(**where, count=one.count)


def sightings_purge() -> int:
    """Forget counts after three months, and batches that can no longer come again; how many counts."""
    if not clock_is_believed():
        return 0
    SightingBatch.objects.filter(taken_at__lt=now() - KEPT).delete()
    return Sighting.objects.filter(hour__lt=now() - KEPT).delete()[0]
