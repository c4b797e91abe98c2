"""The room's doors: rows prove themselves when they are saved, are asked when they are used, and are counted."""

from .adopting import proofs_adopt
from .chains import chain_fault, chain_note
from .proving import ProvedManager, ProvedQuerySet, proved, row_holds, row_require
from .remembered import Remembered
from .verifying import proofs_verify, snapshot

__all__ = [
    "ProvedManager",
    "ProvedQuerySet",
    "Remembered",
    "chain_fault",
    "chain_note",
    "proofs_adopt",
    "proofs_verify",
    "proved",
    "row_holds",
    "row_require",
    "snapshot",
]
