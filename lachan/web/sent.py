"""Hidden fields of every form: a number of its own, and whose page it stood on.

The number tells a form that is sent twice from one that is filled in twice (`repeats.py`). The owner's mark
keeps words apart where two people sign in on one machine: what one left open is never done in the name of
the other (`givenback.py`).
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost, RequestDataTooBig
from django.http import HttpRequest, QueryDict
from django.urls import Resolver404, resolve

NUMBER, OWNER, SEEN, SEALED = "_once", "_owner", "_seen", "_sealed"
MACHINERY = frozenset({"csrfmiddlewaretoken", NUMBER, OWNER, SEEN, SEALED})
_NUMBER_BYTES = 16
V = TypeVar("V", bound=Callable[..., Any])


def number_new() -> str:
    """A form's number: 128 random bits, which only the page that shows the form knows."""
    return urlsafe_b64encode(secrets.token_bytes(_NUMBER_BYTES)).decode().rstrip("=")


def number_read(text: str) -> bytes | None:
    """The bytes of a number; None where it is none."""
    try:
        raw = urlsafe_b64decode(text + "==")
    except ValueError:
        return None
    return raw if len(raw) == _NUMBER_BYTES else None


def owner_mark(request: HttpRequest) -> str:
    """Names who is signed in, a person or somebody of a household, to this instance alone; empty where nobody is."""
    actor: Any = getattr(request, "actor", None)
    if actor is None or actor.person_id is actor.household_id is None:
        return ""
    return keyed("owner", actor.label).hex()[:32]


def keyed(purpose: str, text: str) -> bytes:
    key = settings.SECRET_KEY.encode()
    return hmac.digest(key, f"lachan form {purpose} {text}".encode(), hashlib.sha256)


def is_anothers(request: HttpRequest) -> bool:
    """Whether the form stood on a page of somebody else than who is signed in now."""
    named, present = posted(request).get(OWNER, ""), owner_mark(request)
    return bool(named and present) and not hmac.compare_digest(named.encode(), present.encode())


def marked(view: V) -> V:
    """A view of the public's whose form carries the marks (`form_marks`); what staff are shown all does."""
    view.is_marked = True  # type: ignore[attr-defined]
    return view


def has_marks(request: HttpRequest) -> bool:
    """Whether this is a form that may carry our marks.

    The intake's does not, nor does the API: what they are sent is theirs alone to read. Of strangers none does
    but where a page gave them one: whoever makes up numbers for the others would have each answer kept, and
    the one turn to write held while a password or a receipt is derived.
    """
    if request.method != "POST":
        return False
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return False
    if getattr(view, "csrf_exempt", False):
        return False
    return bool(owner_mark(request)) or getattr(view, "is_marked", False)


def posted(request: HttpRequest) -> QueryDict:
    """The form's fields; none where they cannot be read, and the view will hear of it."""
    try:
        return request.POST
    except RequestDataTooBig:
        if request.content_type == "multipart/form-data":
            raise  # such a body can be read once: the view would find an empty form
        return QueryDict()


def is_ours(request: HttpRequest) -> bool | None:
    """Whether a page of this site sent the form, as the browser says; None where it says nothing."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return None if site == "none" else site == "same-origin"
    # Older browsers; "null" is what a page in disguise says.
    source = request.headers.get("Origin") or request.headers.get("Referer")
    try:
        return urlsplit(source).netloc == request.get_host() if source else None
    except (DisallowedHost, ValueError):  # no address that is ours
        return False


def came_from(request: HttpRequest) -> str:
    """The path of the page that a request came from, as far as the browser says; empty where that is none."""
    try:
        path = urlsplit(request.headers.get("Referer", "")).path
    except ValueError:
        return ""
    return "" if path.startswith("//") else path  # as a link it would lead to another host


def form_page(request: HttpRequest) -> str:
    """Where staff go on after the sign-in or the password: a form's page, for what it was sent to cannot be
    asked for by its address.
    """
    page = came_from(request)
    return (
        page if request.method == "POST" and page.startswith("/staff/") else request.get_full_path()
    )
