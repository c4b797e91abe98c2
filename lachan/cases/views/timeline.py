"""A line of the timeline, as people read it."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from lachan.cases.models import CaseEvent
from lachan.cases.records import Happening
from lachan.cases.selectors.choices import category_name, outcome_name


@dataclasses.dataclass(frozen=True)
class Line:
    at: datetime
    words: str
    who: str
    case_uid: str = ""
    indicator_uid: str = ""


def timeline_line(event: CaseEvent) -> Line:
    detail = event.detail
    return Line(
        at=event.at,
        words=_words(event),
        who=event.person.name if event.person else "",
        case_uid=detail.get("to") or detail.get("of") or "" if "link" in detail else "",
        indicator_uid=detail.get("indicator", ""),
    )


def _words(event: CaseEvent) -> str:
    detail: dict[str, Any] = event.detail
    kind = Happening(event.kind)
    told = _TELLS.get(kind)
    if told is not None:
        return told(detail)
    if kind is Happening.REOPENED and event.person:
        return _("opened the case again")
    return _plain_words()[kind]


def _closed(detail: dict[str, Any]) -> str:
    outcome = detail.get("outcome", "")
    endings = {
        "duplicate": _("closed into another case"),
        "forgotten": _("closed: its report was deleted by the rule of retention"),
    }
    return endings.get(outcome) or _("closed: %(outcome)s") % {"outcome": outcome_name(outcome)}


def _linked(detail: dict[str, Any]) -> str:
    if detail["link"] == "related":
        return _("linked to a related case")
    return _("marked as a duplicate") if "to" in detail else _("closed another case into this")


def _answered(detail: dict[str, Any]) -> str:
    return _("asked the reporter a question") if detail["question"] else _("answered the reporter")


_TELLS: dict[Happening, Callable[[dict[str, Any]], str]] = {
    Happening.CLOSED: _closed,
    Happening.LINKED: _linked,
    Happening.ANSWERED: _answered,
    Happening.CLASSIFIED: lambda detail: (
        _("put the case under: %(category)s") % {"category": category_name(detail["now"])}
    ),
    Happening.PRIORITY_SET: lambda detail: (
        _("set the priority to %(to)s; the rules advised %(advised)s") % detail
    ),
}


def _plain_words() -> dict[Happening, str]:
    return {
        Happening.OPENED: _("the report arrived"),
        Happening.REPORTER_WROTE: _("the reporter wrote"),
        Happening.CLAIMED: _("claimed the case"),
        Happening.RELEASED: _("gave the case back"),
        Happening.FREED: _("the case is back in the queue: who had it cannot work on it now"),
        Happening.HANDED_OVER: _("handed the case over"),
        Happening.REFERRED: _("referred the case to another organisation"),
        Happening.REPORT_OPENED: _("opened the report"),
        Happening.UNLINKED: _("took the link to another case back"),
        Happening.NOTED: _("wrote a note"),
        Happening.STARTED: _("went on with the work"),
        Happening.WAITS: _("put the case on waiting"),
        Happening.PRIORITY_FREED: _("gave the priority back to the rules"),
        Happening.CLOCK_MET: _("said that a due matter is done"),
        Happening.PROPOSED: _("proposed an indicator"),
        Happening.PUBLISHED: _("an indicator of this case was published"),
        Happening.WITHDRAWN: _("an indicator of this case was withdrawn"),
        Happening.REJECTED: _("an indicator of this case was rejected"),
        Happening.EXPIRED: _("an indicator of this case has expired"),
        Happening.REOPENED: _("the case was opened again"),
    }
