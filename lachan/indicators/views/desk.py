"""The staff's pages that only show."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from lachan.formats.observables.parsing import display
from lachan.indicators.forms import (
    FilterForm,
    MemberDisputeForm,
    ReviewForm,
    ShareForm,
    WithdrawForm,
)
from lachan.indicators.labels import (
    DECISIONS,
    DISPUTE_REASONS,
    KINDS,
    LINE_REASONS,
    OUTCOMES,
    RULES,
    STATUS,
    STATUS_TAG,
    TLPS,
    category_name,
)
from lachan.indicators.models import Indicator
from lachan.indicators.policy import Action
from lachan.indicators.queries import (
    agreed_elsewhere,
    case_of,
    indicator_state,
    is_proposer,
    two_organisations_asked,
)
from lachan.indicators.records import STANDING, GuardWarning, Status
from lachan.indicators.selectors import (
    dispute_rows,
    import_rows,
    indicator_counts,
    indicator_history,
    indicator_row,
    indicator_rows,
    indicator_warnings,
    quarantined_rows,
)
from lachan.kernel.bounds import number_read
from lachan.kernel.seen import state_mark
from lachan.members.policy import policy_allows, requires
from lachan.members.records import PUBLIC
from lachan.web.pages import page_of
from lachan.web.panels import panel_list

PAGE, _LINES = 100, 500


def row_of(indicator: Indicator) -> dict[str, Any]:
    """An indicator as tables show it, in the reader's language."""
    return {
        "it": indicator,
        "value": display(indicator.kind, indicator.value),
        "kind": KINDS.get(indicator.kind, indicator.kind),
        "category": category_name(indicator.category),
        "status": STATUS[Status(indicator.status)],
        "tag": STATUS_TAG.get(Status(indicator.status), ""),
        "warned": bool(indicator.warnings),
        "source": _source(indicator),
    }


def _source(indicator: Indicator) -> str:
    if indicator.list_import:
        return indicator.list_import.source
    return indicator.organisation.name if indicator.organisation else ""


def warning_of(warning: GuardWarning) -> dict[str, Any]:
    return {"text": RULES.get(warning.rule, warning.reason), "matched": warning.matched}


@require_GET
@requires(Action.INDICATOR_READ)
def indicator_list(request: HttpRequest) -> HttpResponse:
    """All that the reader may see, by status, newest first."""
    status = request.GET.get("status", Status.PUBLISHED)
    status = status if status in {*Status, "all"} else Status.PUBLISHED.value
    filters = FilterForm(request.GET)
    rows = indicator_rows(
        by=request.actor, status="" if status == "all" else status, **filters.wanted()
    )
    page, after = _page(request, rows)
    counts = indicator_counts(by=request.actor)
    tabs = [
        {"words": words, "status": code, "count": counts.get(code, 0), "chosen": code == status}
        for code, words in STATUS.items()
    ]
    context = {
        "rows": [row_of(row) for row in page],
        "tabs": tabs,
        "filters": filters,
        "status": status,
        "query": urlencode({"status": status, **filters.wanted()}),
        "after": after,
        "may_propose": policy_allows(request.actor, Action.INDICATOR_PROPOSE),
    }
    return render(request, "indicators/list.html", context)


def _page(request: HttpRequest, rows: Any) -> tuple[list[Any], int | None]:
    """A page of newest-first rows after the id in the address, and where the next one begins."""
    after = number_read(request.GET.get("after", ""))
    if after is not None:
        rows = rows.filter(id__lt=after)
    found = list(rows[: PAGE + 1])
    return found[:PAGE], found[PAGE - 1].pk if len(found) > PAGE else None


@require_GET
@requires(Action.INDICATOR_REVIEW)
def reviews(request: HttpRequest) -> HttpResponse:
    """What waits for a second person, the oldest first."""
    rows = indicator_rows(by=request.actor, status=Status.PROPOSED).order_by("id")
    page = page_of(request, rows, PAGE)
    shown = [{**row_of(row), "own": is_proposer(request.actor, row)} for row in page.rows]
    context = {"rows": shown, "page": page}
    return render(request, "indicators/reviews.html", context)


@require_GET
@requires(Action.INDICATOR_READ)
def indicator_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    return indicator_answer(request, uid)


