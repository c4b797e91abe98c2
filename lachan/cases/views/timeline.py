"""A line of the timeline, as people read it."""

import dataclasses
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
    if kind is Happening.CLOSED:
        name = outcome_name(detail.get("outcome", ""))
        endings = {
            "duplicate": _("closed into another case"),
            "forgotten": _("closed: its report was deleted by the rule of retention"),
        }
        return endings.get(name, _("closed: %(outcome)s") % {"outcome": name})
    if kind in {Happening.LINKED, Happening.UNLINKED}:
        return _link_words(kind, detail)
    if kind is Happening.PRIORITY_SET:
        return _("set the priority to %(to)s; the rules advised %(advised)s") % detail
    if kind is Happening.CLASSIFIED:
        name = category_name(detail["now"])
        return _("put the case under: %(category)s") % {"category": name}
    if kind is Happening.ANSWERED and detail.get("question"):
        return _("asked the reporter a question")
    return _plain_words()[kind]


def _link_words(kind: Happening, detail: dict[str, Any]) -> str:
    if kind is Happening.UNLINKED:
        return _("took the link to another case back")
    if detail.get("link") == "related":
        return _("linked to a related case")
    return _("marked as a duplicate") if "to" in detail else _("another case was closed into this")


def _plain_words() -> dict[Happening, str]:
    return {
        Happening.OPENED: _("the report arrived"),
        Happening.REPORTER_WROTE: _("the reporter wrote"),
        Happening.CLAIMED: _("claimed the case"),
        Happening.RELEASED: _("gave the case back"),
        Happening.HANDED_OVER: _("handed the case over"),
        Happening.REPORT_OPENED: _("opened the report"),
        Happening.ANSWERED: _("answered the reporter"),
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
