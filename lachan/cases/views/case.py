import dataclasses
import secrets
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from lachan.cases.models import Case, CaseNote
from lachan.cases.records import Status
from lachan.cases.selectors.candidates import candidate_list
from lachan.cases.selectors.choices import (
    category_list,
    category_name,
    outcome_list,
    outcome_name,
    province_name,
    words_of,
)
from lachan.cases.selectors.desk import (
    case_get,
    case_is_referred,
    case_rating,
    case_state,
    colleague_list,
    link_list,
    note_list,
    timeline_list,
    unread_list,
)
from lachan.cases.selectors.duplicates import suggestion_list
from lachan.cases.services.notes import note_read
from lachan.cases.services.unsealing import case_keys, case_report_open
from lachan.formats.guard.declared import guard_rules
from lachan.indicators.records import Confidence
from lachan.indicators.selectors import confidence_choices, tlp_choices
from lachan.kernel.clock import now
from lachan.kernel.errors import NotFound, Refused
from lachan.kernel.sealing.errors import SealBroken
from lachan.kernel.seen import state_mark
from lachan.members.policy import Action as MemberAction
from lachan.members.policy import policy_allows, requires
from lachan.members.services import session_key
from lachan.reports.policy import Action
from lachan.web.data_texts import data_text_lazy
from lachan.web.pages import page_of

from .queue import KIND_WORDS, STATUS_WORDS, URGENCY_WORDS
from .timeline import timeline_line
from .times import age_words, due_words

_LINES = 200

ABOUT_WORDS = {
    "me": _("the reporter"),
    "friend": _("a friend"),
    "child": _("a child the reporter knows"),
    "other": _("somebody else"),
}
WARNING_WORDS = {code: data_text_lazy(rule.short) for code, rule in guard_rules().items()}


@dataclasses.dataclass(frozen=True)
class Draft:
    """What was typed into one of the page's forms.

    Attributes:
        act: the form's.
        fields: as they were sent.
    """

    act: str
    fields: QueryDict

    @property
    def words(self) -> str:
        return self.fields.get("words", "")

    @property
    def value(self) -> str:
        """The indicator that was added by hand."""
        return self.fields.get("value-new", "")

    @property
    def ticked(self) -> list[str]:
        return self.fields.getlist("pick")

    def has_place(self, page: dict[str, Any]) -> bool:
        """Whether the page shows the form, so that the words stand in it again."""
        is_held, is_open = page["is_mine"], page["case"].closed_at is None
        return {
            "answer": is_held and "report" in page,
            "propose": is_held and "report" in page,
            "note": page["may_work"] and "notes" in page,
            "close": is_held,
            "hand-over": is_open and bool(page["colleagues"]),
            "priority": is_open,
        }.get(self.act, False)


@requires(MemberAction.CASE_READ)
@require_GET
def case(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A case; whoever works on it sees its report at once."""
    row = case_get(by=request.actor, uid=uid)
    return case_page(request, row, is_open=row.assignee_id == request.actor.person_id)


@requires(MemberAction.CASE_READ)
@require_GET
def report(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A case with its report, for a colleague who looks in: a step of its own, since it is written down."""
    return case_page(request, case_get(by=request.actor, uid=uid), is_open=True)


def case_page(
    request: HttpRequest,
    row: Case,
    *,
    is_open: bool,
    draft: Draft | None = None,
    fault: Any = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a case.

    Args:
        request: from somebody who may read the case.
        row: the case.
        is_open: show the report and the notes, which needs the desk's key.
        draft: what was typed into a form that could not be used, so that it is not lost.
        fault: what was wrong with it, in plain words.
        status: of the answer.
    """
    # Before the report is opened: what arrives in between has not been seen.
    seen = state_mark(*case_state(row))
    opened = _opened(request, row) if is_open else {}
    context = {**_facts(request, row), **_choices(row), **opened, "seen": seen}
    context |= {"draft": draft, "fault": fault, "token": secrets.token_urlsafe(16)}
    # Of a form that this page no longer shows.
    homeless = draft is not None and not draft.has_place(context)
    context["lost_words"] = draft.words or draft.value if draft and homeless else ""
    return render(request, "cases/case.html", context, status=status)


def _facts(request: HttpRequest, row: Case) -> dict[str, Any]:
    rating, moment = case_rating(row), now()
    page = page_of(request, timeline_list(row), _LINES)
    return {
        "case": row,
        "category": category_name(row.category),
        "province": province_name(row.province),
        "urgency": URGENCY_WORDS.get(row.urgency, row.urgency),
        "status": STATUS_WORDS[Status(row.status)],
        "language": dict(settings.LANGUAGES).get(row.language, row.language),
        "outcome": outcome_name(row.outcome),
        "rating": rating,
        "reasons": [(words_of(r.text), r.weight) for r in rating.reasons],
        "age": age_words(row.opened_at, moment),
        "clocks": [
            (
                c,
                words_of(c.text),
                words_of(c.source),
                due_words(c.due_at, moment),
                c.due_at < moment,
            )
            for c in rating.clocks
        ],
        "is_mine": row.assignee_id == request.actor.person_id and row.closed_at is None,
        "may_work": policy_allows(
            request.actor, Action.CASE_WORK, organisation_id=row.organisation_id
        ),
        "lines": [timeline_line(event) for event in page.rows],
        "page": page,
        "links": [(link, other, category_name(other.category)) for link, other in link_list(row)],
        "unread": {one.pk for one in unread_list(row)} if row.reporter_unread else set(),
        "suggestions": [
            (
                one,
                category_name(one.category),
                province_name(one.province),
                age_words(one.opened_at, moment),
                [(KIND_WORDS.get(kind, kind), n) for kind, n in one.shared.items()],
            )
            for one in suggestion_list(row)
        ],
    }


def _choices(row: Case) -> dict[str, Any]:
    return {
        "outcomes": [(o.code, words_of(o.text)) for o in outcome_list()],
        "colleagues": [p for p in colleague_list(row) if p.pk != row.assignee_id],
        "categories": category_list(),
        "confidences": confidence_choices(),
        "likely": Confidence.LIKELY,
        "tlps": tlp_choices(),
    }


def _opened(request: HttpRequest, row: Case) -> dict[str, Any]:
    """The notes, and the report with its candidates where it is this desk's; or why they cannot be read."""
    try:
        keys = case_keys(by=request.actor, uid=row.uid, unlocked=session_key(request))
        is_referred = case_is_referred(row)
        opened = None if is_referred else case_report_open(by=request.actor, uid=row.uid, keys=keys)
    except NotFound:
        return {"is_gone": True}
    except Refused as error:
        if error.code not in {"key-missing", "seal-broken"}:
            raise
        return {"is_key_missing": True}
    # It may have left fingerprints, or taken the mark of an unread message away.
    row.refresh_from_db()
    notes = [_note(note, keys.values()) for note in note_list(row)]
    if opened is None:
        return {"is_referred": True, "notes": notes}
    return {
        "report": opened,
        "about": ABOUT_WORDS.get(opened.content.about, ""),
        "candidates": [
            (
                one,
                KIND_WORDS.get(one.kind, one.kind),
                [WARNING_WORDS.get(rule, rule) for rule in one.warnings],
            )
            for one in candidate_list(by=request.actor, opened=opened)
        ],
        "notes": notes,
    }


def _note(note: CaseNote, keys: Iterable[str]) -> tuple[CaseNote, str | None, bool]:
    """The note, its words, and whether it is broken."""
    try:
        return note, note_read(note, keys), False
    except SealBroken:
        return note, None, True
