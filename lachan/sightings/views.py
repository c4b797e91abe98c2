"""The staff's pages: try a picture, and how the index stands."""

import re
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lachan.formats.classification.categories import categories
from lachan.matching.records import Hit, MatchingError
from lachan.members.policy import requires
from lachan.members.services import audit_record

from .audit_actions import MatchAudit
from .forms import Subject, TryForm
from .histogram import bars_make, share_below
from .policy import Action
from .selectors import MatchAnswer, match_list, matching_health

# Below this there is too little to see: different pictures get alike fingerprints (PDQ's own advice).
_LEAST_QUALITY = 50
_CLOSE = 20
_SHORT = 16


@require_http_methods(["GET", "POST"])
@requires(Action.MATCH_LOOKUP)
def match(request: HttpRequest) -> HttpResponse:
    """Is this picture or file known? By fingerprint: it is made in the browser, and not kept."""
    form = TryForm(request.POST or None)
    context: dict[str, Any] = {"form": form}
    status = 200
    if request.method == "POST":
        status = _answer(request, form, context) if form.is_valid() else 422
    return render(request, "sightings/match.html", context, status=status)


def _answer(request: HttpRequest, form: TryForm, context: dict[str, Any]) -> int:
    values = form.cleaned_data["values"]
    try:
        answer = match_list(by=request.actor, values=list(values))  # type: ignore[attr-defined]
    except MatchingError:
        context["resting"] = True
        return 503
    # That somebody looked is kept, and what came of it; never what was looked up.
    detail = {"values": len(values), "hits": len(answer.hits)}
    audit_record(by=request.actor, action=MatchAudit.MATCH_LOOKUP, detail=detail)  # type: ignore[attr-defined]
    if answer.unread:
        form.add_error("values", _("This is no fingerprint: %s") % ", ".join(answer.unread)[:200])
    context |= {"answered": len(values) > len(answer.unread), "hits": _hits(answer, values)}
    context["verdicts"] = [_verdict(one, answer) for one in form.subjects]
    for hit in context["hits"]:
        asked = (subject.values for subject in form.subjects)
        of = zip(context["verdicts"], asked, strict=True)
        hit["of"] = next((one for one, mine in of if hit["it"].asked in mine), None)
    quality = form.cleaned_data["quality"]
    context["poor"] = quality is not None and quality < _LEAST_QUALITY
    context["reason"] = form.cleaned_data["reason"]
    found = [one["verdict"] for one in context["verdicts"]]
    context |= {
        "several": len(found) > 1,
        "known": found.count("known"),
        "partly": bool(context["reason"] or {"bytes", "unread"} & set(found)),
    }
    return 422 if answer.unread else 200


def _hits(answer: MatchAnswer, done: dict[str, str]) -> list[dict[str, Any]]:
    return [
        {
            "it": hit,
            "likeness": _likeness(hit),
            "turned": _turned(done.get(hit.asked, "")),
            "category": _category(hit),
            "url": f"/staff/indicators/{hit.facts.indicator}/",
        }
        for hit in answer.hits
    ]


def _verdict(subject: Subject, answer: MatchAnswer) -> dict[str, Any]:
    """What is said of one of several things that were tried: `known`, `unread`, `bytes` (a file that was compared
    by its bytes alone), `poor` or `unknown`.
    """
    verdict, note = "unknown", subject.note
    if not answer.known.isdisjoint(subject.values):
        verdict = "known"
    elif set(subject.values) <= set(answer.unread):
        verdict = "unread"
    elif quality := re.fullmatch(r"q(\d{1,3})", note):
        verdict = "poor" if int(quality[1]) < _LEAST_QUALITY else "unknown"
    elif note:
        verdict = "bytes"
    value = subject.values[0]
    short = value if len(value) <= _SHORT else f"{value[:_SHORT]}…"
    return {"file": subject.file, "value": short, "verdict": verdict}


def _likeness(hit: Hit) -> str:
    if hit.algorithm != "pdq":
        return _("It is the very same file, byte for byte.")
    if hit.distance == 0:
        return _("The pictures look the same.")
    if hit.distance <= _CLOSE:
        return _("The pictures are alike but for small changes, such as another size.")
    return _("The pictures resemble one another. Look closely: it may be a coincidence.")


def _turned(done: str) -> str:
    """What had been done to the listed picture, by `Transform.text`."""
    return {
        "rotated-90": _("Compared with the listed picture, this one is turned right by 90°."),
        "rotated-180": _("Compared with the listed picture, this one is turned by 180°."),
        "rotated-270": _("Compared with the listed picture, this one is turned left by 90°."),
        "mirrored": _("Compared with the listed picture, this one is mirrored left to right."),
        "mirrored-rotated-90": _(
            "Compared with the listed picture, this one is mirrored left to right, then turned right by 90°."
        ),
        "mirrored-rotated-180": _(
            "Compared with the listed picture, this one is mirrored top to bottom."
        ),
        "mirrored-rotated-270": _(
            "Compared with the listed picture, this one is mirrored left to right, then turned left by 90°."
        ),
    }.get(done, "")


def _category(hit: Hit) -> str:
    code = hit.facts.categories[0] if hit.facts.categories else ""
    category = categories().get(code)
    return category.name(get_language() or "vi") if category else code


@require_GET
@requires(Action.MATCH_HEALTH)
def match_health(request: HttpRequest) -> HttpResponse:
    """Size, age and speed of what fingerprints are looked up in."""
    health = matching_health(by=request.actor)  # type: ignore[attr-defined]
    sequence = health.stats.sequence if health.stats else 0
    context = {
        "health": health,
        "behind": max(health.head - sequence, 0),
        "ahead": sequence > health.head,
        "shelves": health.stats.algorithms.items() if health.stats else (),
        "bars": bars_make(health.lookups.took),
        "half": share_below(health.lookups.took, 50),
        "most": share_below(health.lookups.took, 99),
        "refused": sorted(health.lookups.refused.items()),
    }
    return render(request, "sightings/health.html", context)
