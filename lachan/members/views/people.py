"""One person: roles, key, a way back, and leaving."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lachan.kernel.errors import LachanError
from lachan.kernel.seen import Stale, state_mark
from lachan.members.errors import KeyLocked, KeyMissing, LastAdministrator, SelfGrant
from lachan.members.keys.desk_keys import HOLDER_ROLES, holder_list, holds_all, key_can_be_given
from lachan.members.labels import role_name
from lachan.members.models import Person
from lachan.members.network_forms import GrantForm
from lachan.members.people import person_seen, person_state
from lachan.members.policy import Action, NotAllowed, policy_check, requires
from lachan.members.reach import manage_allows, manage_check
from lachan.members.records import Role
from lachan.members.selectors import api_key_count
from lachan.members.services import (
    desk_keys_give,
    person_deactivate,
    return_create,
    role_grant,
    role_revoke,
    session_key,
)
from lachan.web.sent import SEEN


@require_GET
@requires(Action.PEOPLE_READ)
def person(request: HttpRequest, uid: UUID) -> HttpResponse:
    return _page(request, get_object_or_404(Person, uid=uid), GrantForm())


def _page(request: HttpRequest, row: Person, form: GrantForm) -> HttpResponse:
    manages = manage_allows(request.actor, row.organisation)
    if not manages:
        policy_check(request.actor, Action.PEOPLE_READ, organisation_id=row.organisation_id)
    grants = list(row.grants.order_by("-valid_from"))
    for grant in grants:
        grant.name = role_name(Role(grant.role))
    context = {
        "person": row,
        "grants": grants,
        "form": form,
        "manages": manages and row.is_active,
        "self": row.pk == request.actor.person_id,
        "gives_key": manages and key_can_be_given(request.actor, row.organisation),
        "returns": manages,
        "lacks_key": row in holder_list(row.organisation) and not holds_all(row),
        "holds_key": row.wraps.exists(),
        "waiting": [role_name(Role(w.role)) for w in row.confirmations.exclude(role="")],
        "api_keys": api_key_count(row) if manages else 0,
        "seen": state_mark(*person_state(row)),
    }
    return render(request, "members/person.html", context, status=422 if form.errors else 200)


_CHANGED = gettext_lazy(
    "Somebody changed something about this person meanwhile. Please look first."
)


def _act(request: HttpRequest, row: Person, work: Callable[[], object], done: str) -> HttpResponse:
    try:
        with person_seen(row, seen=request.POST.get(SEEN, "")):
            work()
    except Stale:
        messages.error(request, _CHANGED)
    except LastAdministrator:
        messages.error(
            request,
            _("Somebody must be left who can let people in. Make another administrator first."),
        )
    except KeyMissing:
        messages.error(request, _("You hold no copy yourself, or this person may not have one."))
    else:
        messages.success(request, done)
    return redirect("members:person", row.uid)


@require_POST
@requires(Action.MEMBER_MANAGE)
def grant(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Person, uid=uid)
    manage_check(request.actor, row.organisation)
    form = GrantForm(request.POST)
    if not form.is_valid():
        return _page(request, row, form)
    words = form.cleaned_data
    try:
        with person_seen(row, seen=request.POST.get(SEEN, "")):
            granted = role_grant(by=request.actor, person=row, **words)
    except Stale:
        form.add_error(None, _CHANGED)
        return _page(request, row, form)
    except SelfGrant:
        messages.error(request, _("Nobody gives roles to himself. Ask another administrator."))
        return redirect("members:person", row.uid)
    if granted is None:
        messages.success(request, _("The role waits for a second administrator's yes, or a day."))
        return redirect("members:person", row.uid)
    messages.success(request, _("The role is given."))
    if words["role"] in HOLDER_ROLES and key_can_be_given(request.actor, row.organisation):
        key_offer(request, row)
    return redirect("members:person", row.uid)


def key_offer(request: HttpRequest, row: Person) -> None:
    """With a role that reads reports comes a copy of the key, where the giver has one at hand."""
    try:
        desk_keys_give(by=request.actor, unlocked=session_key(request), person=row)
    except (KeyLocked, KeyMissing, NotAllowed):
        messages.warning(request, _("The desk's key is not given yet: use the button below."))


@require_POST
@requires(Action.MEMBER_MANAGE)
def revoke(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Person, uid=uid)
    manage_check(request.actor, row.organisation)
    role = request.POST.get("role", "")
    if role not in set(Role):
        return redirect("members:person", row.uid)
    return _act(
        request, row,
        lambda: role_revoke(by=request.actor, person=row, role=Role(role)), _("The role is taken back."),
    )  # fmt: skip


@require_POST
@requires(Action.MEMBER_MANAGE)
def give_key(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Person, uid=uid)
    manage_check(request.actor, row.organisation)
    unlocked = session_key(request)
    return _act(
        request, row,
        lambda: desk_keys_give(by=request.actor, unlocked=unlocked, person=row), _("The key is given."),
    )  # fmt: skip


@require_POST
@requires(Action.MEMBER_MANAGE)
def deactivate(request: HttpRequest, uid: UUID) -> HttpResponse:
    row = get_object_or_404(Person, uid=uid)
    manage_check(request.actor, row.organisation)
    return _act(
        request, row, lambda: person_deactivate(by=request.actor, person=row),
        _("This person can no longer sign in. If a copy of the desk's key may have been taken, make a fresh one."),
    )  # fmt: skip


@require_POST
@requires(Action.MEMBER_MANAGE)
def give_return(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A link for somebody who lost the password."""
    row = get_object_or_404(Person, uid=uid)
    manage_check(request.actor, row.organisation)
    carries = row in holder_list(row.organisation) and key_can_be_given(
        request.actor, row.organisation
    )
    try:
        unlocked = session_key(request) if carries else None
    except LachanError:
        unlocked = None
    try:
        with person_seen(row, seen=request.POST.get(SEEN, "")):
            record = return_create(by=request.actor, unlocked=unlocked, person=row)
    except Stale:
        messages.error(request, _CHANGED)
        return redirect("members:person", row.uid)
    context = {
        "link": request.build_absolute_uri(record.path),
        "record": record,
        "carries": carries,
        "organisation": row.organisation,
        "name": row.name,
    }
    return render(request, "members/link.html", context)
