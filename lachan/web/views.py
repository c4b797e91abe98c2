from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import REASON_NO_CSRF_COOKIE
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from .maintenance import maintenance_list
from .problems import error_answer, not_sent_page
from .sent import is_ours
from .status import status_list


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return not_sent_page(request, cookies=reason != REASON_NO_CSRF_COOKIE)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    return error_answer(request, 500)


@require_GET
def health(request: HttpRequest) -> HttpResponse:
    """For proxies and supervisors: the process answers. `lachan doctor` says more."""
    return JsonResponse({"status": "ok"})


@require_GET
def status(request: HttpRequest) -> HttpResponse:
    """For everybody: which part works, since when, and what is planned. Asks no database and takes no script."""
    home = settings.LACHAN_HOME
    shown = {"parts": status_list(home), "planned": maintenance_list(home)}
    return render(request, "web/status.html", shown)


@csrf_exempt
@require_POST
def language_set(request: HttpRequest) -> HttpResponse:
    """Remember a language in a cookie and go back to where the visitor was.

    Without a token, which would put a cookie on the phone of whoever only reads a page; another site's form is
    not obeyed.
    """
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = "/"
    response = HttpResponseRedirect(back)
    if is_ours(request) is not False:
        language_remember(response, request.POST.get("language", ""))
    return response


def language_remember(response: HttpResponse, language: str) -> None:
    """Put a language that we speak into a cookie that goes with the browser window; pass over another."""
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )


status.policy_action = "public"  # type: ignore[attr-defined]
health.policy_action = "public"  # type: ignore[attr-defined]  # web stands below members.policy
language_set.policy_action = "public"  # type: ignore[attr-defined]
