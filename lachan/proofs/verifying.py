"""Every proved row, and the tally over all of them, as they stand at one moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from lachan.kernel.sealing.proofs import Held

from .chains import heads_faults
from .models import Tally
from .note import note_fault
from .proving import PROVED, Proved
from .records import ProofCheck
from .spelling import dangling, written_otherwise
from .tally import NOTHING, present_prover, tally_holds, tally_settle

_CHUNK = 500


def proofs_verify(progress: Callable[[int], object] = lambda _: None) -> ProofCheck:
    """Read every proved row and the tally; changes nothing, and waits for nobody."""
    tally_settle()
    with snapshot():
        return _verify(progress)


@contextmanager
def snapshot() -> Iterator[None]:
    """See the database as it stands now until this ends, while others write."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        # Not `atomic`, which takes the one writer's place.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _verify(progress: Callable[[int], object]) -> ProofCheck:
    rows, former, total = 0, 0, NOTHING
    faults: list[str] = []
    counts: dict[str, int] = {}
    tell = present_prover()
    for kind in sorted(PROVED.values(), key=lambda one: one.kind):
        for pk, proof, facts in _rows(kind):
            rows += 1
            counts[kind.kind] = counts.get(kind.kind, 0) + 1
            total = tell.tally_with(total, proof, kind.kind, pk)
            held = tell.holds(proof, kind.kind, *facts)
            former += held is Held.BY_A_FORMER_KEY
            if not held:
                faults.append(
                    f"a row of {kind.kind} was not written by this instance, or was altered"
                )
            if rows % _CHUNK == 0:
                progress(rows)
        faults += written_otherwise(kind) + dangling(kind)
    faults += heads_faults() + _tally_faults(counts, total)
    return ProofCheck(rows, former, faults[0] if faults else "", len(faults))


def _rows(kind: Proved) -> Iterator[tuple[object, bytes, tuple[object, ...]]]:
    rows = kind.rows().order_by("pk").values_list("pk", "proof", *kind.fields)
    for pk, proof, *facts in rows.iterator(chunk_size=_CHUNK):
        yield pk, bytes(proof or b""), tuple(facts)


def _tally_faults(counts: dict[str, int], total: bytes) -> list[str]:
    row = Tally.objects.first()
    if row is None or Tally.objects.count() != 1:
        return ["the tally of proved rows is missing, or there are two"]
    if not tally_holds(row):
        return ["the tally of proved rows was not written by this instance"]
    apart = sorted(
        kind for kind in {*row.counts, *counts} if row.counts.get(kind, 0) != counts.get(kind, 0)
    )
    if apart:
        return [f"rows of {', '.join(apart)} were put in or taken away"]
    if total != bytes(row.total):
        return ["rows were exchanged for others"]
    return [why] if (why := note_fault(row.changes)) else []
