"""A class: the lesson, its networks and devices; and its page for the wall, which anybody may open who has its address."""

import uuid
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from lachan.family import conf, projecting, selectors
from lachan.family.errors import NameUnusable, NetworkUnusable, NothingNamed, SiteClosed
from lachan.family.granted import school_number, wider
from lachan.family.labels import (
    BANDS,
    TROUBLES,
    service_choices,
    service_kinds,
)
from lachan.family.models import Child
from lachan.family.policy import Action
from lachan.family.records import ChildShown, WayKind
from lachan.family.selectors import lesson_of
from lachan.family.sentences import sentences
from lachan.family.services import boards, classes, lessons
from lachan.formats.profiles.encoding import rules_read
from lachan.formats.profiles.rules import Override
from lachan.kernel.bounds import number_read
from lachan.kernel.errors import InvalidInput
from lachan.members.policy import public, requires

from .asked import key_of, lesson_end, qr
from .schools import may_manage

_BOARD_SECONDS = 60
"""After which the page for the wall looks again."""


@requires(Action.HOUSEHOLD_READ)
@require_GET
def class_one(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    return _page(request, uid)


def _page(
    request: HttpRequest, uid: uuid.UUID, *, status: int = 200, **more: object
) -> HttpResponse:
    by, key = request.actor, key_of(request)
    shown = selectors.child_get(by=by, key=key, child=uid)
    token = selectors.board_token(by=by, key=key, child=uid)
    until = lesson_end(shown)
    board = request.build_absolute_uri(reverse("class-board", args=[token])) if token else ""
    context = {
        "child": shown,
        "band": BANDS[shown.band],
        "until": until,
        "lesson_words": lesson_words(shown.lesson) if shown.lesson else "",
        "lesson_sites": [one.name for one in shown.names if one.until and one.until == until],
        "minutes": conf.LESSON_MINUTES,
        "kinds": service_kinds().items(),
        "sentences": sentences(shown.rules),
        "board": board,
        "board_qr": qr(board) if board else "",
        "may_manage": may_manage(request),
        **more,
    }
    if may_manage(request):
        context |= {
            "number": school_number(request.household.household),
            "networks": _networks(request, shown),
            "devices": [one for one in shown.devices if one.kind is WayKind.DEVICE],
        }
    return render(request, "family/class.html", context, status=status)


def _networks(request: HttpRequest, shown: ChildShown) -> list[tuple[object, list[str], list[str]]]:
    """Each network of the class; whose wider ones it is cut out of; and what others cut out of it."""
    all_of = selectors.network_list(by=request.actor, key=key_of(request))
    found = []
    for one in shown.devices:
        if one.kind is not WayKind.NETWORK or not one.network:
            continue
        others = {net: name for net, name in all_of.items() if net != one.network}
        above = [f"{net} ({others[net]})" for net in wider(one.network, list(others))]
        below = [f"{net} ({name})" for net, name in others.items() if wider(net, [one.network])]
        found.append((one, above, below))
    return found


def lesson_words(lesson: Override) -> str:
    """What a lesson opens by name: games, a service; empty where it is sites alone."""
    named = service_kinds() | {one.code: one.name for one in service_choices()}
    return ", ".join(str(named[code]) for code in sorted(lesson.services) if code in named)


@requires(Action.CLASS_TEACH)
@require_POST
def lesson(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Begin one, or end the one that goes on."""
    by, key, fault = request.actor, key_of(request), ""
    if "end" in request.POST:
        lessons.lesson_end(by=by, key=key, child=uid)
        return HttpResponseRedirect(reverse("family-class", args=[uid]))
    known = {one.code for one in service_choices()} | set(service_kinds())
    try:
        lessons.lesson_begin(
            by=by,
            key=key,
            child=uid,
            minutes=number_read(request.POST.get("minutes", "")) or conf.LESSON_MINUTES[0],
            only=request.POST.get("how") != "open",
            services=known & set(request.POST.getlist("service")),
            sites=request.POST.get("sites", "").split(),
        )
        return HttpResponseRedirect(reverse("family-class", args=[uid]))
    except NameUnusable:
        fault = _("There is no name of a site in this. Write it like truong.example.")
    except NothingNamed:
        fault = _("Choose what to open, or write a site.")
    except SiteClosed:
        fault = _("The class’s own list closes one of these sites. Take it off the list first.")
    except InvalidInput:
        fault = _("A lesson opens 20 sites at most.")
    typed = {
        "sites": request.POST.get("sites", ""),
        "services": request.POST.getlist("service"),
    }
    return _page(request, uid, status=422, lesson_fault=fault, typed=typed)


@requires(Action.DEVICE_MANAGE)
@require_POST
def network_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    text = request.POST.get("network", "")
    try:
        classes.class_network_add(by=request.actor, key=key_of(request), child=uid, text=text)
    except NetworkUnusable as error:
        fault = TROUBLES[error.trouble] % {"about": error.about}
        return _page(request, uid, status=422, network_fault=fault, network_typed=text)
    return HttpResponseRedirect(reverse("family-class", args=[uid]) + "#networks")


@requires(Action.CLASS_TEACH)
@require_POST
def board_set(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A page for the wall under a fresh address, or none any more."""
    by, key = request.actor, key_of(request)
    if "end" in request.POST:
        boards.board_end(by=by, key=key, child=uid)
    else:
        boards.board_make(by=by, key=key, child=uid, named="named" in request.POST)
    return HttpResponseRedirect(reverse("family-class", args=[uid]) + "#board")


@public
@require_GET
def board(request: HttpRequest, token: str) -> HttpResponse:
    """What holds in a class now, for everybody in the room; it names nobody and nothing that was looked at."""
    found = boards.board_find(token)
    if found is None:
        return render(request, "family/board_gone.html", status=404)
    child, label = found
    response = render(request, "family/board.html", {"label": label, **_holds(child)})
    # By a header: the page needs no script, and a reader that follows it line by line is not moved by it.
    response["Refresh"] = str(_BOARD_SECONDS)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _holds(child: Child) -> dict[str, object]:
    said = lesson_of(child)
    lesson_until = datetime.fromtimestamp(said.until, UTC) if said else None
    return {
        "lesson": said,
        "lesson_words": lesson_words(said) if said else "",
        "paused_until": selectors.departures(child).get("pause"),
        "until": lesson_until or projecting.changes_next(child),
        "now": projecting.rules_now(child),
        "sentences": sentences(rules_read(child.rules)),
    }
