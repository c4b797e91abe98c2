"""What a match says, and what can go wrong.

    LachanError
    └ MatchingError             anything below: catch this one where the reason does not matter
      ├ InvalidHash             (InvalidInput)  the text is no value of the algorithm
      ├ PictureRefused          (InvalidInput)  the picture cannot be hashed; `reason` says why
      ├ NoCollection            (NotFound)      there is no collection in this folder
      ├ StoreLocked             (Conflict)      another process writes this collection
      ├ StoreUnwritable         (Unavailable)   the disk is full or read-only; nothing was lost
      ├ ExtraMissing            (Unavailable)   a part is not installed; the message says how to get it
      ├ SegmentCorrupt          (Unavailable)   a file is cut, altered or not of this collection
      └ SegmentVersion          (Unavailable)   a file of another version, or of another byte order

Messages never hold the value that was asked: it may be somebody's.
"""

from uuid import UUID

import msgspec

from lachan.formats.sharing import Level
from lachan.kernel.errors import Conflict, InvalidInput, LachanError, NotFound, Unavailable


class MatchingError(LachanError):
    pass


class InvalidHash(MatchingError, InvalidInput):
    code = "invalid-hash"


class PictureRefused(MatchingError, InvalidInput):
    """Attributes: reason: stable code, as in `too-many-pixels`, for machines and counts."""

    code = "picture-refused"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class NoCollection(MatchingError, NotFound):
    code = "no-collection"


class StoreLocked(MatchingError, Conflict):
    code = "store-locked"


class StoreUnwritable(MatchingError, Unavailable):
    code = "store-unwritable"


class ExtraMissing(MatchingError, Unavailable):
    code = "extra-missing"


class SegmentCorrupt(MatchingError, Unavailable):
    code = "segment-corrupt"


class SegmentVersion(MatchingError, Unavailable):
    code = "segment-version"


class Facts(msgspec.Struct, frozen=True):
    """What a collection keeps beside one entry, and gives back with each hit.

    Attributes:
        sequence: the ledger's number for the decision; 0 where there is no ledger.
        indicator: identifies the entry: the same indicator added again replaces what it said before.
        categories: internal codes, the leading one first.
        confidence: 0 to 100.
        reach: the narrowest level of viewers who may see it besides its circle (see `formats/sharing`).
        circle: whose it is; 0 nobody's.
        valid_until: Unix seconds from which on it is no longer returned; 0 never.
        source: who says so (organisation or list).
    """

    sequence: int
    indicator: UUID
    categories: tuple[str, ...] = ()
    confidence: int = 100
    reach: int = Level.PUBLIC
    # Reports that people keep name the column as they always did.
    circle: int = msgspec.field(default=0, name="organisation")
    valid_until: int = 0
    source: str = ""


class Hit(msgspec.Struct, frozen=True):
    """One entry within the radius of what was asked.

    Attributes:
        algorithm: its name.
        asked: the text as the caller gave it.
        value: the entry's own value, in canonical form.
        distance: 0 equal; in the algorithm's own unit (bits for `pdq`).
        facts: what the collection knows of the entry.
    """

    algorithm: str
    asked: str
    value: str
    distance: int
    facts: Facts


class Listed(msgspec.Struct, frozen=True):
    """One entry of a group of entries that are alike.

    Attributes:
        value: its own, in canonical form.
        distance: from the group's first, in the algorithm's own unit. In a group that is a chain it may be
            larger than the radius.
        facts: what the collection knows of it.
    """

    value: str
    distance: int
    facts: Facts


class Refusal(msgspec.Struct, frozen=True):
    """An entry that was not taken: its place among those given, and why."""

    place: int
    code: str
    reason: str


class Added(msgspec.Struct, frozen=True):
    """What became of many entries: how many were taken, and each that was not."""

    taken: int
    refused: tuple[Refusal, ...] = ()


class ShelfStats(msgspec.Struct, frozen=True):
    """What a collection holds of one algorithm.

    Attributes:
        entries: in force, or expired and not removed.
        segments: files that are searched one after the other; a few at most.
        delta: entries of the log alone.
        bytes: on the disk.
    """

    entries: int
    segments: int
    delta: int
    bytes: int


class Stats(msgspec.Struct, frozen=True):
    """How a collection stands.

    Attributes:
        sequence: the ledger's, up to which everything is in.
        generation: grows whenever segments or logs change.
        algorithms: by name.
        fault: why the last merge did not succeed; empty where all is well.
    """

    sequence: int
    generation: int
    algorithms: dict[str, ShelfStats]
    fault: str = ""
