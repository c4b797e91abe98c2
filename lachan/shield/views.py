from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.formats.observables.record import InvalidObservable
from lachan.members.policy import public

from .advice import advice_for
from .records import CheckAnswer
from .selectors import message_check

SHOWN = 20
"""Answers on one page: who pastes a whole chat gets the worst of it."""


class CheckForm(forms.Form):
    value = forms.CharField(
        label=_("Message, web address, phone number, e-mail or account"),
        max_length=8192,
        strip=True,
        widget=forms.Textarea(
            attrs={"rows": 3, "autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )


@public
@require_http_methods(["GET", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Answers "is this known?" for people. By POST: what was asked stays out of addresses, histories and logs."""
    if request.method == "POST":
        return _checked(request, CheckForm(request.POST))
    return render(request, "shield/check.html", {"form": CheckForm()})


@public
@csrf_exempt
@require_POST
def shared(request: HttpRequest) -> HttpResponse:
    """The same of what another app shares with ours (`web/installing`): it brings no token, and changes nothing."""
    parts = (request.POST.get(name, "").strip() for name in ("title", "text", "url"))
    return _checked(request, CheckForm({"value": "\n".join(part for part in parts if part)}))


def _checked(request: HttpRequest, form: CheckForm) -> HttpResponse:
    context: dict[str, object] = {"form": form}
    if form.is_valid():
        try:
            answers = message_check(form.cleaned_data["value"], by=request.actor)  # type: ignore[attr-defined]
        except InvalidObservable as error:
            form.add_error("value", _not_read(error))
        else:
            context |= {
                "answers": [_shown(answer) for answer in answers[:SHOWN]],
                "worst": answers[0],
                "advice": advice_for(answers[0]),
                "more": max(0, len(answers) - SHOWN),
            }
    return render(request, "shield/check.html", context)


def _shown(answer: CheckAnswer) -> dict[str, object]:
    return {"answer": answer, "covered": answer.known and answer.matched_value != answer.value}


def _not_read(error: InvalidObservable) -> str:
    if error.reason in {"ambiguous", "platform-missing"}:
        return str(_("For an account, write the service too, for example tiktok:name."))
    return str(_("We could not read this. Copy the whole address or number and try again."))


@public
@require_GET
def blocked(request: HttpRequest) -> HttpResponse:
    """What stands where a blocked site would: why, and where to say that it is wrong."""
    return render(request, "shield/blocked.html")
