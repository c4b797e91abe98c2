from collections.abc import Iterable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lachan.kernel.bounds import number_read
from lachan.members.audit import audit_words
from lachan.members.models import Person
from lachan.members.network_forms import AuditForm
from lachan.members.policy import Action, requires
from lachan.members.reach import network_allows
from lachan.members.selectors import audit_list

PAGE = 100


@require_GET
@requires(Action.AUDIT_READ)
def audit(request: HttpRequest) -> HttpResponse:
    """The trail: one's own organisation's lines; at home, an auditor reads all of them."""
    form = AuditForm(request.GET)
    whole = network_allows(request.actor, Action.NETWORK_AUDIT)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = audit_list(organisation_id=None if whole else request.actor.organisation_id, **wanted)
    # No count: on millions of lines it would cost more than the page.
    before = number_read(request.GET.get("before", ""))
    if before is not None:
        rows = rows.filter(seq__lt=before)
    lines = list(rows[: PAGE + 1])
    names = dict(
        Person.objects.filter(uid__in=_uids(line.actor for line in lines)).values_list(
            "uid", "name"
        )
    )
    words = audit_words()
    for line in lines:
        line.said = words.get(line.action, "")
        line.who = next((name for uid, name in names.items() if str(uid) == line.actor), line.actor)
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "lines": lines[:PAGE],
        "older": lines[PAGE - 1].seq if len(lines) > PAGE else None,
        "query": query.urlencode(),
        "whole": whole,
    }
    return render(request, "members/audit.html", context)


def _uids(labels: Iterable[str]) -> list[UUID]:
    found = []
    for label in set(labels):
        try:
            found.append(UUID(label))
        except ValueError:
            continue  # a key, a command, the public
    return found
