"""Ways in: what a family is here, founding one, opening it by a code, joining it by a link."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.family.entry import adult_link_open
from lachan.family.errors import CodeUnknown, LinkGone
from lachan.family.middleware import ADULT_PATH
from lachan.family.policy import Action
from lachan.family.records import Sort
from lachan.family.services import households
from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied
from lachan.kernel.sealing.receipts import receipt_show
from lachan.members.policy import public, requires
from lachan.members.records import PUBLIC
from lachan.web.sent import marked

from .cookies import adult_cookie, adult_cookie_drop, device_words


@public
@marked
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    return render(request, "family/start.html", {"is_in": bool(request.household)})


@public
@marked
@require_POST
def found(request: HttpRequest) -> HttpResponse:
    sort = Sort.SCHOOL if request.POST.get("sort") == Sort.SCHOOL else Sort.FAMILY
    entered = households.household_found(by=PUBLIC, device=device_words(request), sort=sort)
    page = code_page(request, entered.code, first=True, is_school=sort is Sort.SCHOOL)
    return adult_cookie(page, entered.cookie)


def code_page(
    request: HttpRequest,
    digits: str,
    *,
    first: bool = False,
    printed: bool = False,
    is_school: bool = False,
) -> HttpResponse:
    """The one page that shows a code. It is kept nowhere: reloading makes no second one."""
    context = {
        "groups": receipt_show(digits).split(),
        "first": first,
        "printed": printed,
        "is_school": is_school,
    }
    return render(request, "family/code.html", context)


@public
@marked
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest) -> HttpResponse:
    """Asks for a code of 28 digits."""
    way = _next(request)
    if request.method != "POST":
        return render(request, "family/open.html", {"next": way})
    try:
        entered = households.household_open(
            by=PUBLIC, text=request.POST.get("code", ""), device=device_words(request)
        )
    except ReceiptMalformed:
        fault = _("A code has 28 digits, in 7 groups of 4. Please look again.")
    except ReceiptMiscopied:
        fault = _("One of the digits is not right. Please compare them one by one.")
    except CodeUnknown:
        fault = _("These digits open no family. Please compare them one by one.")
    else:
        return adult_cookie(HttpResponseRedirect(way), entered.cookie)
    return render(request, "family/open.html", {"next": way, "fault": fault}, status=422)


def _next(request: HttpRequest) -> str:
    way = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(way, allowed_hosts=None)
    return way if is_ours and way.startswith(ADULT_PATH) else ADULT_PATH


@public
@marked
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """One more adult comes in by a link that opens once."""
    try:
        household, _key = adult_link_open(token, take=False)
        is_ours = household.sort == Sort.SCHOOL
        if request.method == "POST":
            entered = households.adult_join(by=PUBLIC, token=token, device=device_words(request))
            page = code_page(request, entered.code, first=True, is_school=is_ours)
            return adult_cookie(page, entered.cookie)
    except LinkGone:
        return render(request, "family/link_gone.html", status=404)
    return render(request, "family/join.html", {"token": token, "is_school": is_ours})


@requires(Action.HOUSEHOLD_READ)
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    households.sign_out(request.household)
    return adult_cookie_drop(HttpResponseRedirect(reverse("family-start")))
