"""Pages that say, for each kind of device, how it is told to ask the family's shield."""

import uuid

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lachan.family import selectors
from lachan.family.platform import Platform, platform_get, platform_list
from lachan.family.policy import Action
from lachan.formats.mobileconfig import CONTENT_TYPE, DnsProfile, profile_bytes, signed
from lachan.formats.profiles.reached import Reached
from lachan.members.policy import public, requires

from .asked import key_of, qr


@requires(Action.DEVICE_MANAGE)
@require_GET
def on_device(request: HttpRequest, uid: uuid.UUID, platform: str) -> HttpResponse:
    """For a parent, with the names of one of the family's devices."""
    device, _of = selectors.device_get(by=request.actor, key=key_of(request), device=uid)
    back = reverse("family-device", args=[uid])
    profile = reverse("family-device-profile", args=[uid])
    return _page(request, platform, device.label, back=back, profile=profile, device=uid)


@public
@require_GET
def on_mine(request: HttpRequest, platform: str) -> HttpResponse:
    """For the child's own device, which has its pages open."""
    if request.device is None:
        return HttpResponseRedirect(reverse("my"))
    return _page(
        request, platform, request.device.label, back=reverse("my"), profile=reverse("my-profile")
    )


def _page(
    request: HttpRequest,
    platform: str,
    label: str,
    *,
    back: str,
    profile: str,
    device: uuid.UUID | None = None,
) -> HttpResponse:
    found = platform_get(platform)
    if found is None:
        raise Http404
    ways = settings.FAMILY_WAYS.of(label)
    context = {
        "platform": found,
        "steps": [(step, _shown(step.shows, ways)) for step in found.steps],
        "missing": _missing(found, ways),
        "back": back,
        "profile": profile,
        "ways": ways,
        "for_parent": device is not None,
        "others": [one for one in platform_links(device) if one["title"] != found.title],
    }
    return render(request, "family/platform.html", context)


def platform_links(device: uuid.UUID | None = None) -> list[dict[str, object]]:
    """A link to each page, for a parent's device or for the child's own."""
    where = ("family-on", [device]) if device else ("my-on", [])
    return [
        {"title": one.title, "url": reverse(where[0], args=[*where[1], one.name])}
        for one in platform_list()
    ]


def _shown(shows: str, ways: Reached) -> dict[str, str]:
    value = {"tls": ways.tls, "https": ways.https, "plain": ways.plain}.get(shows, "")
    return {"value": value, "qr": qr(value) if value else ""}


def _missing(platform: Platform, ways: Reached) -> bool:
    """Whether a step shows something that this instance does not offer."""
    have = {
        "tls": ways.tls,
        "https": ways.https,
        "plain": ways.plain,
        "profile": ways.https or ways.tls,
    }
    return any(step.shows and not have[step.shows] for step in platform.steps)


@requires(Action.DEVICE_MANAGE)
@require_GET
def device_profile(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    device, _of = selectors.device_get(by=request.actor, key=key_of(request), device=uid)
    return _profile(request, device.label, steps=reverse("family-on", args=[uid, "iphone"]))


@public
@require_GET
def my_profile(request: HttpRequest) -> HttpResponse:
    if request.device is None:
        return HttpResponseRedirect(reverse("my"))
    return _profile(request, request.device.label, steps=reverse("my-on", args=["iphone"]))


def _profile(request: HttpRequest, label: str, *, steps: str) -> HttpResponse:
    """A configuration profile for iOS and macOS, signed where the edge's certificate can be read here.

    An instance that offers no encrypted way in says so on the page of `steps`.
    """
    ways = settings.FAMILY_WAYS.of(label)
    if not (ways.https or (ways.tls and not ways.odd_port)):
        return HttpResponseRedirect(steps)
    host = request.get_host().partition(":")[0]
    profile = DnsProfile(
        way="https" if ways.https else "tls",
        server=ways.https or ways.tls,
        identifier=".".join([*reversed(host.split(".")), "lachan", label]),
        name="Lá Chắn",
        explanation=_("This device asks for names by Lá Chắn. Its family has set the rules."),
        organisation=host,
    )
    plain = profile_bytes(profile)
    response = HttpResponse(_signed(plain), content_type=CONTENT_TYPE)
    response["Content-Disposition"] = 'attachment; filename="la-chan.mobileconfig"'
    return response


def _signed(plain: bytes) -> bytes:
    """Signed by the edge's own certificate; as it is where that rests elsewhere: devices say then that nobody signed."""
    folder = settings.LACHAN_HOME / "tls"
    try:
        chain, key = ((folder / name).read_bytes() for name in ("edge.pem", "edge.key"))
        return signed(plain, chain=chain, key=key)
    except (OSError, ValueError):
        return plain
