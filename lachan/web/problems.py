"""Errors at the edge: plain words for people; for machines problem+json (RFC 9457) with a stable `code` that
docs/howto/errors.md lists.
"""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from lachan.kernel import errors

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
    body = {"type": f"about:blank#{code}", "code": code, "status": status, "title": title, **extra}
    return HttpResponse(
        msgspec.json.encode(body), status=status, content_type="application/problem+json"
    )


def problem_for(error: errors.LachanError) -> HttpResponse:
    response = problem(status_of(error), error.code, str(error))
    if response.status_code == 401:
        response["WWW-Authenticate"] = 'Bearer realm="lachan"'
    return response


def error_page(request: HttpRequest, status: int) -> HttpResponse:
    """A page that says in plain words what happened and what to do now."""
    words = {
        400: (_("That did not arrive whole"), _("Go back and try once more. What you wrote is still in the form.")),
        403: (_("This is not open to you"), _("If you think it should be, ask the administrator of your organisation.")),
        404: (_("There is nothing here"), _("The address may be mistyped, or what was here is gone.")),
        409: (_("Somebody was faster"), _("Go back and load the page anew: it has changed meanwhile.")),
        422: (_("Something in the form cannot be used"), _("Go back and look at what you entered.")),
        503: (_("A part is resting"), _("Please try again in a minute. In danger, call 113; to talk, call 111.")),
    }  # fmt: skip
    title, advice = words.get(
        status,
        (
            _("Something broke on our side"),
            _("Please try again. In danger, call 113; to talk, call 111."),
        ),
    )
    # Web stands below members and knows no actor's kind; people who work here have a person behind them.
    is_staff = bool(getattr(getattr(request, "actor", None), "person_id", None))
    shell = "web/desk.html" if is_staff else "web/public.html"
    context = {"title": title, "advice": advice, "is_staff": is_staff, "shell": shell}
    return render(request, "web/error.html", context, status=status)
