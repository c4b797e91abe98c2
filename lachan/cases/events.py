"""Events of cases. Identifiers and codes only: they rest in clear."""

import dataclasses
import uuid

from lachan.kernel.events import Event


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaseOpened(Event):
    """A report has a case at one more desk."""

    case: uuid.UUID
    report: uuid.UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaseClosed(Event):
    """A case has an outcome: a code of `data/outcomes.json`."""

    case: uuid.UUID
    report: uuid.UUID
    outcome: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class CaseReopened(Event):
    """A closed case is worked on again."""

    case: uuid.UUID
    report: uuid.UUID
