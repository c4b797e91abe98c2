"""Cookies of adults and of children's devices: out of every script's reach, each under its own path alone."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lachan.family import conf
from lachan.family.middleware import ADULT_COOKIE, ADULT_PATH, CHILD_COOKIE, CHILD_PATH

# What a browser says of itself → what the list of sessions says.
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Macintosh", "Mac"), ("CrOS", "Chromebook"), ("Linux", "Linux"),
)  # fmt: skip


def device_words(request: HttpRequest) -> str:
    """Roughly what sort of device asks, for its owner to know it again."""
    said = request.headers.get("User-Agent", "")
    return next((words for mark, words in _SYSTEMS if mark in said), "")


def adult_cookie(response: HttpResponse, cookie: str) -> HttpResponse:
    return _set(response, ADULT_COOKIE, cookie, ADULT_PATH, conf.SESSION_FOR)


def child_cookie(response: HttpResponse, cookie: str) -> HttpResponse:
    return _set(response, CHILD_COOKIE, cookie, CHILD_PATH, conf.DEVICE_FOR)


def adult_cookie_drop(response: HttpResponse) -> HttpResponse:
    response.delete_cookie(ADULT_COOKIE, path=ADULT_PATH, samesite="Lax")
    return response


def _set(response: HttpResponse, name: str, value: str, path: str, life: timedelta) -> HttpResponse:
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()),
        path=path,
        httponly=True,
        # Lax: a link in a message about a request leads in; what changes anything is a form with a token.
        samesite="Lax",
        secure=settings.HTTPS,
    )
    return response
