import dataclasses
import enum
from datetime import datetime
from uuid import UUID

from lachan.formats.guard.records import GuardWarning
from lachan.formats.sharing import Level, Reach, Viewer
from lachan.kernel.errors import Conflict, InvalidInput, NotFound, Refused

# LachanError
# ├ Conflict
# │  ├ IndicatorExists     the value is already proposed or published; `uid` says where
# │  └ IndicatorMoved      it is no longer in the state that the act needs
# ├ InvalidInput
# │  ├ SequenceAhead       the ledger does not reach that far yet
# │  └ UnusableList        a list for the guard of which nothing can be used
# ├ NotFound
# │  ├ NoSuchIndicator
# │  ├ NoSuchImport
# │  ├ NoSuchDispute
# │  └ NoSuchChannel
# └ Refused
#    ├ FourEyes            nobody reviews his own proposal
#    ├ SecondOrganisation  what the guard warns of takes reviewers of two organisations
#    └ GuardStands         publishing would do harm; an override must name its reason


class IndicatorExists(Conflict):
    """Attributes: uid: of the indicator that is there, or None where the caller may not know of it."""

    code = "indicator-exists"

    def __init__(self, message: str, uid: UUID | None = None) -> None:
        super().__init__(message)
        self.uid = uid


class IndicatorMoved(Conflict):
    code = "indicator-moved"


class SequenceAhead(InvalidInput):
    code = "sequence-ahead"


class NoSuchChannel(NotFound):
    code = "no-such-channel"


class NoSuchIndicator(NotFound):
    code = "no-such-indicator"


class NoSuchImport(NotFound):
    code = "no-such-import"


class NoSuchDispute(NotFound):
    code = "no-such-dispute"


class FourEyes(Refused):
    code = "four-eyes"


class SecondOrganisation(Refused):
    code = "second-organisation"


class GuardStands(Refused):
    code = "guard-stands"


class Status(enum.StrEnum):
    """Where an indicator stands. Only `published` blocks anything.

    `covered`: an organisation's own for fewer eyes, while it sees another of the same value, which blocks.
    """

    PROPOSED = "proposed"
    PUBLISHED = "published"
    COVERED = "covered"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REJECTED = "rejected"


STANDING = (Status.PUBLISHED, Status.COVERED)


class Confidence(enum.IntEnum):
    """How sure one is: the named steps of the scale from 0 to 100 that desk, exchange, lists and API share.

    Steps of twenty, so that `?min_confidence=` has a number between any two. In STIX 2.1 (appendix A) `PERHAPS` and
    `LIKELY` are its Med (30 to 69), `SURE` and `PROVED` its High (70 to 100). The ledger and partners' files hold
    these numbers: a step keeps its own.
    """

    PERHAPS = 40
    LIKELY = 60
    SURE = 80
    PROVED = 100


# Before the state in which an imported value was when its list published it all the same.
OVERTAKEN = "published-though-"


# Who a list is for. A member's own holds besides what is for its organisation, or another of its circles, alone.
PUBLIC_AUDIENCE, COMMUNITY, MEMBERS = map(Viewer, (Level.PUBLIC, Level.COMMUNITY, Level.MEMBERS))


def organisation_audience(organisation_id: int) -> Viewer:
    return Viewer.of(Level.MEMBERS, organisation_id)


class Effect(enum.StrEnum):
    """What a ledger row does to an audience's list."""

    ADD = "add"
    REMOVE = "remove"


@dataclasses.dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One ledger row as an audience sees it.

    Attributes:
        seq: position in the ledger; an audience's numbers grow, with holes where others are concerned.
        effect: add (new or changed) or remove (withdrawn, expired, or no longer for this audience).
        value: canonical.
        at: when the row was written.
        valid_from: since when it is said to do harm: when it was proposed, or imported.
        organisation: uid of the source, where it has one.
        source: who says so, by name: a list, or the organisation as it was called then.
        first_published: since when the audience knows the indicator; None where it was not asked for.
    """

    seq: int
    effect: Effect
    uid: UUID
    kind: str
    value: str
    category: str
    confidence: int
    tlp: str
    at: datetime
    valid_from: datetime
    valid_until: datetime | None
    organisation: UUID | None
    source: str
    first_published: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class UnfilteredEntry:
    """One ledger row as it is, for a part of the system that applies audiences itself.

    Attributes:
        entry: `effect` is add where the indicator stands from this row on, remove where it ends.
        reach: who may see it.
    """

    entry: LedgerEntry
    reach: Reach


@dataclasses.dataclass(frozen=True, slots=True)
class GuardList:
    """One of the operator's warning lists in LACHAN_HOME/guard/.

    Attributes:
        name: what it calls itself.
        kinds: what it is asked about.
        unused: its matching attributes that are no kinds of ours.
        taken: entries in use; `refused`: reason → entries that are not.
        fault: why nothing of it is in use; empty where something is.
    """

    file: str
    name: str = ""
    kinds: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    taken: int = 0
    refused: dict[str, int] = dataclasses.field(default_factory=dict)
    fault: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class IndicatorRecord:
    """One indicator as other rooms hold it."""

    uid: UUID
    kind: str
    value: str
    raw: str
    category: str
    confidence: int
    tlp: str
    status: Status
    valid_from: datetime
    valid_until: datetime | None
    organisation_id: int | None
    case_uid: UUID | None
    seq: int | None
    warnings: tuple[GuardWarning, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Outlook:
    """What would await a proposal of one value.

    Attributes:
        known: the status that it has already (proposed by the own organisation, or published), or None.
        uid: of that indicator.
        warnings: what its reviewer would have to answer.
    """

    known: Status | None
    uid: UUID | None
    warnings: tuple[GuardWarning, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DisputeRecord:
    uid: UUID
    indicator: UUID
    kind: str
    value: str
    reason: str
    note: str
    times: int
    opened_at: datetime
    due_at: datetime
    outcome: str
    answer: str
    answered_at: datetime | None


@dataclasses.dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every line with content: the four counts sum to `content`.

    Attributes:
        readable_as: where every line was refused, the form that would have read them; else empty.
    """

    uid: UUID | None
    content: int
    published: int
    duplicate: int
    guarded: int
    quarantined: int
    first_seq: int | None
    last_seq: int | None
    reasons: dict[str, int]
    readable_as: str = ""
