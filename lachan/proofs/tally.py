"""The sum over all proved rows, changed in the transaction that changes a row."""

from collections.abc import Sequence

from django.conf import settings
from django.db import transaction

from lachan.kernel.sealing.proofs import TALLY_BYTES, Prover, prover

from .models import Tally

_KIND = "tally"


def present_prover() -> Prover:
    """The instance's own, by its present secret and its former ones."""
    return prover((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def tally_change(kind: str, *, added: Sequence[bytes] = (), gone: Sequence[bytes] = ()) -> None:
    """Count rows of a kind in, by their proofs, and others out. Before the tally is begun: nothing."""
    with transaction.atomic(savepoint=False):
        row = Tally.objects.select_for_update().first()
        if row is None:
            return
        total = bytes(row.total)
        for proof in added:
            total = present_prover().tally_with(total, proof)
        for proof in gone:
            total = present_prover().tally_without(total, proof)
        counts = dict(row.counts)
        counts[kind] = counts.get(kind, 0) + len(added) - len(gone)
        _write(row, counts, total)


def tally_begin(counts: dict[str, int], total: bytes) -> None:
    """Begin with what stands there."""
    _write(Tally(changes=0), counts, total)


def _write(row: Tally, counts: dict[str, int], total: bytes) -> None:
    row.counts = {kind: number for kind, number in sorted(counts.items()) if number}
    row.total, row.changes = total, row.changes + 1
    row.proof = present_prover().prove(_KIND, row.counts, total, row.changes)
    row.save()


def tally_holds(row: Tally) -> bool:
    """Whether the tally itself is as the product wrote it."""
    facts = (row.counts, bytes(row.total), row.changes)
    return bool(present_prover().holds(row.proof, _KIND, *facts))


NOTHING = bytes(TALLY_BYTES)
