from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from lachan.formats.observables.record import InvalidObservable
from lachan.members.policy import public

from .advice import advice_for
from .selectors import value_check


class CheckForm(forms.Form):
    value = forms.CharField(
        label=_("Web address, phone number, e-mail or account"),
        max_length=8192,
        strip=True,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


@public
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Answers "is this known?" for people. By POST: what was asked stays out of addresses, histories and logs."""
    form = CheckForm(request.POST or None)
    context: dict[str, object] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            answer = value_check(form.cleaned_data["value"], by=request.actor)  # type: ignore[attr-defined]
        except InvalidObservable as error:
            form.add_error("value", _not_read(error))
        else:
            context |= {"answer": answer, "advice": advice_for(answer)}
    return render(request, "shield/check.html", context)


def _not_read(error: InvalidObservable) -> str:
    if error.reason in {"ambiguous", "platform-missing"}:
        return str(_("For an account, write the service too, for example tiktok:name."))
    return str(_("We could not read this. Copy the whole address or number and try again."))


@public
@require_GET
def blocked(request: HttpRequest) -> HttpResponse:
    """What stands where a blocked site would: why, and where to say that it is wrong."""
    return render(request, "shield/blocked.html")
