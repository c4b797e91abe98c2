"""The ledger's public projection, compiled into the snapshot that edges read."""

from contextlib import suppress

from django.conf import settings

from lachan.formats.classification.categories import categories
from lachan.formats.guard.loading import domains_write
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.indicators.records import PUBLIC_AUDIENCE, Effect, LedgerEntry
from lachan.indicators.selectors import ledger_head, ledger_list, projection_at
from lachan.members.selectors import organisation_domain_list

# Above a quarter of a delta the writer makes one new base at once, far faster than entry by entry.
CHUNK = 50_000


def snapshot_sync(writer: SnapshotWriter, *, limit: int = CHUNK) -> int:
    """Bring the snapshot up to the ledger's head, `limit` rows at most; how many it took.

    What blocks is what everybody may know of: a DNS answer tells whoever asks, so that only the public
    projection (TLP:CLEAR) reaches the edge.
    """
    # The head first: every row up to it is then in the list that is read after it, or beyond the limit.
    head = ledger_head(PUBLIC_AUDIENCE)
    if 0 < head < writer.sequence:
        # A restored backup, or commits lost with the power: the rows up to the snapshot's number will be
        # others than those that it holds. An empty ledger is a wrong database rather than the truth.
        snapshot_rebuild(writer)
        return 0
    if head <= writer.sequence:
        return 0
    entries = ledger_list(after=writer.sequence, audience=PUBLIC_AUDIENCE, limit=limit)
    # Many at once become one new base, faster than one by one; order matters only for one value.
    last = {(e.kind, e.value): e for e in entries}
    for entry in last.values():
        if entry.effect is Effect.REMOVE:
            writer.remove(entry.kind, entry.value)
    writer.put_all(_verdict(e) for e in last.values() if e.effect is Effect.ADD)
    writer.commit(entries[-1].seq if len(entries) == limit else max(head, writer.sequence))
    return len(entries)


def shelter_keep() -> None:
    """Keep the members' domains where edges find them: no alias blocks these (`lachan.formats.guard`)."""
    # A full disk: what stood there stands on, and the next look tries again.
    with suppress(OSError):
        domains_write(settings.LACHAN_HOME, organisation_domain_list())


def snapshot_rebuild(writer: SnapshotWriter) -> int:
    """Build the snapshot anew from the whole ledger; how many entries it has."""
    head = ledger_head(PUBLIC_AUDIENCE)
    verdicts = (_verdict(entry) for entry in projection_at(head, PUBLIC_AUDIENCE))
    return writer.rebuild(verdicts, head).entries


def _verdict(entry: LedgerEntry) -> Verdict:
    category = categories().get(entry.category)
    return Verdict(
        kind=entry.kind,  # type: ignore[arg-type]  the same words
        value=entry.value,
        categories=(entry.category,),
        source=entry.source,
        sequence=entry.seq,
        # English in the file; pages and API say it in the asker's language, by the code.
        reason=category.name("en") if category else entry.category,
        indicator=str(entry.uid),
        valid_until=int(entry.valid_until.timestamp()) if entry.valid_until else None,
    )
