"""A school: its first page, its teachers, its classes from a list."""

import hashlib
import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from lachan.family import conf, selectors
from lachan.family.errors import LastAdult, TooMany
from lachan.family.granted import school_number
from lachan.family.labels import BANDS, TROUBLES
from lachan.family.policy import Action
from lachan.family.services import classes
from lachan.family.services.teachers import teacher_set
from lachan.kernel.errors import NotFound
from lachan.members.policy import requires
from lachan.members.records import ActorKind

from .asked import key_of, lesson_end, uids


def may_manage(request: HttpRequest) -> bool:
    return bool(request.actor.kind is ActorKind.ADULT)


def home(request: HttpRequest) -> HttpResponse:
    """Classes, what goes on in them, and what is asked for."""
    by, key = request.actor, key_of(request)
    context = {
        "classes": [(one, lesson_end(one)) for one in selectors.child_list(by=by, key=key)],
        "asks": selectors.ask_list(by=by, key=key),
        "is_kept": selectors.code_stand(by=by)[0],
        "may_manage": may_manage(request),
    }
    return render(request, "family/school.html", context)


def teachers(request: HttpRequest) -> HttpResponse:
    by, key = request.actor, key_of(request)
    is_kept, has_printed = selectors.code_stand(by=by)
    context = {
        "teachers": selectors.adult_list(by=by, key=key),
        "sessions": selectors.session_list(by=by, key=key, session=request.household.session.uid),
        "is_kept": is_kept,
        "has_printed": has_printed,
        "may_manage": may_manage(request),
    }
    return render(request, "family/teachers.html", context)


@requires(Action.HOUSEHOLD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def teacher(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """Which classes somebody has."""
    by, key = request.actor, key_of(request)
    shown = next((one for one in selectors.adult_list(by=by, key=key) if one.uid == uid), None)
    if shown is None:
        raise NotFound("no such adult in this school")
    is_last = False
    if request.method == "POST":
        try:
            teacher_set(
                by=by,
                adult=uid,
                manages=request.POST.get("manages") == "all",
                classes=uids(request.POST.getlist("class")),
                name=shown.name,
            )
            return HttpResponseRedirect(reverse("family-adults"))
        except LastAdult:
            is_last = True
    known = selectors.child_list(by=by, key=key)
    context = {
        "teacher": shown,
        "classes": [(one, one.uid in shown.classes) for one in known],
        "is_last": is_last,
    }
    return render(request, "family/teacher.html", context, status=422 if is_last else 200)


@requires(Action.HOUSEHOLD_MANAGE)
@require_http_methods(["GET", "HEAD", "POST"])
def class_list(request: HttpRequest) -> HttpResponse:
    """A pasted list: shown first what it comes to, then taken."""
    text = request.POST.get("list", "")
    context: dict[str, object] = {
        "text": text,
        "number": school_number(request.household.household),
        "bands": BANDS.values(),
        "most": conf.MOST["classes"],
    }
    if request.method != "POST":
        return render(request, "family/classes.html", context)
    by, key = request.actor, key_of(request)
    looked_at = hashlib.sha256(text.encode()).hexdigest()
    is_taken = is_full = False
    # What was changed since it was shown is shown again.
    if "take" in request.POST and request.POST.get("looked_at") == looked_at:
        try:
            plan, is_taken = classes.classes_take(by=by, key=key, text=text), True
        except TooMany:
            is_full = True
    if not is_taken:
        plan = classes.classes_plan(by=by, key=key, text=text)
    context |= {
        "plan": plan,
        "rows": [(one, BANDS[one.row.band]) for one in plan.rows],
        "faults": [(one, TROUBLES[one.trouble] % {"about": one.about}) for one in plan.faults],
        "waiting": [net for one in plan.rows for net in one.waiting],
        "is_open": any(one.status != "same" for one in plan.rows) and not is_taken,
        "is_taken": is_taken,
        "is_full": is_full,
        "looked_at": looked_at,
    }
    status = 422 if is_full or (plan.faults and not plan.rows) else 200
    return render(request, "family/classes.html", context, status=status)
