"""The household itself: who may open it, codes, history, leaving, deleting."""

import dataclasses
import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.family import selectors
from lachan.family.errors import CodeUnknown, LastAdult
from lachan.family.labels import CHANGES
from lachan.family.policy import Action
from lachan.family.services import households, keeping
from lachan.kernel.sealing.errors import ReceiptMalformed, ReceiptMiscopied
from lachan.members.policy import requires

from . import schools
from .asked import is_school, key_of, qr, uids
from .cookies import adult_cookie_drop
from .entry import code_page


@requires(Action.HOUSEHOLD_READ)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    if is_school(request):
        return schools.home(request)
    by, key = request.actor, key_of(request)
    keeping.household_rekey(by=by, key=key)
    is_kept, has_printed = selectors.code_stand(by=by)
    context = {
        "children": selectors.child_list(by=by, key=key),
        "asks": selectors.ask_list(by=by, key=key),
        "is_kept": is_kept,
        "is_alone": not has_printed and len(selectors.adult_list(by=by, key=key)) == 1,
    }
    return render(request, "family/home.html", context)


@requires(Action.HOUSEHOLD_READ)
@require_GET
def adults(request: HttpRequest) -> HttpResponse:
    if is_school(request):
        return schools.teachers(request)
    by, key = request.actor, key_of(request)
    is_kept, has_printed = selectors.code_stand(by=by)
    context = {
        "adults": selectors.adult_list(by=by, key=key),
        "sessions": [
            dataclasses.replace(one, device=one.device or _("A browser"))
            for one in selectors.session_list(by=by, key=key, session=request.household.session.uid)
        ],
        "is_kept": is_kept,
        "has_printed": has_printed,
    }
    return render(request, "family/adults.html", context)


@requires(Action.ADULT_SELF)
@require_POST
def adult_name(request: HttpRequest) -> HttpResponse:
    households.adult_name(by=request.actor, name=request.POST.get("name", "").strip())
    return HttpResponseRedirect(reverse("family-adults"))


@requires(Action.HOUSEHOLD_MANAGE)
@require_POST
def adult_invite(request: HttpRequest) -> HttpResponse:
    token = households.adult_invite(by=request.actor, key=key_of(request))
    link = request.build_absolute_uri(reverse("family-join", args=[token]))
    return render(request, "family/link.html", {"link": link, "qr": qr(link)})


@requires(Action.HOUSEHOLD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def adult_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    known = selectors.adult_list(by=request.actor, key=key_of(request))
    row = next((one for one in known if one.uid == uid), None)
    if request.method == "POST" or row is None:
        households.adult_remove(by=request.actor, adult=uid, name=row.name if row else "")
        return HttpResponseRedirect(reverse("family-adults"))
    context = {
        "title": _("Take this adult out?"),
        "words": _(
            "Every device of theirs is signed out and their code opens nothing any more. If they know the printed code, make a new one."
        ),
        "name": row.name or _who(f"#{row.number}"),
        "button": _("Take out"),
        "back": reverse("family-adults"),
    }
    return render(request, "family/sure.html", context)


@requires(Action.ADULT_SELF)
@require_POST
def session_end(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    households.session_end(by=request.actor, session=uid)
    return HttpResponseRedirect(reverse("family-adults"))


@requires(Action.ADULT_SELF)
@require_POST
def code_new(request: HttpRequest) -> HttpResponse:
    printed = request.POST.get("kind") == "printed"
    digits = households.code_new(by=request.actor, key=key_of(request), printed=printed)
    return code_page(request, digits, printed=printed, is_school=is_school(request))


@requires(Action.ADULT_SELF)
@require_http_methods(["GET", "HEAD", "POST"])
def code_kept(request: HttpRequest) -> HttpResponse:
    """Typed back, or said: "I wrote it down"."""
    if request.method != "POST":
        return render(request, "family/code_back.html")
    fault = ""
    try:
        households.code_kept(by=request.actor, text=request.POST.get("code", "").strip())
    except ReceiptMalformed:
        fault = _("A code has 28 digits, in 7 groups of 4. Please look again.")
    except (ReceiptMiscopied, CodeUnknown):
        fault = _("One of the digits is not right. Please compare them one by one.")
    if fault:
        return render(request, "family/code_back.html", {"fault": fault}, status=422)
    if is_school(request) or selectors.child_list(by=request.actor, key=key_of(request)):
        return HttpResponseRedirect(reverse("family-home"))
    return HttpResponseRedirect(reverse("family-child-new"))


@requires(Action.HOUSEHOLD_MANAGE)
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    lines = selectors.history_list(by=request.actor, key=key_of(request))
    shown = [(line, _who(line.who), CHANGES.get(line.what, line.what)) for line in lines]
    return render(request, "family/history.html", {"lines": shown})


def _who(name: str) -> str:
    """An adult without a name has a number."""
    return _("Adult %(number)s") % {"number": name[1:]} if name.startswith("#") else name


@requires(Action.ADULT_SELF)
@require_http_methods(["GET", "HEAD", "POST"])
def leave(request: HttpRequest) -> HttpResponse:
    """An adult goes, with children's devices or without; nobody is told where to."""
    by, key = request.actor, key_of(request)
    is_ours = is_school(request)
    context = {
        "children": [] if is_ours else selectors.child_list(by=by, key=key),
        "is_school": is_ours,
    }
    if request.method == "POST":
        try:
            households.adult_leave(by=by, devices=uids(request.POST.getlist("device")))
        except LastAdult:
            return render(request, "family/leave.html", context | {"is_last": True}, status=422)
        return adult_cookie_drop(HttpResponseRedirect(reverse("family-start")))
    return render(request, "family/leave.html", context)


@requires(Action.HOUSEHOLD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """The whole household, after a second look."""
    if request.method == "POST":
        households.household_delete(by=request.actor)
        return adult_cookie_drop(HttpResponseRedirect(reverse("family-start")))
    is_ours = is_school(request)
    context = {
        "title": _("Delete this school?") if is_ours else _("Delete this family?"),
        "words": _(
            "Classes, rules, requests and history are gone for every adult, and nobody can bring them back. Networks and devices go on being protected as everybody is."
        )
        if is_ours
        else _(
            "Children, rules, requests and history are gone for every adult, and nobody can bring them back. Devices go on being protected as everybody is."
        ),
        "button": _("Delete for good"),
        "back": reverse("family-adults"),
    }
    return render(request, "family/sure.html", context)
