"""The reporter's inbox: opened by the receipt, written in, closed; and the quick exit, which closes it too."""

import base64
import binascii
import contextlib
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from lachan.kernel.errors import Unavailable
from lachan.kernel.ids import uuid7
from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied
from lachan.members.policy import public
from lachan.members.records import PUBLIC
from lachan.reports import inbox as inboxes
from lachan.reports import services
from lachan.reports.forms import category_choices
from lachan.reports.records import OpenReport
from lachan.web.views import language_remember

COOKIE = "inbox"


@public
@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """Asks for the receipt, or shows what it opens."""
    if request.method == "POST":
        try:
            return _in_language(request) or _open(request)
        except (DatabaseError, Unavailable):
            return _door(
                request, _("We cannot open it right now. Please try again in a minute."), 503
            )
    opened = inboxes.inbox_read(_secret(request))
    if opened is None:
        return render(request, "reports/inbox_door.html")
    return _page(request, opened)


def _page(request: HttpRequest, opened: OpenReport) -> HttpResponse:
    context = {
        "opened": opened,
        "words": request.POST.get("words", ""),
        "token": inboxes.inbox_token(opened.facts.uid),
        "category": next(
            (c for c in category_choices() if c["category"] == opened.facts.category), None
        ),
    }
    return render(request, "reports/inbox.html", context)


def _in_language(request: HttpRequest) -> HttpResponse | None:
    """The same page in another language, with what was not sent yet, where a form asks for one."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return None
    opened = inboxes.inbox_read(_secret(request))
    with translation.override(language):
        if opened and inboxes.inbox_is(opened.facts.uid, inboxes.inbox_named(_token(request))):
            response = _page(request, opened)
        else:
            response = _door(request, "", 200)
    response["Content-Language"] = language
    language_remember(response, language)
    return response


def _open(request: HttpRequest) -> HttpResponse:
    try:
        secret = inboxes.inbox_open(request.POST.get("receipt", ""))
    except ReceiptMalformed:
        return _door(request, _("A receipt has 28 digits, in 7 groups of 4. Please look again."))
    except ReceiptMiscopied:
        return _door(request, _("One of the digits is not right. Please compare them one by one."))
    report = inboxes.inbox_report(secret) if secret else None
    if not secret or not report:
        return _door(request, _("With these digits we cannot open anything. Please compare them."))
    named = inboxes.inbox_named(_token(request))
    if _words(request) and named and not inboxes.inbox_is(report.uid, named):
        inboxes.inbox_close(secret)
        return _door(request, _("You wrote this for another inbox. Please enter its receipt."))
    _words_keep(request, report.uid)
    # The cookie has room for one: nobody could close the one before it any more.
    inboxes.inbox_close(_secret(request))
    response = HttpResponseRedirect(reverse("inbox"))
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(secret).decode(),
        path=reverse("inbox"),
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )
    return response


def _door(request: HttpRequest, fault: str, status: int = 422) -> HttpResponse:
    # The digits are not written into the page again: it may stay in a browser's memory. What the child
    # wrote for an inbox that is not open is, since it would be lost.
    context = {"fault": fault, "words": request.POST.get("words", ""), "token": _token(request)}
    return render(request, "reports/inbox_door.html", context, status=status)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def inbox_write(request: HttpRequest) -> HttpResponse:
    """Takes words for the inbox that the page names, which need not be the one that the cookie opens."""
    if request.method != "POST":  # somebody went back to a page that answered here
        return HttpResponseRedirect(reverse("inbox"))
    try:
        if (response := _in_language(request)) is not None:
            return response
        report = inboxes.inbox_report(_secret(request))
        named = inboxes.inbox_named(_token(request))
        if report and inboxes.inbox_is(report.uid, named):
            _words_keep(request, report.uid)
            return HttpResponseRedirect(reverse("inbox"))
    except (DatabaseError, Unavailable):
        context = {"words": request.POST.get("words", ""), "token": _token(request)}
        return render(request, "reports/inbox_unsent.html", context, status=503)
    if report and named:
        return _door(
            request,
            _(
                "Another inbox was opened here meanwhile. Your words are kept: enter the receipt of the inbox that you wrote in."
            ),
        )
    return _door(
        request,
        _("The inbox has closed by itself. Your words are kept: enter the receipt to send them."),
    )


def _words_keep(request: HttpRequest, report: UUID) -> None:
    if words := _words(request):
        services.reporter_write(by=PUBLIC, report=report, words=words, token=_token(request))


def _words(request: HttpRequest) -> str:
    return request.POST.get("words", "").strip()


def _token(request: HttpRequest) -> str:
    return request.POST.get("token", "") or str(uuid7())


@public
@require_POST
def inbox_close(request: HttpRequest) -> HttpResponse:
    inboxes.inbox_close(_secret(request))
    return _without_cookie(HttpResponseRedirect(reverse("home")))


@public
@csrf_exempt
@require_POST
def inbox_leave(request: HttpRequest) -> HttpResponse:
    """The quick exit: the inbox is closed, and a page that leads away at once takes its place.

    Whatever else is wrong, leaving works: no token is asked for (the cookie is SameSite=Strict; another site
    could do no worse than close), and a database that does not answer holds nobody up.
    """
    with contextlib.suppress(DatabaseError):
        inboxes.inbox_close(_secret(request))
    return _without_cookie(render(request, "reports/leave.html"))


def _without_cookie(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(COOKIE, path=reverse("inbox"), samesite="Strict")
    return response


def _secret(request: HttpRequest) -> bytes:
    try:
        return base64.urlsafe_b64decode(request.COOKIES.get(COOKIE, ""))
    except (ValueError, binascii.Error):
        return b""
