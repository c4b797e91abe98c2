"""The staff's pages that change something."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lachan.formats.observables.record import InvalidObservable
from lachan.indicators.forms import (
    AnswerForm,
    MemberDisputeForm,
    ProposalForm,
    ReviewForm,
    ShareForm,
    WithdrawForm,
)
from lachan.indicators.labels import DISPUTE_REASONS, LINE_REASONS
from lachan.indicators.policy import Action
from lachan.indicators.queries import indicator_state
from lachan.indicators.records import (
    FourEyes,
    GuardStands,
    IndicatorExists,
    IndicatorMoved,
    SecondOrganisation,
    Status,
)
from lachan.indicators.selectors import dispute_row
from lachan.indicators.services import (
    dispute_answer,
    dispute_open,
    indicator_propose,
    indicator_reshare,
    indicator_review,
    indicator_withdraw,
)
from lachan.kernel.errors import Conflict, InvalidInput, LachanError
from lachan.kernel.seen import Stale, state_mark
from lachan.members.policy import requires
from lachan.web.sent import SEEN

from .desk import indicator_answer, row_of


def _said(error: LachanError) -> str:
    """An error in the reader's language."""
    if isinstance(error, InvalidObservable):
        return str(LINE_REASONS.get(error.reason, error.reason))
    words = {
        IndicatorExists: _("It is already proposed or published."),
        IndicatorMoved: _("Somebody was faster: it is no longer in that state."),
        FourEyes: _("A second person has to do this: it is your own proposal."),
        Stale: _(
            "It has changed since you opened this page. Please look first, then press once more."
        ),
        GuardStands: _("The guard stands: give a reason of at least three words."),
        SecondOrganisation: _("What the guard warns of takes reviewers of two organisations."),
    }
    return words.get(type(error), _("Something here cannot be used. Please look at it once more."))


@require_http_methods(["GET", "POST"])
@requires(Action.INDICATOR_PROPOSE)
def propose(request: HttpRequest) -> HttpResponse:
    """The form for a new proposal."""
    form = ProposalForm(
        request.POST if request.method == "POST" else None,
        initial={"value": request.GET.get("value", "")[:2048]},
    )
    if form.is_valid():
        facts = form.cleaned_data
        try:
            made = indicator_propose(by=request.actor, **{**facts, "kind": facts["kind"] or None})
        except InvalidObservable as error:
            form.add_error("value", _said(error))
        except (InvalidInput, IndicatorExists) as error:
            form.add_error(None, _said(error))
        else:
            messages.success(request, _("Proposed. A second person will look at it."))
            return redirect("indicator", made.uid)
    status = 422 if form.is_bound else 200
    return render(request, "indicators/propose.html", {"form": form}, status=status)


def _act(
    request: HttpRequest, uid: UUID, form: Form, act: Callable[..., Any], done: str, **more: Any
) -> HttpResponse:
    """Do it and go back to the indicator; or show the indicator with the form and what is wrong."""
    if form.is_valid():
        try:
            found = act(by=request.actor, indicator=uid, **form.cleaned_data, **more)
        except (InvalidInput, Conflict, FourEyes, GuardStands, SecondOrganisation) as error:
            form.add_error(None, _said(error))
        else:
            if getattr(found, "status", "") == Status.PROPOSED:
                done = _("Noted. A reviewer of another organisation has to agree as well.")
            messages.success(request, done)
            return redirect("indicator", uid)
    return indicator_answer(request, uid, form=form, status=422)


@require_POST
@requires(Action.INDICATOR_REVIEW)
def review(request: HttpRequest, uid: UUID) -> HttpResponse:
    decision = request.POST.get("decision", "")
    form = ReviewForm(request.POST, prefix="review", warned=True)
    done = _("Published.") if decision == "approve" else _("Rejected.")
    seen = request.POST.get(SEEN, "")
    return _act(request, uid, form, indicator_review, done, decision=decision, seen=seen)


@require_POST
@requires(Action.INDICATOR_WITHDRAW)
def withdraw(request: HttpRequest, uid: UUID) -> HttpResponse:
    form = WithdrawForm(request.POST, prefix="withdraw")
    done, seen = _("Taken back. It is free everywhere in seconds."), request.POST.get(SEEN, "")
    return _act(request, uid, form, indicator_withdraw, done, seen=seen)


@require_POST
@requires(Action.INDICATOR_REVIEW)
def share(request: HttpRequest, uid: UUID) -> HttpResponse:
    form = ShareForm(request.POST, prefix="share", warned=True)
    seen = request.POST.get(SEEN, "")
    return _act(request, uid, form, indicator_reshare, _("Shared as you said."), seen=seen)


@require_POST
@requires(Action.INDICATOR_READ)
def dispute(request: HttpRequest, uid: UUID) -> HttpResponse:
    form = MemberDisputeForm(request.POST, prefix="dispute")
    return _act(request, uid, form, dispute_open, _("Noted. A person answers."))


@require_http_methods(["GET", "POST"])
@requires(Action.DISPUTE_ANSWER)
def answer(request: HttpRequest, uid: UUID) -> HttpResponse:
    """One dispute, and its answer."""
    row = dispute_row(by=request.actor, dispute=uid)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            seen = request.POST.get(SEEN, "")
            dispute_answer(by=request.actor, dispute=uid, seen=seen, **form.cleaned_data)
        except (InvalidInput, IndicatorMoved, FourEyes, Stale) as error:
            form.add_error(None, _said(error))
        else:
            messages.success(request, _("Answered."))
            return redirect("disputes")
    context = {
        "it": row,
        "about": row_of(row.indicator),
        "reason": DISPUTE_REASONS.get(row.reason, row.reason),
        "form": form,
        "seen": state_mark(*indicator_state(row.indicator)),
    }
    status = 422 if form.is_bound else 200
    return render(request, "indicators/answer.html", context, status=status)
