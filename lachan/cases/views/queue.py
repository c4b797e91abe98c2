import dataclasses
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from lachan.cases.models import Case
from lachan.cases.priority import rules
from lachan.cases.records import QueueFilter, Status
from lachan.cases.selectors.choices import (
    category_list,
    category_name,
    province_list,
    province_name,
    words_of,
)
from lachan.cases.selectors.queue import queue_count, queue_counts, queue_page
from lachan.cases.services.freeing import cases_free
from lachan.kernel.clock import now
from lachan.members.policy import Action as MemberAction
from lachan.members.policy import policy_allows, requires
from lachan.members.records import system
from lachan.reports.policy import Action

from .times import age_words, due_words

STATUS_WORDS = {
    Status.NEW: _("New"),
    Status.CLAIMED: _("Claimed"),
    Status.IN_PROGRESS: _("In progress"),
    Status.WAITING: _("Waiting"),
    Status.CLOSED: _("Closed"),
}
KIND_WORDS = {
    "domain": _("site"),
    "url": _("web address"),
    "email": _("e-mail address"),
    "phone": _("phone number"),
    "account": _("account"),
    "ipv4": _("network address"),
    "ipv6": _("network address"),
}
URGENCY_WORDS = {"danger": _("Danger"), "soon": _("Soon"), "calm": _("Calm")}


@dataclasses.dataclass(frozen=True)
class Row:
    """A case as the table shows it, in the reader's language."""

    case: Case
    category: str
    province: str
    urgency: Any
    status: Any
    reasons: list[str]
    age: str
    due: str
    overdue: bool
    is_mine: bool
    can_claim: bool


@requires(MemberAction.CASE_READ)
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The desk's cases, by priority, then age."""
    cases_free(by=system("cases"))
    wanted = _wanted(request)
    page = queue_page(
        by=request.actor,
        wanted=wanted,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    counts = queue_counts(by=request.actor)
    is_narrowed = bool(wanted.category or wanted.province or wanted.mine)
    total = queue_count(by=request.actor, wanted=wanted) if is_narrowed else counts[wanted.status]
    context = {
        "rows": _rows(request, page.rows),
        "page": page,
        "total": total,
        "wanted": wanted,
        "tabs": _tabs(wanted, counts),
        "categories": category_list(),
        "provinces": province_list(),
        "is_empty_desk": not counts["all"],
        "query": _query(wanted),
        "mine_count": counts["mine"],
    }
    return render(request, "cases/queue.html", context)


def _wanted(request: HttpRequest) -> QueueFilter:
    status = request.GET.get("status", "open")
    return QueueFilter(
        status=status if status in {*Status, "open", "all"} else "open",
        category=request.GET.get("category", ""),
        province=request.GET.get("province", ""),
        mine=request.GET.get("mine") == "1",
    )


def _query(wanted: QueueFilter, **changed: Any) -> str:
    values = dataclasses.asdict(dataclasses.replace(wanted, **changed))
    values["mine"] = "1" if values["mine"] else ""
    return urlencode({name: value for name, value in values.items() if value})


def _tabs(wanted: QueueFilter, counts: dict[str, int]) -> list[dict[str, Any]]:
    words = {"open": pgettext_lazy("tab", "Open"), **STATUS_WORDS, "all": _("All")}
    return [
        {
            "words": text,
            "count": counts[status],
            "query": _query(wanted, status=str(status)),
            "is_chosen": wanted.status == status,
        }
        for status, text in words.items()
    ]


def _rows(request: HttpRequest, cases: list[Case]) -> list[Row]:
    reasons = {rule["code"]: words_of(rule["text"]) for rule in rules().rules}
    may_work = policy_allows(request.actor, Action.CASE_WORK)
    moment = now()
    return [
        Row(
            case=case,
            category=category_name(case.category),
            province=province_name(case.province),
            urgency=URGENCY_WORDS.get(case.urgency, case.urgency),
            status=STATUS_WORDS[Status(case.status)],
            reasons=[reasons[code] for code in case.reasons if code in reasons],
            age=age_words(case.opened_at, moment),
            due=due_words(case.due_at, moment) if case.due_at else "",
            overdue=case.due_at is not None and case.due_at < moment,
            is_mine=case.assignee_id == request.actor.person_id,
            can_claim=may_work and case.assignee_id is None and case.closed_at is None,
        )
        for case in cases
    ]
