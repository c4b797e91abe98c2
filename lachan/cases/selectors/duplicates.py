"""Cases that may be about the same thing."""

from collections import Counter
from datetime import timedelta

from django.db.models import Count, Q

from lachan.cases.models import Case, CaseFingerprint
from lachan.cases.records import Suggestion

# What many reports name (a platform, a school's site) says nothing about any two of them.
COMMON = 20
NEAR = timedelta(hours=24)
_MOST = 8


def suggestion_list(case: Case) -> list[Suggestion]:
    """At most eight, those that share most first; linked ones are left out.

    Shared things are known only of reports that somebody of the desk has opened.
    """
    linked = set(case.links.filter(undone_at=None).values_list("other_id", flat=True))
    linked |= set(case.links_in.filter(undone_at=None).values_list("case_id", flat=True))
    shared = _shared(case)
    near = set(_near(case))
    wanted = (set(shared) | near) - linked - {case.pk}
    found = Case.objects.filter(pk__in=wanted, organisation_id=case.organisation_id)
    rows = sorted(
        found,
        key=lambda c: (
            -sum(shared.get(c.pk, Counter()).values()),
            abs(c.opened_at - case.opened_at),
        ),
    )
    return [
        Suggestion(
            uid=row.uid,
            category=row.category,
            province=row.province,
            opened_at=row.opened_at,
            status=row.status,
            shared=dict(shared.get(row.pk, {})),
            near=row.pk in near,
        )
        for row in rows[:_MOST]
    ]


def _shared(case: Case) -> dict[int, Counter[str]]:
    mine = [bytes(d) for d in case.fingerprints.values_list("digest", flat=True)]
    telling = (
        CaseFingerprint.objects.filter(digest__in=mine)
        .values("digest")
        .annotate(cases=Count("case"))
        .filter(cases__lte=COMMON)
        .values_list("digest", flat=True)
    )
    others = CaseFingerprint.objects.filter(digest__in=[bytes(d) for d in telling])
    shared: dict[int, Counter[str]] = {}
    for pk, kind in others.exclude(case=case).values_list("case_id", "kind"):
        shared.setdefault(pk, Counter())[kind] += 1
    return shared


def _near(case: Case) -> list[int]:
    if not case.province:
        return []
    rows = Case.objects.filter(
        Q(closed_at=None) | ~Q(outcome="forgotten"),
        organisation_id=case.organisation_id,
        category=case.category,
        province=case.province,
        opened_at__range=(case.opened_at - NEAR, case.opened_at + NEAR),
    ).exclude(pk=case.pk)
    return list(rows.order_by("-opened_at").values_list("pk", flat=True)[:_MOST])
