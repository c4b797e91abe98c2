from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation

from lachan.formats.problems import CONTENT_TYPE
from lachan.kernel.errors import LachanError, Unavailable

from .givenback import given_back
from .problems import (
    error_page,
    form_owner_page,
    is_of_api,
    problem_for,
    signed_out_page,
    status_of,
    wrong_method,
)
from .sent import SEALED, form_page, has_marks, is_anothers, posted

Next = Callable[[HttpRequest], HttpResponse]

# No inline code, nothing from elsewhere, never in a frame. `data:` for images: the QR code of TOTP.
CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    # What old browsers (Chrome 58, Safari 15.4) ask instead of worker-src.
    "child-src 'self'; frame-src 'none'; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)


# Says that an answer is ours. A portal, a filter or a proxy that answers in our place has none, and
# `web/send.js` keeps the page with the words then.
OURS = "Lachan-Answer"


class SecurityHeadersMiddleware:
    """The same headers on every answer, static files included."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Content-Security-Policy"] = CSP
        response[OURS] = "1"
        response["X-Content-Type-Options"] = "nosniff"
        # Not `no-referrer`: with it browsers send `Origin: null` and every form would fail CSRF.
        response["Referrer-Policy"] = "same-origin"
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["Permissions-Policy"] = (
            "camera=(), geolocation=(), microphone=(), browsing-topics=()"
        )
        if not request.path.startswith(settings.STATIC_URL) and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response


class HeadMiddleware:
    """Has HEAD answered as GET (RFC 9110, section 9.3.2): monitors and link checkers ask so. The server keeps
    the body back.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method == "HEAD":
            request.method = "GET"
        return self.get_response(request)


class LineEndsMiddleware:
    """Gives every form's words as they were typed: one character a line end.

    Browsers count it as one against `maxlength` and send it as two (HTML, "constructing the entry list"): a
    limit would refuse what the field let in, and the same words would not be the same from a script.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Django's own hook, private as it is: with `request.POST = …` the body would be read here, and one
        # that is too large would fail before the view that knows what to say about it.
        load = request._load_post_and_files  # noqa: SLF001

        def load_as_typed() -> None:
            load()
            request._post = _as_typed(request._post)  # noqa: SLF001

        request._load_post_and_files = load_as_typed  # noqa: SLF001
        return self.get_response(request)


def _as_typed(data: QueryDict) -> QueryDict:
    if not any("\r" in value for _, values in data.lists() for value in values):
        return data
    typed = QueryDict(mutable=True, encoding=data.encoding)
    for name, values in data.lists():
        typed.setlist(name, [value.replace("\r\n", "\n").replace("\r", "\n") for value in values])
    return typed


class LanguageMiddleware:
    """The country's language, until the visitor chooses another: many phones speak English by accident."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.known = {code for code, _ in settings.LANGUAGES}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in self.known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.setdefault("Content-Language", language)
        return response


class ErrorsMiddleware:
    """Turns a room's error that reached the edge into a page with clear words, or problem+json."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.META.get("lachan.crowded"):  # lachan.config.server
            crowded = Unavailable("too many ask at this moment: try again soon")
            return self.process_exception(request, crowded) or error_page(request, 503)
        response = self.get_response(request)
        # Django's and the API's own have no words: whoever reloads where a form was sent sees an empty page.
        if response.status_code == 405 and response.get("Content-Type") != CONTENT_TYPE:
            return wrong_method(request, response.get("Allow", "GET"))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, OperationalError | InterfaceError):
            # Gone, locked or full: it is said so, and tried again by whoever asked.
            error = Unavailable("the database does not answer now")
        if not isinstance(error, LachanError):
            return None
        if is_of_api(request):
            return problem_for(error)
        if error.code == "sign-in-needed":
            if given_back(request):
                return signed_out_page(request)
            return redirect_to_login(form_page(request))
        return error_page(request, status_of(error))


class FormOwnersMiddleware:
    """Keeps a form apart from who sits there now, where it stood on somebody else's page."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if has_marks(request) and (is_anothers(request) or SEALED in posted(request)):
            return form_owner_page(request)
        return self.get_response(request)
