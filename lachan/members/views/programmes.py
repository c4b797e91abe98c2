from typing import Any
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from lachan.formats.places.gazetteer import place_get
from lachan.kernel.errors import InvalidInput
from lachan.kernel.seen import Stale, state_mark
from lachan.members.models import Programme
from lachan.members.network_forms import ProgrammeForm
from lachan.members.organisations import programme_state
from lachan.members.policy import Action, requires
from lachan.members.reach import network_check
from lachan.members.services import programme_save
from lachan.web.sent import SEEN

from .stale import stale_add


@require_http_methods(["GET", "POST"])
@requires(Action.NETWORK_MANAGE)
def programme_edit(request: HttpRequest, uid: UUID | None = None) -> HttpResponse:
    network_check(request.actor)
    row = get_object_or_404(Programme, uid=uid) if uid else None
    form = ProgrammeForm(request.POST or None, initial=_initial(row) if row else None)
    seen = state_mark(*programme_state(row)) if row else ""
    if request.method == "POST" and form.is_valid() and _saved(request, row, form):
        messages.success(request, _("Saved."))
        return redirect("members:members")
    context = {
        "form": form,
        "title": row.name if row else _("New programme"),
        "back": "/staff/members/",
        "act": _("Save"),
        "seen": seen,
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/form.html", context, status=status)


def _saved(request: HttpRequest, row: Programme | None, form: Form) -> bool:
    try:
        seen = request.POST.get(SEEN, "")
        programme_save(by=request.actor, programme=row, seen=seen, **form.cleaned_data)
    except Stale:
        stale_add(form)
        return False
    except InvalidInput:
        form.add_error("valid_until", _("It ends before it begins."))
        return False
    return True


def _initial(row: Programme) -> dict[str, Any]:
    places = [place for place in map(place_get, row.places) if place is not None]
    return {
        "name": row.name,
        "organisations": [str(uid) for uid in row.organisations.values_list("uid", flat=True)],
        "places": "\n".join(f"{place.code} {place.name}" for place in places),
        "valid_from": row.valid_from,
        "valid_until": row.valid_until,
    }
