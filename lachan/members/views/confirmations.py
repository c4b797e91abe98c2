"""Powers that wait for a second administrator: who asked, for whom, from when; yes, or stop."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lachan.kernel.clock import now
from lachan.members.confirmations import confirmation_allows, confirmation_list
from lachan.members.keys.desk_keys import HOLDER_ROLES
from lachan.members.labels import role_name
from lachan.members.models import Confirmation
from lachan.members.policy import Action, requires
from lachan.members.records import Role
from lachan.members.selectors import label_names
from lachan.members.services import confirmation_give, confirmation_stop

from .people import key_offer


@require_GET
@requires(Action.ACCOUNT_SELF)
def confirmations(request: HttpRequest) -> HttpResponse:
    rows: list[Any] = confirmation_list(request.actor)
    names = label_names([label for row in rows for label in (row.asked_by, row.confirmed_by)])
    for row in rows:
        roles = [row.role] if row.role else row.invitation.roles
        row.role_names = [role_name(Role(role)) for role in roles]
        row.asker, row.second = names[row.asked_by], names[row.confirmed_by]
        row.mine = row.person_id == request.actor.person_id
        row.may = confirmation_allows(request.actor, row) and not row.confirmed_by
    return render(request, "members/confirmations.html", {"rows": rows, "now": now()})


def _row(request: HttpRequest, uid: UUID) -> Confirmation:
    for row in confirmation_list(request.actor):
        if row.uid == uid:
            return row
    raise Http404


@require_POST
@requires(Action.MEMBER_MANAGE)
def give(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = _row(request, uid)
    confirmation_give(by=request.actor, confirmation=row)
    messages.success(request, _("You agreed: it holds now."))
    if row.person and row.organisation.is_home and row.role in HOLDER_ROLES:
        key_offer(request, row.person)
    return redirect("members:confirmations")


@require_POST
@requires(Action.ACCOUNT_SELF)
def stop(request: HttpRequest, uid: UUID) -> HttpResponse:
    confirmation_stop(by=request.actor, confirmation=_row(request, uid))
    messages.success(request, _("Stopped: nothing comes of it."))
    return redirect("members:confirmations")
