"""Events of indicators. Lists imported at once say so once: whoever needs each value reads the ledger."""

import dataclasses
import uuid

from lachan.kernel.events import Event


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndicatorProposed(Event):
    indicator: uuid.UUID
    kind: str
    case: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndicatorRejected(Event):
    indicator: uuid.UUID
    kind: str
    case: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndicatorPublished(Event):
    indicator: uuid.UUID
    kind: str
    seq: int
    case: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndicatorWithdrawn(Event):
    indicator: uuid.UUID
    kind: str
    seq: int
    case: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class IndicatorExpired(Event):
    indicator: uuid.UUID
    kind: str
    seq: int
    case: uuid.UUID | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListImported(Event):
    """Attributes: first_seq, last_seq: the ledger rows that it made; None where it made none."""

    list_import: uuid.UUID
    published: int
    first_seq: int | None
    last_seq: int | None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ListWithdrawn(Event):
    list_import: uuid.UUID
    withdrawn: int


@dataclasses.dataclass(frozen=True, kw_only=True)
class DisputeOpened(Event):
    dispute: uuid.UUID
    indicator: uuid.UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class DisputeAnswered(Event):
    dispute: uuid.UUID
    indicator: uuid.UUID
    outcome: str
