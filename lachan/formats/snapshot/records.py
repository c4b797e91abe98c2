"""What a snapshot holds and what can go wrong with one.

LachanError
├ InvalidInput ─ InvalidKey     the value is not one of its kind (`observables.record`)
├ Conflict     ─ SnapshotLocked  another process writes this folder
└ Unavailable  ─ SnapshotCorrupt the files cannot be used: rebuild them from the ledger
"""

from typing import Literal

import msgspec

from lachan.kernel.errors import Conflict, Unavailable

Action = Literal["block", "warn", "allow"]


class SnapshotLocked(Conflict):
    code = "snapshot-locked"


class SnapshotCorrupt(Unavailable):
    code = "snapshot-corrupt"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one value.

    Attributes:
        kind: what sort of thing the value is.
        value: in canonical form (A-labels, lower-case hexadecimal, E.164 …).
        categories: internal category codes; the first is the leading one.
        action: block, warn, or allow; allow on a name below a blocked one lifts the block there.
        source: who says so (organisation or list).
        sequence: the ledger's number for this decision, below 2**32.
        reason: one short sentence for people; never personal data.
        indicator: the indicator's outward identifier (a UUID in text, or empty).
        valid_until: Unix seconds after which the verdict no longer holds; None means open-ended.
        exact: for domains: this name alone, not the names below it.
    """

    kind: str
    value: str
    categories: tuple[str, ...] = ()
    action: Action = "block"
    source: str = ""
    sequence: int = 0
    reason: str = ""
    indicator: str = ""
    valid_until: int | None = None
    exact: bool = False

    def holds_at(self, moment: float) -> bool:
        """Whether the verdict is in force at `moment` (Unix seconds)."""
        return self.valid_until is None or moment < self.valid_until


class Profile(msgspec.Struct, frozen=True, array_like=True):
    """The part of a verdict that thousands of entries share; stored once a file."""

    categories: tuple[str, ...]
    action: Action
    source: str
    reason: str


class SnapshotStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a reader stands.

    Attributes:
        state: `absent` (no snapshot yet: nothing is known), `good`, or `stale` (the newest files are
            unusable and an older generation, the last good one, answers).
        generation: number of the base segment in use.
        sequence: the ledger's sequence that the answers include.
        entries: entries in base plus delta; a replaced or removed one counts in both.
        fault: why the state is not good; empty otherwise.
    """

    state: Literal["absent", "good", "stale"]
    generation: int
    sequence: int
    entries: int
    fault: str
