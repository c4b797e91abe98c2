"""Who asks under /family/ and /my/: an adult or a child's device by cookies of their own, and nobody of staff.

A session of staff counts for nothing there, as it does under /v1/: a page in another tab must not act through it.
"""

import contextlib
from collections.abc import Callable
from urllib.parse import urlencode

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import Resolver404, resolve

from lachan.members.records import PUBLIC, Actor
from lachan.web.givenback import given_back
from lachan.web.problems import error_page, signed_out_page

from .entry import OpenDevice, OpenHousehold, adult_session_find, device_session_find

ADULT_COOKIE, ADULT_PATH = "lachan_family", "/family/"
CHILD_COOKIE, CHILD_PATH = "lachan_my", "/my/"
DOOR = "/family/open/"


class HouseholdMiddleware:
    """Sets `request.actor`, and `request.household` or `request.device` with their keys."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            if request.path.startswith(ADULT_PATH):
                request.household = adult_session_find(request.COOKIES.get(ADULT_COOKIE, ""))
                request.actor = _acts(request, request.household)
            elif request.path.startswith(CHILD_PATH):
                request.device = device_session_find(request.COOKIES.get(CHILD_COOKIE, ""))
                request.actor = _acts(request, request.device)
        except (OperationalError, InterfaceError):
            return error_page(request, 503)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Whoever is not signed in is sent to the household's own door; a device to the child's page."""
        if getattr(error, "code", "") != "sign-in-needed":
            return None
        if request.path.startswith(CHILD_PATH):
            if given_back(request):
                return signed_out_page(request, CHILD_PATH)
            return HttpResponseRedirect(CHILD_PATH)
        if request.path.startswith(ADULT_PATH):
            if given_back(request):
                return signed_out_page(request, DOOR)
            way = request.path if request.method == "GET" else ADULT_PATH
            return HttpResponseRedirect(f"{DOOR}?{urlencode({'next': way}, safe='/')}")
        return None


def _acts(request: HttpRequest, opened: OpenHousehold | OpenDevice | None) -> Actor:
    """Whoever comes in by a form acts as nobody yet, also when it is sent again with the cookie that it brought."""
    if opened is None:
        return PUBLIC
    if request.method == "POST":
        with contextlib.suppress(Resolver404):
            if getattr(resolve(request.path_info).func, "policy_action", "") == "public":
                return PUBLIC
    return opened.actor
