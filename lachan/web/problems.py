"""Errors at the edge: plain words for people; for machines problem+json (RFC 9457) with a stable `code` that
docs/howto/errors.md lists.
"""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from lachan.country.help_lines import help_number
from lachan.formats.problems import CHALLENGE, CONTENT_TYPE, problem_bytes
from lachan.kernel import errors

from .givenback import given_back
from .sent import came_from, is_anothers, is_ours

# From the most special to the most general: the first that fits gives the status.
_STATUS: list[tuple[type[Exception], int]] = [
    (errors.InvalidInput, 422),
    (errors.NotFound, 404),
    (errors.Refused, 403),
    (errors.Conflict, 409),
    (errors.Unavailable, 503),
    (errors.LachanError, 400),
]


def status_of(error: errors.LachanError) -> int:
    """The HTTP status of a domain error; 401 where signing in would help."""
    if error.code == "sign-in-needed":
        return 401
    return next(status for kind, status in _STATUS if isinstance(error, kind))


def problem(status: int, code: str, title: str, **extra: Any) -> HttpResponse:
    body = problem_bytes(status, code, title, **extra)
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE)


def problem_for(error: errors.LachanError) -> HttpResponse:
    response = problem(status_of(error), error.code, str(error))
    if response.status_code == 401:
        response["WWW-Authenticate"] = CHALLENGE
    return response


def is_of_api(request: HttpRequest) -> bool:
    return request.path.startswith("/v1/")


# What no room says: Django, the API's router and the server before them do (docs/howto/errors.md).
_PROBLEMS = {
    400: ("error", "the request cannot be used, or its body did not arrive whole"),
    403: ("refused", "this is not allowed"),
    404: ("not-found", "there is nothing at this address"),
    405: ("wrong-method", "this address is not asked by that method; Allow names those that it is"),
    408: ("too-slow", "the body took too long to arrive; nothing was done: send it again"),
    503: ("unavailable", "too much is under way at this moment: try again after a pause"),
}


def error_answer(request: HttpRequest, status: int, *, unread: bool = False) -> HttpResponse:
    """What went wrong before a room could say it: a page for people, problem+json for machines.

    `unread`: nothing of the body was looked at, so only the browser still has what was typed.
    """
    if is_of_api(request):
        return problem(status, *_PROBLEMS.get(status, ("internal", "it broke on our side")))
    return error_page(request, status, unread=unread)


def error_page(request: HttpRequest, status: int, *, unread: bool = False) -> HttpResponse:
    """A page that says in plain words what happened and what to do now, with what was typed."""
    words = {
        400: (_("That did not arrive whole"), _("Go back and try once more.")),
        403: (_("This is not open to you"), _("If you think it should be, ask the administrator of your organisation.")),
        404: (_("There is nothing here"), _("The address may be mistyped, or what was here is gone.")),
        408: (_("It has not been sent yet"), _("The connection was too slow.")),
        409: (_("Somebody was faster"), _("Go back and load the page anew: it has changed meanwhile.")),
        422: (_("Something in the form cannot be used"), _("Go back and look at what you entered.")),
        503: (_("A part is resting"), _with_numbers(_("Please try again in a minute."))),
    }  # fmt: skip
    title, advice = words.get(
        status,
        (
            _("Something broke on our side"),
            _with_numbers(_("Please try again.")),
        ),
    )
    if unread and request.method == "POST":
        # "Back" finds an empty form where the browser keeps no page aside and the form asks it to remember
        # nothing; what it has sent it keeps for as long as this page stands.
        again = _("Reload this page: everything you wrote is sent again.")
        advice = again if status == 400 else f"{advice} {again}"
    return _page(request, status, title=title, advice=advice)


def _with_numbers(advice: str) -> str:
    """Advice, and whom to call meanwhile, as far as the country has somebody."""
    numbers = {"danger": help_number("danger"), "talk": help_number("talk")}
    if all(numbers.values()):
        calls = _("In danger, call %(danger)s; to talk, call %(talk)s.")
    elif numbers["danger"]:
        calls = _("In danger, call %(danger)s.")
    elif numbers["talk"]:
        calls = _("To talk, call %(talk)s.")
    else:
        return advice
    return f"{advice} {calls % numbers}"


