from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lachan.kernel.clock import now
from lachan.members.api_keys import scope_word
from lachan.members.models import ApiKey, Organisation
from lachan.members.network_forms import ApiKeyForm
from lachan.members.policy import Action, requires
from lachan.members.selectors import api_key_list
from lachan.members.services import api_key_create, api_key_revoke


@require_http_methods(["GET", "POST"])
@requires(Action.API_KEY_MANAGE)
def api_keys(request: HttpRequest) -> HttpResponse:
    """The own organisation's keys; a new one is shown in the answer that makes it, and never again."""
    form = ApiKeyForm(request.POST or None, by=request.actor)
    context: dict[str, Any] = {"form": form, "now": now()}
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            words = form.cleaned_data
            _row, context["fresh"] = api_key_create(
                by=request.actor,
                organisation=Organisation.objects.get(pk=request.actor.organisation_id),
                name=words["name"],
                scopes=words["scopes"],
                life=timedelta(days=words["days"]),
            )
            context["form"], status = ApiKeyForm(by=request.actor), 200
    keys = api_key_list(request.actor.organisation_id)
    for key in keys:
        key.begins = f"lachan_{key.prefix}_"
        key.scope_names = [scope_word(scope) for scope in key.scopes]
        lost = [scope for scope in key.scopes if scope not in key.scopes_now]
        key.asleep = bool(key.scopes) and not key.scopes_now
        key.lost_names = [] if key.asleep else [scope_word(s) for s in lost]
    return render(request, "members/api_keys.html", context | {"keys": keys}, status=status)


@require_POST
@requires(Action.API_KEY_MANAGE)
def api_key_end(request: HttpRequest, uid: UUID) -> HttpResponse:
    api_key_revoke(by=request.actor, key=get_object_or_404(ApiKey, uid=uid))
    messages.success(request, _("The key no longer works."))
    return redirect("members:api-keys")
