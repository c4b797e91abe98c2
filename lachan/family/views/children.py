"""A child: rules in sentences, switches, names, pauses; devices; requests."""

import hashlib
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lachan.family import selectors
from lachan.family.errors import NameUnusable
from lachan.family.forms import AnswerForm, ChildForm, DeviceForm, NameForm, SlotForm
from lachan.family.labels import (
    BANDS,
    OFFERED,
    WHYS,
    Service,
    categories_opened,
    is_closed,
    rules_of,
    service_choices,
    service_kinds,
)
from lachan.family.policy import Action
from lachan.family.records import Answer, ChildShown
from lachan.family.sentences import DAYS, sentences, times_words
from lachan.family.services import asks, children, devices
from lachan.formats.classification.categories import categories
from lachan.formats.profiles.age_bands import age_band_get
from lachan.formats.profiles.rules import InvalidRules, Rules, Slot
from lachan.formats.profiles.statements import times_of
from lachan.kernel.clock import hour, now
from lachan.kernel.errors import Conflict, InvalidInput
from lachan.members.policy import requires

from .asked import is_school, key_of, qr
from .platforms import platform_links


@requires(Action.CHILD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def child_new(request: HttpRequest) -> HttpResponse:
    form = ChildForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        uid = children.child_add(
            by=request.actor,
            nickname=data["nickname"],
            band=data["band"],
            note=data["note"],
            rules=rules_of(data["band"]),
        )
        return HttpResponseRedirect(reverse("family-child", args=[uid]))
    status = 422 if form.is_bound else 200
    return render(request, "family/child_form.html", {"form": form, "bands": BANDS}, status=status)


@requires(Action.CHILD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def child_edit(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    child = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    initial = {"nickname": child.nickname, "band": child.band.value, "note": child.note}
    form = ChildForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        children.child_change(by=request.actor, key=key_of(request), child=uid, **form.cleaned_data)
        return HttpResponseRedirect(reverse("family-child", args=[uid]))
    context = {"form": form, "bands": BANDS, "child": child}
    return render(request, "family/child_form.html", context, status=422 if form.is_bound else 200)


@requires(Action.HOUSEHOLD_READ)
@require_GET
def child(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    return child_page(request, shown)


def child_page(
    request: HttpRequest, shown: ChildShown, *, status: int = 200, **more: object
) -> HttpResponse:
    language = get_language() or "vi"
    context = {
        "child": shown,
        "band": BANDS[shown.band],
        "sentences": sentences(shown.rules),
        "reasons": [
            one.reason.get(language, one.reason["en"])
            for one in age_band_get(shown.band.value).defaults
        ],
        "categories": category_rows(shown.rules),
        "kinds": [
            (code, words, code in shown.rules.services, _services(shown.rules, code))
            for code, words in service_kinds().items()
        ],
        "slots": [(slot_mark(one), WHYS[one.why], _times(one)) for one in shown.rules.slots],
        "whys": WHYS.items(),
        "days": DAYS.items(),
        "is_school": is_school(request),
        "is_closing_ways": shown.rules.ways_round == "closed",
        **more,
    }
    return render(request, "family/child.html", context, status=status)


def category_rows(rules: Rules) -> list[tuple[str, str, bool]]:
    """(code, words, whether it is closed) of each category that a page offers."""
    known, language = categories(), get_language() or "vi"
    return [
        (code, known[code].name(language), is_closed(code, rules.categories)) for code in OFFERED
    ]


def _services(rules: Rules, kind: str) -> list[tuple[Service, bool]]:
    closed = rules.services
    return [
        (one, one.code in closed or kind in closed) for one in service_choices() if one.kind == kind
    ]


def _times(slot: Slot) -> str:
    return times_words(times_of(slot))


def slot_mark(slot: Slot) -> str:
    """Names one of a child's slots on its page."""
    return hashlib.sha256(msgspec.json.encode(slot, order="deterministic")).hexdigest()[:16]


@requires(Action.CHILD_MANAGE)
@require_POST
def rules(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """The switches; slots stay as they are."""
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    usual = rules_of(shown.band).categories | shown.rules.categories
    closed = frozenset(OFFERED) & frozenset(request.POST.getlist("category"))
    known = {one.code for one in service_choices()} | set(service_kinds())
    changed = msgspec.structs.replace(
        shown.rules,
        categories=categories_opened(usual | closed, frozenset(OFFERED) - closed),
        services=frozenset(request.POST.getlist("service")) & known,
        safe_search="search" in request.POST,
        ways_round="closed" if "ways" in request.POST else "shown",
    )
    return _rules_keep(request, uid, changed)


@requires(Action.CHILD_MANAGE)
@require_POST
def slot_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    form = SlotForm(request.POST)
    if form.is_valid():
        try:
            slots = (*shown.rules.slots, form.slot())
            return _rules_keep(request, uid, msgspec.structs.replace(shown.rules, slots=slots))
        except InvalidRules:
            form.add_error("end", _("It must end at another time than it begins."))
    return child_page(request, shown, status=422, slot_form=form)


@requires(Action.CHILD_MANAGE)
@require_POST
def slot_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    gone = request.POST.get("slot", "")
    slots = tuple(one for one in shown.rules.slots if slot_mark(one) != gone)
    return _rules_keep(request, uid, msgspec.structs.replace(shown.rules, slots=slots))


def _rules_keep(request: HttpRequest, uid: uuid.UUID, changed: Rules) -> HttpResponse:
    children.rules_set(by=request.actor, key=key_of(request), child=uid, rules=changed)
    return HttpResponseRedirect(reverse("family-child", args=[uid]) + "#rules")


@requires(Action.CHILD_MANAGE)
@require_POST
def name_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    form, fault = NameForm(request.POST), ""
    if form.is_valid():
        try:
            children.name_set(
                by=request.actor,
                child=uid,
                name=form.cleaned_data["site"],
                allow=request.POST.get("effect") == "allow",
            )
            return HttpResponseRedirect(reverse("family-child", args=[uid]) + "#names")
        except NameUnusable:
            fault = _("There is no name of a site in this. Write it like truong.example.")
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    fault = fault or form.errors["site"][0]
    typed = request.POST.get("site", "")
    return child_page(request, shown, status=422, name_fault=fault, typed=typed)


@requires(Action.CHILD_MANAGE)
@require_POST
def name_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    child = children.name_remove(by=request.actor, key=key_of(request), name=uid)
    return HttpResponseRedirect(reverse("family-child", args=[child]) + "#names")


@requires(Action.CHILD_MANAGE)
@require_POST
def pause(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Pause until a moment, end it, or give half an hour more."""
    by, key, chosen = request.actor, key_of(request), request.POST.get("pause", "")
    if chosen == "end":
        children.pause_end(by=by, key=key, child=uid)
    elif chosen == "more":
        children.more_give(by=by, key=key, child=uid, minutes=30)
    else:
        until = _morning(request) if chosen == "morning" else now() + timedelta(hours=1)
        children.pause(by=by, key=key, child=uid, until=until)
    return HttpResponseRedirect(reverse("family-child", args=[uid]))


def _morning(request: HttpRequest) -> datetime:
    """Seven o'clock, the next time that it is."""
    zone = ZoneInfo(request.household.household.zone)
    local = now().astimezone(zone)
    today = hour(local).replace(hour=7)
    return today if today > local else today + timedelta(days=1)


@requires(Action.CHILD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def child_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    shown = selectors.child_get(by=request.actor, key=key_of(request), child=uid)
    if request.method == "POST":
        children.child_remove(by=request.actor, key=key_of(request), child=uid)
        return HttpResponseRedirect(reverse("family-home"))
    context = {
        "title": _("Take this class out?") if is_school(request) else _("Take this child out?"),
        "name": shown.nickname,
        "words": _(
            "The rules, devices and requests are gone for good. The devices go on being protected as everybody is."
        ),
        "button": _("Take out"),
        "back": reverse("family-child", args=[uid]),
    }
    return render(request, "family/sure.html", context)


@requires(Action.DEVICE_MANAGE)
@require_POST
def device_add(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    form = DeviceForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    device, token = devices.device_add(by=request.actor, child=uid, name=name)
    return _device_page(request, device, token)


@requires(Action.DEVICE_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def device(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A device's address and how to set it; POST makes a fresh link for the child's pages on it."""
    token = ""
    if request.method == "POST":
        token = devices.device_link_new(by=request.actor, key=key_of(request), device=uid)
    return _device_page(request, uid, token)


def _device_page(request: HttpRequest, uid: uuid.UUID, token: str) -> HttpResponse:
    shown, child = selectors.device_get(by=request.actor, key=key_of(request), device=uid)
    link = request.build_absolute_uri(reverse("my-join", args=[token])) if token else ""
    context = {
        "device": shown,
        "child": child,
        "link": link,
        "link_qr": qr(link) if link else "",
        "platforms": platform_links(uid) if shown.label else [],
        "ways": settings.FAMILY_WAYS.of(shown.label) if shown.label else None,
    }
    return render(request, "family/device.html", context)


@requires(Action.DEVICE_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def device_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    shown, of = selectors.device_get(by=request.actor, key=key_of(request), device=uid)
    if request.method == "POST":
        devices.device_remove(by=request.actor, key=key_of(request), device=uid)
        return HttpResponseRedirect(reverse("family-child", args=[of.uid]))
    context = {
        "title": _("Take this device out?"),
        "name": shown.name,
        "words": _(
            "Its address gives no rules of this family any more. It goes on being protected as everybody is."
        ),
        "button": _("Take out"),
        "back": reverse("family-device", args=[uid]),
    }
    return render(request, "family/sure.html", context)


@requires(Action.ASK_ANSWER)
@require_POST
def ask_answer(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        raise InvalidInput("an answer and a word of some length are wanted")
    try:
        asks.ask_answer(
            by=request.actor,
            key=key_of(request),
            ask=uid,
            answer=Answer(form.cleaned_data["answer"]),
            word=form.cleaned_data["word"],
        )
    except Conflict:
        return render(request, "family/answered.html", status=409)
    return HttpResponseRedirect(reverse("family-home"))
