"""A real case of the home organisation, for the walk in tests/architecture."""

from django.urls import get_resolver

from lachan.cases.services.claiming import case_claim
from lachan.cases.services.opening import case_open
from lachan.members.records import PUBLIC, system
from lachan.reports import arrivals
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit


def samples(personas):
    arrivals.forget()
    content = ReportContent(words="chuyện ở lớp", traces="", contact="", about="me")
    sent = report_submit(
        by=PUBLIC, form=form_new(), content=content, category="contract.scam",
        urgency=Urgency.SOON, province="25", language="vi",
    )  # fmt: skip
    uid = case_open(by=system("walk"), report=sent.report)
    case_claim(by=personas.analyst.actor, uid=uid)
    names = [name for name in get_resolver().reverse_dict if str(name).startswith("case")]
    return {name: {"uid": uid} for name in names if name != "case-queue"}
