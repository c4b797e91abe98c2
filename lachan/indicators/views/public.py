"""The public's disputes: say that a block is wrong, and see what came of it. No name, no words, no login."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lachan.formats.observables.parsing import display
from lachan.formats.observables.record import InvalidObservable
from lachan.indicators.conf import deadline
from lachan.indicators.forms import PublicDisputeForm
from lachan.indicators.labels import DISPUTE_REASONS, LINE_REASONS, OUTCOMES, category_name
from lachan.indicators.policy import Action
from lachan.indicators.records import IndicatorMoved, IndicatorRecord, NoSuchIndicator
from lachan.indicators.selectors import dispute_get_public, indicator_get_public
from lachan.indicators.services import dispute_open, dispute_open_public
from lachan.indicators.weighing import challenge_new, work_spend
from lachan.kernel.clock import now
from lachan.members.policy import requires
from lachan.members.records import PUBLIC
from lachan.web.sent import marked


@require_http_methods(["GET", "POST"])
@requires(Action.DISPUTE_OPEN)
@marked
def dispute(request: HttpRequest) -> HttpResponse:
    """The form; `?indicator=` names what blocked, `?value=` fills in the address."""
    known = _known(request.GET.get("indicator", ""))
    form = PublicDisputeForm(
        request.POST if request.method == "POST" else None,
        known=known is not None,
        initial={"value": request.GET.get("value", "")[:2048], "reason": "mistake"},
    )
    if form.is_valid():
        proven = work_spend(request.POST.get("form", ""), request.POST.get("work", ""))
        try:
            # As anybody, even when a member of staff is signed in: this door takes no names.
            told = (
                dispute_open(
                    by=PUBLIC,
                    indicator=known.uid,
                    reason=form.cleaned_data["reason"],
                    proven=proven,
                )
                if known
                else dispute_open_public(by=PUBLIC, **form.cleaned_data, proven=proven)
            )
        except InvalidObservable as error:
            form.add_error("value", str(LINE_REASONS.get(error.reason, error.reason)))
        except (IndicatorMoved, NoSuchIndicator):
            form.add_error(None, _("It is not blocked any more. Please try to open it again."))
        else:
            return redirect("dispute-status", told.uid) if told else redirect("dispute-noted")
    moment = now()
    context = {
        "form": form,
        "challenge": challenge_new(),
        "known": known,
        "shown": known and _shown(known),
        "due": moment + deadline("dispute", moment.date()),
    }
    return render(request, "indicators/dispute.html", context, status=422 if form.errors else 200)


def _known(text: str) -> IndicatorRecord | None:
    try:
        return indicator_get_public(indicator=UUID(text))
    except (ValueError, NoSuchIndicator):
        return None


def _shown(indicator: IndicatorRecord) -> dict[str, str]:
    return {
        "value": display(indicator.kind, indicator.value),
        "category": category_name(indicator.category),
    }


@require_GET
@requires(Action.DISPUTE_OPEN)
def noted(request: HttpRequest) -> HttpResponse:
    return render(request, "indicators/dispute_noted.html")


@require_GET
@requires(Action.DISPUTE_OPEN)
def status(request: HttpRequest, uid: UUID) -> HttpResponse:
    """What came of a dispute, for whoever keeps the address of this page."""
    found = dispute_get_public(dispute=uid)
    context = {
        "it": found,
        "value": display(found.kind, found.value),
        "reason": DISPUTE_REASONS.get(found.reason, found.reason),
        "outcome": OUTCOMES.get(found.outcome, ""),
    }
    return render(request, "indicators/dispute_status.html", context)
