"""Events of reports. Identifiers and routing facts only: events rest in clear."""

import dataclasses
import uuid

from lachan.kernel.events import Event


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportReceived(Event):
    """A report may be worked on: it arrived, or was let go from the waiting room.

    Attributes:
        category: a code of `lachan.formats.classification`.
        urgency: danger, soon or calm.
        province: the General Statistics Office's code, or empty.
    """

    report: uuid.UUID
    category: str
    urgency: str
    province: str = ""
    language: str = "vi"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReporterWrote(Event):
    """The child added something, or answered a question."""

    report: uuid.UUID


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReportPurged(Event):
    """The report and all its messages are gone, by the retention rule."""

    report: uuid.UUID