def indicator_answer(
    request: HttpRequest, uid: UUID, *, form: Any = None, status: int = 200
) -> HttpResponse:
    """One indicator with what the reader may do about it; `form` is one that came back with faults."""
    indicator = indicator_row(by=request.actor, indicator=uid)
    undecided = indicator.status == Status.PROPOSED or _may_share(request, indicator)
    of_list = indicator.list_import_id
    warnings = indicator_warnings(by=request.actor, row=indicator) if undecided else ()
    context = {
        **row_of(indicator),
        "tlp": TLPS.get(indicator.tlp, indicator.tlp),
        "warnings": [warning_of(w) for w in warnings],
        "case": case_of(request.actor, indicator),
        "import_seen": bool(of_list) and import_rows(by=request.actor).filter(pk=of_list).exists(),
        "history": indicator_history(by=request.actor, row=indicator),
        "reviews": [
            {"it": r, "decision": DECISIONS.get(r.decision, r.decision)}
            for r in indicator.reviews.select_related("by").order_by("-at")
        ],
        "two": (two := two_organisations_asked(indicator, warnings)),
        "agreed": two and agreed_elsewhere(PUBLIC, indicator),
        "panels": panel_list("indicator", by=request.actor, thing=uid),
        "disputes": [_dispute(d) for d in indicator.disputes.order_by("-opened_at")],
        **_forms(request, indicator, warned=bool(warnings)),
        "seen": state_mark(*indicator_state(indicator)),
    }
    if form is not None:
        context[form.prefix] = form
    return render(request, "indicators/indicator.html", context, status=status)


def _forms(request: HttpRequest, indicator: Indicator, *, warned: bool) -> dict[str, Any]:
    actor, owner = request.actor, indicator.organisation_id
    forms: dict[str, Any] = {}
    if indicator.status == Status.PROPOSED:
        may = policy_allows(actor, Action.INDICATOR_REVIEW, organisation_id=owner)
        forms["own"] = own = is_proposer(actor, indicator)
        if may and not own:
            forms["review"] = ReviewForm(prefix="review", warned=warned)
    if indicator.status in STANDING and policy_allows(
        actor, Action.INDICATOR_WITHDRAW, organisation_id=owner
    ):
        forms["withdraw"] = WithdrawForm(prefix="withdraw")
    if indicator.status == Status.PUBLISHED:
        if _may_share(request, indicator):
            initial = {"tlp": indicator.tlp}
            forms["share"] = ShareForm(prefix="share", warned=warned, initial=initial)
        forms["dispute"] = MemberDisputeForm(prefix="dispute")
    return forms


def _may_share(request: HttpRequest, indicator: Indicator) -> bool:
    actor, owner = request.actor, indicator.organisation_id
    own = indicator.status == Status.PUBLISHED and actor.organisation_id == owner
    return own and policy_allows(actor, Action.INDICATOR_REVIEW, organisation_id=owner)


def _dispute(dispute: Any) -> dict[str, Any]:
    return {
        "it": dispute,
        "reason": DISPUTE_REASONS.get(dispute.reason, dispute.reason),
        "outcome": OUTCOMES.get(dispute.outcome, ""),
    }


@require_GET
@requires(Action.DISPUTE_ANSWER)
def disputes(request: HttpRequest) -> HttpResponse:
    """Disputes: those that wait, those set aside in a busy hour, or all."""
    show = next((word for word in ("all", "aside") if request.GET.get(word) == "1"), "")
    rows = dispute_rows(by=request.actor, waiting=show != "all", aside=show == "aside")
    page = page_of(request, rows, PAGE)
    context = {
        "rows": [{**_dispute(row), "about": row_of(row.indicator)} for row in page.rows],
        "page": page,
        "show": show,
        "query": urlencode({show: 1} if show else {}),
        "aside": dispute_rows(by=request.actor, aside=True).count(),
    }
    return render(request, "indicators/disputes.html", context)


@require_GET
@requires(Action.INDICATOR_READ)
def imports(request: HttpRequest) -> HttpResponse:
    page, after = _page(request, import_rows(by=request.actor))
    rows = [{"it": row, "category": category_name(row.category)} for row in page]
    return render(request, "indicators/imports.html", {"rows": rows, "after": after})


@require_GET
@requires(Action.INDICATOR_READ)
def import_page(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What became of one list, and which lines could not be used."""
    row = get_object_or_404(import_rows(by=request.actor), uid=uid)
    lines = quarantined_rows(by=request.actor, list_import=uid)
    page = page_of(request, lines, _LINES)
    reasons = sorted(row.reasons.items(), key=lambda item: -item[1])
    context = {
        "it": row,
        "category": category_name(row.category),
        "reasons": [(LINE_REASONS.get(code, code), number) for code, number in reasons],
        "lines": [(line, LINE_REASONS.get(line.reason, line.reason)) for line in page.rows],
        "page": page,
    }
    return render(request, "indicators/import.html", context)
