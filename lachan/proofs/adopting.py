"""Adoption: proofs for rows that stood there before, once."""

from collections.abc import Mapping

from django.db import transaction

from lachan.kernel.errors import Unavailable

from .chains import chain_note
from .models import Tally
from .note import note_exists, note_keep, note_read
from .proving import PROVED
from .tally import NOTHING, present_prover, tally_begin, tally_holds, tally_settle

_CHUNK = 500


def proofs_adopt(chains: Mapping[str, tuple[int, bytes]]) -> int:
    """Prove every row as it stands, and begin the tally, where there is none yet; how many rows.

    Args:
        chains: the chains of hashes by name, each with its last number and hash, where it has any.

    Only once in a home: a database without its tally, in a home that has had one, was tampered with.

    Raises:
        Unavailable: the tally is gone.
    """
    tally_settle()
    if (standing := Tally.objects.first()) is not None:
        if note_read() is None and tally_holds(standing):
            note_keep(standing.changes)
        return 0
    if note_exists():
        raise Unavailable(
            "the tally of proved rows is gone from the database, though this home has had one: "
            "restore the last backup, and keep this database for whoever investigates"
        )
    tell, total, counts = present_prover(), NOTHING, dict[str, int]()
    with transaction.atomic():
        for kind in PROVED.values():
            rows = kind.rows()
            for pk, *facts in rows.order_by("pk").values_list("pk", *kind.fields).iterator(_CHUNK):
                proof = tell.prove(kind.kind, *facts)
                rows.filter(pk=pk).update(proof=proof)
                total = tell.tally_with(total, proof, kind.kind, pk)
                counts[kind.kind] = counts.get(kind.kind, 0) + 1
        for name, (seq, digest) in chains.items():
            chain_note(name, seq, digest)
        tally_begin(counts, total)
    note_keep(1)
    return sum(counts.values())
