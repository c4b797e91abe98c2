"""The waiting room, for the desk: what came in a busy hour without proof of work."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from lachan.formats.classification.categories import categories
from lachan.formats.places.gazetteer import province_list
from lachan.kernel.errors import NotFound
from lachan.members.policy import requires
from lachan.reports.policy import Action
from lachan.reports.records import Status, Urgency
from lachan.reports.selectors import report_count, report_list
from lachan.reports.services import report_release
from lachan.web.pages import page_cut, page_number

_PAGE = 200
_URGENCIES = {
    Urgency.DANGER: _("In danger now"),
    Urgency.SOON: _("Still going on"),
    Urgency.CALM: _("Can wait"),
}


@requires(Action.REPORT_RELEASE)
@require_GET
def held(request: HttpRequest) -> HttpResponse:
    own = request.actor.organisation_id
    language = get_language() or "vi"
    names = categories()
    places = {place.code: place.name for place in province_list()}
    number = page_number(request)
    found = report_list(
        status=Status.HELD,
        organisation_id=own,
        limit=_PAGE + 1,
        offset=(number - 1) * _PAGE,
    )
    page = page_cut(found, number, _PAGE)
    rows = [
        {
            "facts": facts,
            "category": names[facts.category].name(language),
            "urgency": _URGENCIES[facts.urgency],
            "province": places.get(facts.province, ""),
        }
        for facts in page.rows
    ]
    total = report_count(status=Status.HELD, organisation_id=own)
    return render(request, "reports/held.html", {"rows": rows, "total": total, "page": page})


@requires(Action.REPORT_RELEASE)
@require_POST
def release(request: HttpRequest) -> HttpResponse:
    """Let the ticked ones go to the desk."""
    gone = 0
    for text in request.POST.getlist("report")[:_PAGE]:
        report_release(by=request.actor, report=_uid(text))
        gone += 1
    if gone:
        said = ngettext("%(n)d report let go", "%(n)d reports let go", gone) % {"n": gone}
        messages.success(request, said)
    return HttpResponseRedirect(reverse("held"))


def _uid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("no such report") from None