def wrong_method(request: HttpRequest, allowed: str) -> HttpResponse:
    """For an address that takes other methods, named as `Allow` has them: what only a button sends to, typed or
    opened after signing in; or a form sent to where none is taken.
    """
    if is_of_api(request):
        response = problem(405, *_PROBLEMS[405])
    elif request.method in {"GET", "HEAD"}:
        words = {
            "title": _("This address is only for a button"),
            "advice": _("Opening it sends nothing. Open the page, and press the button there."),
        }
        if (above := _page_above(request.path)) != "/":
            words |= {"way": above, "way_words": _("Open the page once more")}
        response = _page(request, 405, **words)
    else:
        response = _page(
            request,
            405,
            title=_("That did not arrive whole"),
            advice=_("Go back and try once more."),
        )
    response["Allow"] = allowed
    return response


def _page_above(path: str) -> str:
    """The nearest page above an address: acts stand below what they act on."""
    parts = path.strip("/").split("/")
    while parts := parts[:-1]:
        above = f"/{'/'.join(parts)}/"
        try:
            resolve(above)
        except Resolver404:
            continue
        return above
    return "/"


def not_sent_page(request: HttpRequest, *, cookies: bool) -> HttpResponse:
    """For a form whose token is not the browser's: an old page, or a browser without `cookies`."""
    title = _("It has not been sent yet")
    if given_back(request):
        advice = _("This page was open for too long. Please press “Send again”.")
        if not cookies:
            advice = _(
                "This browser keeps no cookies here. Please allow them, then press “Send again”."
            )
        return _page(request, 403, title=title, advice=advice)
    # Nothing that could be given back: a receipt, a password, a mere press.
    advice = _("This page was open for too long. Please open it once more.")
    if not cookies:
        advice = _(
            "This browser keeps no cookies here. Please allow them, then open the page once more."
        )
    page = came_from(request) if is_ours(request) else ""
    words = {"way": page or request.path, "way_words": _("Open the page once more")}
    return _page(request, 403, title=title, advice=advice, **words)


def signed_out_page(request: HttpRequest, way: str = settings.LOGIN_URL) -> HttpResponse:
    """For a form of somebody whose session is over; `way` is where one signs in."""
    return _page(
        request,
        401,
        title=_("You are signed out"),
        advice=_("It has not been sent. Sign in, come back to this page, and press “Send again”."),
        way=way,
        way_words=_("Sign in, in another tab"),
    )


def key_locked_page(request: HttpRequest, way: str) -> HttpResponse:
    """For a form that needs the person's key, which this session does not hold."""
    return _page(
        request,
        403,
        title=_("Your key is locked"),
        advice=_("It has not been sent. Enter your password, come back, and press “Send again”."),
        way=way,
        way_words=_("Enter the password, in another tab"),
    )


def form_owner_page(request: HttpRequest) -> HttpResponse:
    """For a form that stood on a page of somebody else than who is signed in; or what its owner wrote there,
    once the owner is.
    """
    if is_anothers(request):
        return _page(
            request,
            403,
            title=_("This page is somebody else’s"),
            advice=_(
                "Somebody else was signed in when it was opened. It has not been sent, and only that "
                "person can see what stood in it: after signing in again, here."
            ),
        )
    title, advice = _("What you wrote is here"), _("It has not been sent yet.")
    return _page(request, 200, title=title, advice=advice)


def _page(request: HttpRequest, status: int, **words: Any) -> HttpResponse:
    # Web stands below members and knows no actor's kind; people who work here have a person behind them.
    is_staff = bool(getattr(getattr(request, "actor", None), "person_id", None))
    shell = "web/desk.html" if is_staff else "web/public.html"
    back = given_back(request)
    if back and not back.sealed:
        words["help"] = _("Nothing that you wrote is lost: it stands below.")
    context = {"is_staff": is_staff, "shell": shell, "given_back": back, **words}
    return render(request, "web/error.html", context, status=status)
