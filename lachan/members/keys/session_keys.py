"""A person's unlocked private key, for as long as the session lasts.

    database: session row ── key locked under a secret        browser: cookie `lachan_key` ── the secret

Neither half alone opens anything. The secret passes through the server's memory with each request and is
never written there.
"""

import base64
import binascii
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from lachan.kernel.sealing.errors import LockHeld
from lachan.kernel.sealing.locks import lock_with, unlock_with
from lachan.members.errors import KeyLocked

COOKIE = "lachan_key"
_ROW = "key"


def session_key_hold(request: HttpRequest, private: str) -> None:
    """Keep `private` in the session; the answer to this request carries the cookie."""
    secret = secrets.token_bytes(32)
    request.session[_ROW] = base64.b64encode(lock_with(private, secret=secret)).decode()
    request.key_secret = secret


def session_key(request: HttpRequest) -> str:
    """The signed-in person's private key.

    Raises:
        KeyLocked: no key in this session, or no cookie that opens it; a page sends the person to
            `/staff/unlock/` and back.
    """
    row = request.session.get(_ROW)
    try:
        secret = getattr(request, "key_secret", None) or base64.urlsafe_b64decode(
            request.COOKIES.get(COOKIE, "")
        )
        return unlock_with(base64.b64decode(row or ""), secret=secret)
    except (LockHeld, binascii.Error, ValueError):
        raise KeyLocked("the private key is locked") from None


def session_key_drop(request: HttpRequest) -> None:
    """Forget the key in this session."""
    request.session.pop(_ROW, None)
    request.key_secret = b""


def cookie_set(request: HttpRequest, response: HttpResponse) -> None:
    """Give or take the cookie, when this request held or dropped a key."""
    secret = getattr(request, "key_secret", None)
    if secret is None:
        return
    if not secret:
        response.delete_cookie(COOKIE, path="/staff/", samesite="Strict")
        return
    response.set_cookie(
        COOKIE,
        base64.urlsafe_b64encode(secret).decode(),
        max_age=settings.SESSION_COOKIE_AGE,
        path="/staff/",
        httponly=True,
        samesite="Strict",
        secure=settings.HTTPS,
    )
