"""The public's pages. None asks who somebody is; none puts anything of a report into an address."""

from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from lachan.formats.places.gazetteer import province_list
from lachan.kernel.country import Country, here, today
from lachan.kernel.errors import Unavailable
from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied
from lachan.kernel.sealing.receipts import receipt_parse, receipt_show
from lachan.members import selectors as members
from lachan.members.policy import public
from lachan.members.records import PUBLIC
from lachan.reports import services
from lachan.reports.forms import ABOUTS, URGENCIES, IntakeForm, category_choices
from lachan.reports.records import Urgency
from lachan.web.sent import is_ours
from lachan.web.views import language_remember

_GAP = "a-fresh-one-comes-here"


@public
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "reports/home.html", {"categories": category_choices()})


@public
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The form: one page whose steps are parts of it, so that nothing that a child types leaves the phone
    before it is sent, and neither "back" between them nor a lost connection loses it.

    No CSRF cookie is needed: the form acts for nobody, and its own signed token is the one-time proof.
    """
    if request.method != "POST" or _is_foreign(request):
        return _blank_form(request)
    try:
        data = request.POST.copy()
    except RequestDataTooBig:
        return render(request, "reports/too_big.html", status=413)
    if request.headers.get("Sec-Fetch-Site") == "same-site":
        return _form_shown_again(request, data)
    if (language := data.get("language", "")) in dict(settings.LANGUAGES):
        return _in_language(request, data, language)
    return _report_take(request, data)


def _is_foreign(request: HttpRequest) -> bool:
    """Whether another site sent the form. Its token would be known there, and whoever knows a form's token
    is shown its receipt: nothing of such a form is taken over, the child gets a fresh one.
    """
    return request.headers.get("Sec-Fetch-Site", "none") not in {"same-origin", "same-site", "none"}


def _form_shown_again(request: HttpRequest, data: QueryDict) -> HttpResponse:
    """A form that a neighbour's page sent (another host or scheme of this site): what a child typed there
    comes back, with a token that nobody else knows, and goes no further by itself.
    """
    data["form"] = ""
    form = IntakeForm(data)
    form.add_error(None, _("It has not been sent yet."))
    return _form_page(request, form, status=422)


def _blank_form(request: HttpRequest) -> HttpResponse:
    try:
        is_open = services.is_open()
    except DatabaseError:
        # It may answer again by the time the words are written; sending keeps them if it does not.
        is_open = True
    if not is_open:
        return _form_page(request, IntakeForm(), is_open=False)
    page = _blank_page(get_language() or settings.LANGUAGE_CODE, here(), today())
    return HttpResponse(page.replace(_GAP, services.form_new(), 1))


@lru_cache(maxsize=16)
def _blank_page(language: str, country: Country, day: date) -> str:
    # The same for everybody but for its token, and the most costly of the public pages to make. It is made
    # for a request of nobody's, so that nothing of one visitor's can be kept for the next.
    context = _form_context(IntakeForm(initial={"form": _GAP}), is_open=True)
    return render_to_string("reports/form.html", context, HttpRequest())


def _report_take(request: HttpRequest, data: QueryDict) -> HttpResponse:
    form = IntakeForm(data)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        sent = services.report_submit(
            by=PUBLIC,
            form=form.cleaned_data["form"],
            work=form.cleaned_data["work"],
            category=form.cleaned_data["category"],
            urgency=Urgency(form.cleaned_data["urgency"]),
            province=form.cleaned_data["province"],
            language=get_language() or settings.LANGUAGE_CODE,
            content=form.content(),
        )
    except services.FormUnknown:
        form.add_error(None, _("Please press “Send” once more: this page was too old to be sent."))
        data["form"] = ""
        return _form_page(request, form, status=422)
    except (DatabaseError, Unavailable):
        form.add_error(
            None, _("We cannot keep it right now. Please press “Send” again in a minute.")
        )
        return _form_page(request, form, status=503, is_open=True)
    return _receipt_page(request, sent.receipt, form.cleaned_data["urgency"], key=sent.key)


def _receipt_page(
    request: HttpRequest, receipt: str | None, urgency: str, *, key: str
) -> HttpResponse:
    context = {
        "groups": receipt_show(receipt).split() if receipt else [],
        "urgency": urgency,
        "key": key,
    }
    return render(request, "reports/receipt.html", context)


def _in_language(request: HttpRequest, data: QueryDict, language: str) -> HttpResponse:
    """The same page in another language: the receipt, or the form with everything that was filled in."""
    with translation.override(language):
        if "receipt" in data:
            receipt = _receipt_read(request, data["receipt"])
            # What the page says of the key is ours to say, whatever was sent.
            key = data.get("key", "") if data.get("key") in members.desk_key_numbers() else ""
            response = _receipt_page(request, receipt, data.get("urgency", ""), key=key)
        else:
            response = _form_page(request, IntakeForm(initial=data.dict()))
        response["Content-Language"] = language
        language_remember(response, language)
    return response


def _receipt_read(request: HttpRequest, text: str) -> str | None:
    if is_ours(request) is False:  # a stranger's own: a child would write to them
        return None
    try:
        return receipt_parse(text)
    except (ReceiptMalformed, ReceiptMiscopied):
        return None


def _form_page(
    request: HttpRequest, form: IntakeForm, *, status: int = 200, is_open: bool | None = None
) -> HttpResponse:
    is_open = services.is_open() if is_open is None else is_open
    return render(request, "reports/form.html", _form_context(form, is_open=is_open), status=status)


def _form_context(form: IntakeForm, *, is_open: bool) -> dict[str, Any]:
    return {
        "form": form,
        "token": form["form"].value() or services.form_new(),
        "categories": category_choices(),
        "urgencies": URGENCIES,
        "abouts": ABOUTS,
        "provinces": province_list(),
        "is_open": is_open,
    }
