"""The network's list of organisations; one organisation with its people."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.formats.places.gazetteer import place_get
from lachan.kernel.clock import now
from lachan.kernel.seen import Stale, state_mark
from lachan.members.errors import AlreadyMember, LastAdministrator
from lachan.members.keys.desk_keys import HOLDER_ROLES, key_can_be_given
from lachan.members.labels import ORGANISATION_STATUSES, ORGANISATION_TYPES, role_name
from lachan.members.models import Invitation, Organisation
from lachan.members.network_forms import InviteForm, OrganisationForm
from lachan.members.organisations import organisation_state
from lachan.members.policy import Action, policy_allows, requires
from lachan.members.reach import manage_allows, manage_check, network_allows, network_check
from lachan.members.selectors import (
    invitation_list,
    organisation_list,
    person_list,
    programme_list,
)
from lachan.members.services import (
    invitation_create,
    invitation_withdraw,
    organisation_save,
    session_key,
)
from lachan.web.sent import SEEN

from .stale import stale_add


def described(row: Organisation) -> Organisation:
    """The row with its words for people."""
    row.type_name = ORGANISATION_TYPES.get(row.type, row.type)  # type: ignore[attr-defined]
    row.status_name = ORGANISATION_STATUSES.get(row.status, row.status)  # type: ignore[attr-defined]
    return row


@require_GET
@requires(Action.MEMBER_READ)
def members(request: HttpRequest) -> HttpResponse:
    context = {
        "organisations": [described(row) for row in organisation_list()],
        "programmes": [_with_places(row) for row in programme_list()],
        "network": network_allows(request.actor),
        "today": now().date(),
    }
    return render(request, "members/members.html", context)


@require_GET
@requires(Action.MEMBER_READ)
def organisation(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Organisation, uid=uid)
    manages = manage_allows(request.actor, row)
    own = policy_allows(request.actor, Action.PEOPLE_READ, organisation_id=row.pk)
    context: dict[str, Any] = {
        "organisation": described(row),
        "manages": manages,
        "network": network_allows(request.actor),
        "sees_people": manages or own,
        "own": request.actor.organisation_id == row.pk,
    }
    if context["sees_people"]:
        context["people"] = [_with_roles(person) for person in person_list(row)]
        context["desk_keys"] = row.desk_keys.count()
    if manages:
        context["invitations"] = invitation_list(row)
    return render(request, "members/organisation.html", context)


def _with_places(row: Any) -> Any:
    row.place_names = [place.name for place in map(place_get, row.places) if place is not None]
    return row


def _with_roles(person: Any) -> Any:
    person.role_names = [role_name(grant.role) for grant in person.standing]
    person.holds_keys = any(grant.role in HOLDER_ROLES for grant in person.standing)
    return person


@require_http_methods(["GET", "POST"])
@requires(Action.NETWORK_MANAGE)
def organisation_edit(request: HttpRequest, uid: UUID | None = None) -> HttpResponse:
    network_check(request.actor)
    row = get_object_or_404(Organisation, uid=uid) if uid else None
    initial = OrganisationForm.initial_of(row) if row else None
    form = OrganisationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        words, seen = form.cleaned_data, request.POST.get(SEEN, "")
        try:
            saved = organisation_save(by=request.actor, organisation=row, seen=seen, **words)
        except Stale:
            stale_add(form)
        except LastAdministrator:
            # Its reports would find no reader, and nobody could undo it.
            said = _("This organisation runs the whole: it stays active, without an end.")
            form.add_error("status", said)
        else:
            messages.success(request, _("Saved."))
            return redirect("members:organisation", saved.uid)
    title = row.name if row else _("New organisation")
    back = f"/staff/members/{row.uid}/" if row else "/staff/members/"
    context = {"form": form, "title": title, "back": back, "act": _("Save")}
    if row:
        context["seen"] = state_mark(*organisation_state(row))
    status = 200 if request.method == "GET" else 422
    return render(request, "members/form.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Action.MEMBER_MANAGE)
def invite(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Organisation, uid=uid)
    manage_check(request.actor, row)
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        words = form.cleaned_data
        # Only a role that opens reports needs the key, and only then is it asked for.
        carries = HOLDER_ROLES & set(words["roles"]) and key_can_be_given(request.actor, row)
        unlocked = session_key(request) if carries else None
        try:
            record = invitation_create(
                by=request.actor, unlocked=unlocked, organisation=row, **words
            )
        except AlreadyMember:
            form.add_error("email", _("Somebody with this address is here already."))
        else:
            context = {
                "link": request.build_absolute_uri(record.path),
                "record": record,
                "carries": carries,
                "organisation": row,
                "name": words["name"],
            }
            return render(request, "members/link.html", context)
    context = {
        "form": form,
        "title": _("Invite somebody"),
        "back": f"/staff/members/{row.uid}/",
        "act": _("Make the link"),
        "roles_told": True,
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/form.html", context, status=status)


@require_POST
@requires(Action.MEMBER_MANAGE)
def invitation_end(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Invitation, uid=uid, used_at=None)
    organisation_uid = row.organisation.uid
    invitation_withdraw(by=request.actor, invitation=row)
    messages.success(request, _("The link no longer works."))
    return redirect("members:organisation", organisation_uid)
