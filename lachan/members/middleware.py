from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
        if not request.path.startswith("/v1/") and request.user.is_authenticated:
            request.actor = actor_for(request.user)
        return self.get_response(request)
