"""A child's own pages, on the child's device: the rules in words, asking, help."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.family import projecting, selectors
from lachan.family.blocked import YOUNG, BlockedList, blocked_list
from lachan.family.entry import OpenDevice, device_link_open
from lachan.family.errors import LinkGone, NameAlwaysOpen, NameUnusable, TooMany
from lachan.family.forms import AskForm
from lachan.family.policy import Action
from lachan.family.records import AskShown, Band
from lachan.family.sentences import sentences
from lachan.family.services import asks, devices
from lachan.formats.profiles.encoding import rules_read
from lachan.kernel.clock import now
from lachan.members.policy import public, requires
from lachan.members.records import PUBLIC
from lachan.web.sent import marked

from .children import name_fault
from .cookies import child_cookie
from .platforms import platform_links


@public
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """What holds on this device; a device of no family is told so."""
    if request.device is None:
        return render(request, "family/my_none.html")
    return _page(request)


def _page(request: HttpRequest, *, status: int = 200, **more: object) -> HttpResponse:
    opened = request.device
    child = opened.device.child
    until = selectors.departures(child)
    asked = selectors.own_asks(by=request.actor, key=opened.key)
    context = {
        "sentences": sentences(rules_read(child.rules), young=child.band in YOUNG),
        "now": projecting.rules_now(child),
        "paused_until": until.get("pause"),
        "more_until": until.get("skip"),
        "lesson_until": until.get("only") or until.get("open"),
        "asks": asked,
        "blocked": _blocked(opened, asked),
        "label": opened.label,
        "platforms": platform_links(),
        "ways": settings.FAMILY_WAYS.of(opened.label),
        **more,
    }
    return render(request, "family/my.html", context, status=status)


def _blocked(opened: OpenDevice, asked: list[AskShown]) -> BlockedList:
    return blocked_list(
        settings.LACHAN_HOME,
        label=opened.label,
        key=opened.key,
        band=Band(opened.device.child.band),
        asks=asked,
        at=now(),
    )


@requires(Action.OWN_READ)
@require_GET
def blocked(request: HttpRequest) -> HttpResponse:
    """The part of the page that says what did not open, for its script."""
    asked = selectors.own_asks(by=request.actor, key=request.device.key)
    context = {"blocked": _blocked(request.device, asked)}
    return render(request, "family/_blocked.html", context)


@public
@marked
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Opens the child's pages on this device, by a link that a parent shows."""
    try:
        if request.method == "POST":
            cookie = devices.device_join(by=PUBLIC, token=token)
            return child_cookie(HttpResponseRedirect(reverse("my")), cookie)
        device_link_open(token, take=False)
    except LinkGone:
        return render(request, "family/link_gone.html", status=404)
    return render(request, "family/my_join.html", {"token": token})


@requires(Action.ASK_MAKE)
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    form = AskForm(request.POST)
    fault = ""
    if form.is_valid():
        try:
            asks.ask_make(
                by=request.actor,
                kind=form.asked(),
                site=form.cleaned_data["site"],
                reason=form.cleaned_data["reason"],
            )
            return HttpResponseRedirect(reverse("my") + "#asked")
        except NameAlwaysOpen:
            fault = _("This site is open for you: you need not ask. Nothing was sent.")
        except NameUnusable as error:
            fault = name_fault(error)
        except TooMany:
            fault = _(
                "Some of your requests wait for an answer still. Your words are here: send them when one has come."
            )
    fault = fault or next(iter(form.errors.values()))[0]
    typed = {"site": request.POST.get("site", ""), "reason": request.POST.get("reason", "")}
    return _page(request, status=422, fault=fault, typed=typed)
