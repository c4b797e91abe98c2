"""Does it work? The page has the device look up a name that nobody else knows, and says who answered."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from lachan.formats.profiles.door import Seen, check, check_name, device_digest, nonce_new
from lachan.members.policy import public

_NONCE = re.compile(r"[0-9a-f]{20}\Z")
_TRIES = 4
"""Looks, two seconds apart, until it says that nothing came."""


@public
@require_GET
def works(request: HttpRequest) -> HttpResponse:
    """Begin: from now on the name is waited for."""
    return _look(request, nonce_new(), 0)


@public
@require_GET
def works_seen(request: HttpRequest, nonce: str, tried: int) -> HttpResponse:
    if not _NONCE.match(nonce):
        raise Http404
    return _look(request, nonce, min(tried, _TRIES))


def _look(request: HttpRequest, nonce: str, tried: int) -> HttpResponse:
    seen, edges = check(settings.LACHAN_HOME, nonce)
    context = {
        "name": check_name(nonce, settings.FAMILY_WAYS.name),
        "again": reverse("my-works-seen", args=[nonce, tried + 1]),
        "is_looking": bool(edges) and not seen and tried < _TRIES,
        "edges": edges,
        "seen": seen[-1] if seen else None,
        "whose": _whose(request, seen),
    }
    return render(request, "family/works.html", context)


def _whose(request: HttpRequest, seen: list[Seen]) -> str:
    """As which device it was asked: this one, another one, or none that has an address of its own."""
    device = request.device  # type: ignore[attr-defined]
    if not seen or not seen[-1].device:
        return "none"
    if device is not None and device_digest(device.label) == seen[-1].device:
        return "this"
    return "other"
