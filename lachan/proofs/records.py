"""What other rooms may hold of proofs.

LachanError
└ Unavailable ─ RowUnproved   a row that decides something was not written by the product
"""

import dataclasses

from lachan.kernel.errors import Unavailable


class RowUnproved(Unavailable):
    """A row was written, altered or moved past the product, or under another secret.

    Attributes:
        kind: of the row, as its model was named to `proved`.
    """

    code = "row-unproved"

    def __init__(self, kind: str) -> None:
        super().__init__(f"a row of {kind} was not written by this instance: see `lachan doctor`")
        self.kind = kind


@dataclasses.dataclass(frozen=True, slots=True)
class ProofCheck:
    """What `proofs_verify` found.

    Attributes:
        rows: how many were read.
        former: how many are proved under a former secret.
        fault: the first thing that is wrong, in words without values; empty when nothing is.
        faults: how many things are wrong.
    """

    rows: int
    former: int
    fault: str
    faults: int
