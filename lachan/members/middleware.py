from collections.abc import Callable

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

from lachan.formats.problems import CHALLENGE
from lachan.web.givenback import given_back
from lachan.web.problems import key_locked_page, problem
from lachan.web.sent import form_page

from .api_keys import api_key_actor
from .errors import ApiKeyRefused, KeyLocked
from .keys.session_keys import cookie_set
from .records import PUBLIC
from .selectors import actor_for


class ActorMiddleware:
    """Sets `request.actor`. Under /v1/ a session counts for nothing: the API knows keys and the public,
    so that a page in another tab can never act through a person's cookie there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = PUBLIC
        if request.path.startswith("/v1/"):
            scheme, _, key = request.headers.get("Authorization", "").partition(" ")
            if scheme.lower() == "bearer":
                try:
                    request.actor = api_key_actor(key)
                except ApiKeyRefused as error:
                    return _key_refused(error)
        elif request.user.is_authenticated:
            request.actor = actor_for(request.user)
        response = self.get_response(request)
        cookie_set(request, response)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """A locked key sends the person to unlock it, and back."""
        if isinstance(error, KeyLocked) and not request.path.startswith("/v1/"):
            if given_back(request):
                return key_locked_page(request, "/staff/unlock/")
            return redirect_to_login(form_page(request), "/staff/unlock/")
        return None


def _key_refused(error: ApiKeyRefused) -> HttpResponse:
    response = problem(401, error.code, str(error))
    response["WWW-Authenticate"] = f'{CHALLENGE}, error="invalid_token"'
    return response
