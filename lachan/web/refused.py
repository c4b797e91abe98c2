"""Answers to requests that no view ever sees: the body took too long, others held all the room, it broke.

They are made when the process begins: refusing many at once costs no worker's turn, and a disk or a catalogue
that is gone later takes no words away.
"""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .middleware import OURS, LanguageMiddleware, SecurityHeadersMiddleware
from .problems import error_answer

STATUSES = (400, 408, 500, 503)
_API, _PAGE = "/v1/", "/"
Made = tuple[list[tuple[str, str]], bytes]


class Refusals:
    """Headers and body for each of STATUSES, by who asks: a person of each language, or a machine."""

    def __init__(self) -> None:
        self._cookies = {
            code: f"{settings.LANGUAGE_COOKIE_NAME}={code}" for code, _ in settings.LANGUAGES
        }
        self._made = {
            (status, place, method, language): _made(status, place, method, language)
            for status in STATUSES
            for place in (_API, _PAGE)
            for method in ("GET", "POST")
            for language in self._cookies
        }

    def find(self, status: int, path: str, method: str, cookies: str) -> Made:
        """Args:
        status: one of STATUSES.
        path, method: what was asked.
        cookies: the header; the language stands there.
        """
        place = _API if path.startswith(_API) else _PAGE
        chosen = (code for code, cookie in self._cookies.items() if cookie in cookies)
        language = next(chosen, settings.LANGUAGE_CODE)
        return self._made[status, place, "POST" if method == "POST" else "GET", language]


def _made(status: int, place: str, method: str, language: str) -> Made:
    request = HttpRequest()
    request.method, request.path, request.path_info = method, place, place
    request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = language
    say: Callable[[HttpRequest], HttpResponse] = lambda one: error_answer(one, status, unread=True)  # noqa: E731
    response = SecurityHeadersMiddleware(LanguageMiddleware(say))(request)
    if status == 408:
        # For `web/send.js` it is as if the line had failed, which it has: the page with the words stays.
        del response[OURS]
    if status == 503:
        response["Retry-After"] = "30"
    return [(name.lower(), value) for name, value in response.items()], response.content
