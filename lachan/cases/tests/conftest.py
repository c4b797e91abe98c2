import uuid

import pytest

from lachan.cases.models import Case
from lachan.cases.services.opening import case_open
from lachan.members.records import PUBLIC, system
from lachan.outbox.services import events_deliver
from lachan.reports import arrivals
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit

SYSTEM = system("test")


@pytest.fixture(autouse=True)
def _calm():
    arrivals.forget()


@pytest.fixture
def report(personas):
    """Hand in a report as a child would; its uid."""

    def report(words="chuyện ở lớp", traces="", contact="", about="me", **facts):
        plain = {
            "category": "contract.scam",
            "urgency": Urgency.SOON,
            "province": "25",
            "language": "vi",
        }
        content = ReportContent(words=words, traces=traces, contact=contact, about=about)
        sent = report_submit(by=PUBLIC, form=form_new(), content=content, **(plain | facts))
        return sent.report

    return report


@pytest.fixture
def case(report):
    """A case, by its report: `case(words="…")`."""

    def case(**content):
        uid = case_open(by=SYSTEM, report=report(**content))
        return Case.objects.get(uid=uid)

    return case


@pytest.fixture
def keys(personas):
    """The desk's private key, as an analyst's session unlocks it."""
    return {personas.desk_key.uid: personas.desk_private}


@pytest.fixture
def deliver():
    """Carry every waiting event to its handlers."""

    def deliver():
        while events_deliver():
            pass

    return deliver


@pytest.fixture
def many(personas):
    """Many plain cases at once, without reports: for the queue alone."""

    def many(count, **columns):
        base = {"organisation": personas.organisation, "category": "other", "urgency": "calm"}
        rows = [Case(report_uid=uuid.uuid4(), **(base | columns)) for _ in range(count)]
        return Case.objects.bulk_create(rows)

    return many
