"""Handlers of other rooms' events. Each bears being called twice with one."""

from lachan.indicators.events import (
    IndicatorExpired,
    IndicatorPublished,
    IndicatorRejected,
    IndicatorWithdrawn,
)
from lachan.kernel.events import handles
from lachan.members.records import system
from lachan.reports.events import ReporterWrote, ReportPurged, ReportReceived

from .records import Happening
from .services.opening import case_forget, case_mark_written, case_open
from .services.proposing import indicator_outcome_record

_BY = system("cases")


@handles(ReportReceived)
def on_received(event: ReportReceived) -> None:
    case_open(by=_BY, report=event.report)


@handles(ReporterWrote)
def on_written(event: ReporterWrote) -> None:
    case_mark_written(by=_BY, report=event.report)


@handles(ReportPurged)
def on_purged(event: ReportPurged) -> None:
    case_forget(by=_BY, report=event.report)


@handles(IndicatorPublished)
def on_published(event: IndicatorPublished) -> None:
    _show(event, Happening.PUBLISHED, event.seq)


@handles(IndicatorWithdrawn)
def on_withdrawn(event: IndicatorWithdrawn) -> None:
    _show(event, Happening.WITHDRAWN, event.seq)


@handles(IndicatorExpired)
def on_expired(event: IndicatorExpired) -> None:
    _show(event, Happening.EXPIRED, event.seq)


@handles(IndicatorRejected)
def on_rejected(event: IndicatorRejected) -> None:
    _show(event, Happening.REJECTED, None)


_Outcome = IndicatorPublished | IndicatorWithdrawn | IndicatorExpired | IndicatorRejected


def _show(event: _Outcome, kind: Happening, seq: int | None) -> None:
    if event.case is not None:
        indicator_outcome_record(
            by=_BY, case=event.case, indicator=event.indicator, kind=kind, what=event.kind, seq=seq
        )
