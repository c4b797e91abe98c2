"""Where an adult is told that a child asks: on this phone or computer, or by e-mail."""

import uuid

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from lachan.family import selectors
from lachan.family.errors import TooMany
from lachan.family.policy import Action
from lachan.family.services import subscriptions
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import public, requires
from lachan.outbox.selectors import push_key, way_is_on


class AddressForm(forms.Form):
    way = forms.ChoiceField(choices=[("web_push", ""), ("email", "")])
    address = forms.CharField(max_length=4000)


@requires(Action.HOUSEHOLD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def messages(request: HttpRequest) -> HttpResponse:
    fault = typed = ""
    if request.method == "POST":
        form = AddressForm(request.POST)
        typed = request.POST.get("address", "") if request.POST.get("way") == "email" else ""
        fault = _add(request, form) if form.is_valid() else _("Please write an e-mail address.")
        if not fault:
            return HttpResponseRedirect(reverse("family-messages"))
    context = {
        "subscriptions": selectors.subscription_list(by=request.actor),
        "push_key": push_key(),
        "by_mail": way_is_on("email"),
        "fault": fault,
        "typed": typed,
    }
    return render(request, "family/messages.html", context, status=422 if fault else 200)


def _add(request: HttpRequest, form: AddressForm) -> str:
    """Keep it; what is wrong with it, in words, or nothing."""
    try:
        subscriptions.subscription_add(
            by=request.actor,
            way=form.cleaned_data["way"],
            address=form.cleaned_data["address"],
            language=get_language() or "vi",
            home=request.build_absolute_uri(reverse("family-home")),
        )
    except TooMany:
        return _("You are told in as many places as may be. Remove one first.")
    except InvalidInput:
        if form.cleaned_data["way"] == "email":
            return _("This is no e-mail address. Please look at it again.")
        return _("This browser's messages come by a service that is not known here.")
    return ""


@requires(Action.HOUSEHOLD_MANAGE)
@require_POST
def message_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    subscriptions.subscription_remove(by=request.actor, subscription=uid)
    return HttpResponseRedirect(reverse("family-messages"))


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, uid: uuid.UUID, mark: str) -> HttpResponse:
    """The link of an e-mail: one click ends them. Mail programs send the POST without a cookie (RFC 8058)."""
    if request.method == "POST":
        subscriptions.subscription_stop(subscription=uid, mark=mark)
    return render(request, "family/stop.html", {"is_over": request.method == "POST"})
