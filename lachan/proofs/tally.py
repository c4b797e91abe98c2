"""The sum over all proved rows, changed in the transaction that changes a row.

It is written last, just before the commit: one row for all would else be locked for as long as a transaction
takes, and two that hold each other's other rows would wait for ever.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from lachan.kernel.sealing.proofs import TALLY_BYTES, Prover, prover

from .models import Tally

_KIND = "tally"
Placed = tuple[object, bytes]
"""A row's primary key and its proof, which cannot cover the key: it is made before the row is written."""
NOTHING = bytes(TALLY_BYTES)


def present_prover() -> Prover:
    """The instance's own, by its present secret and its former ones."""
    return prover((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@dataclasses.dataclass(frozen=True, slots=True)
class _Change:
    """Waits among the hooks of its transaction, where Django forgets it when a savepoint is rolled back."""

    kind: str
    added: Sequence[Placed]
    gone: Sequence[Placed]

    def __call__(self) -> None:
        """Nothing is left to do after the commit."""


def tally_change(kind: str, *, added: Iterable[Placed] = (), gone: Iterable[Placed] = ()) -> None:
    """Count rows of a kind in, and others out, when the transaction commits."""
    transaction.on_commit(_Change(kind, tuple(added), tuple(gone)))


def tally_settle() -> None:
    """Count now what this transaction has changed. Before the tally is begun: nothing."""
    changes = [hook for _, hook, _ in connection.run_on_commit if isinstance(hook, _Change)]
    if not changes:
        return
    connection.run_on_commit = [
        one for one in connection.run_on_commit if not isinstance(one[1], _Change)
    ]
    with connection.cursor() as cursor:
        _settle(cursor, changes)


# By hand, as each commit that changes anything does this: Django would take longer over the words than over the rest.
_READ = "SELECT id, counts, total, changes FROM proofs_tally ORDER BY id LIMIT 1"
_WRITE = "UPDATE proofs_tally SET counts = %s, total = %s, changes = %s, proof = %s WHERE id = %s"


def _settle(cursor: Any, changes: list[_Change]) -> None:
    cursor.execute(_READ + (" FOR UPDATE" if connection.features.has_select_for_update else ""))
    if (found := cursor.fetchone()) is None:
        return
    mine, counts, total, number = found
    counts, total, tell = json.loads(counts), bytes(total), present_prover()
    for change in changes:
        for pk, proof in change.added:
            total = tell.tally_with(total, proof, change.kind, pk)
        for pk, proof in change.gone:
            total = tell.tally_without(total, proof, change.kind, pk)
        counts[change.kind] = counts.get(change.kind, 0) + len(change.added) - len(change.gone)
    facts = _facts(counts, total, number + 1)
    written = (json.dumps(facts["counts"]), facts["total"], facts["changes"], facts["proof"], mine)
    cursor.execute(_WRITE, written)


def tally_begin(counts: dict[str, int], total: bytes) -> None:
    """Begin with what stands there."""
    Tally.objects.create(**_facts(counts, total, 1))


def _facts(counts: dict[str, int], total: bytes, changes: int) -> dict[str, Any]:
    counts = {kind: number for kind, number in sorted(counts.items()) if number}
    proof = present_prover().prove(_KIND, counts, total, changes)
    return {"counts": counts, "total": total, "changes": changes, "proof": proof}


def tally_holds(row: Tally) -> bool:
    """Whether the tally itself is as the product wrote it."""
    facts = (row.counts, bytes(row.total), row.changes)
    return bool(present_prover().holds(row.proof, _KIND, *facts))


def commits_settle(*, connection: BaseDatabaseWrapper, **_: object) -> None:
    """Have each commit of this connection settle the tally first; Django has no hook there."""
    if not hasattr(connection, "commit_unsettled"):
        connection.commit_unsettled = connection.commit
        connection.commit = partial(_commit, connection)


def _commit(database: BaseDatabaseWrapper) -> None:
    if database.alias == connection.alias:
        tally_settle()
    database.commit_unsettled()


connection_created.connect(commits_settle, dispatch_uid="proofs settle")
