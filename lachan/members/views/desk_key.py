"""The key of one's own organisation's desk: who holds it, a fresh one, and the shares that bring it back."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.kernel.seen import Stale, state_mark
from lachan.members.errors import KeyMissing
from lachan.members.keys.desk_keys import desk_key_state, holder_list, holds_all
from lachan.members.models import Organisation, RecoveryKey
from lachan.members.network_forms import SharesForm
from lachan.members.policy import Action, requires
from lachan.members.selectors import desk_key_current
from lachan.members.services import desk_key_rotate, recovery_split, session_key
from lachan.web.sent import SEEN

_CHANGED = gettext_lazy(
    "Somebody made a fresh key or shares meanwhile. Please look first, then press once more."
)


def _own(request: HttpRequest) -> Organisation:
    return get_object_or_404(Organisation, pk=request.actor.organisation_id)


@require_GET
@requires(Action.MEMBER_MANAGE)
def desk_key(request: HttpRequest) -> HttpResponse:
    own = _own(request)
    holders = holder_list(own)
    context = {
        "organisation": own,
        "keys": own.desk_keys.order_by("-id"),
        "holders": [person for person in holders if holds_all(person)],
        "lacking": [person for person in holders if not holds_all(person)],
        "seen": state_mark(*desk_key_state(own)),
        "recovery": RecoveryKey.objects.filter(organisation=own, retired_at=None).first(),
    }
    return render(request, "members/desk_key.html", context)


@require_POST
@requires(Action.MEMBER_MANAGE)
def desk_key_fresh(request: HttpRequest) -> HttpResponse:
    try:
        seen = request.POST.get(SEEN, "")
        desk_key_rotate(by=request.actor, organisation=_own(request), seen=seen)
    except Stale:
        messages.error(request, _CHANGED)
    else:
        messages.success(request, _("From now on reports are sealed to a fresh key."))
    return redirect("members:desk-key")


@require_http_methods(["GET", "POST"])
@requires(Action.MEMBER_MANAGE)
def shares(request: HttpRequest) -> HttpResponse:
    """Make shares and show them, once, to print."""
    own = _own(request)
    form = SharesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            texts = recovery_split(
                by=request.actor, unlocked=session_key(request), organisation=own,
                seen=request.POST.get(SEEN, ""), **form.cleaned_data,
            )  # fmt: skip
        except Stale:
            form.add_error(None, _CHANGED)
        except KeyMissing:
            form.add_error(None, _("Only somebody who holds every desk key can make shares."))
        else:
            context = {
                "shares": texts,
                "organisation": own,
                "key": desk_key_current(own.pk),
                **form.cleaned_data,
            }
            return render(request, "members/shares.html", context)
    context = {
        "form": form,
        "title": _("Make recovery shares"),
        "back": "/staff/members/desk-key/",
        "act": _("Make and show them"),
        "seen": state_mark(*desk_key_state(own)),
        "note": _(
            "Each share goes to another person, on paper. Together the number needed brings the desk's "
            "key back when nobody can open it any more; fewer can do nothing. Earlier shares stop working."
        ),
    }
    status = 200 if request.method == "GET" else 422
    return render(request, "members/form.html", context, status=status)
