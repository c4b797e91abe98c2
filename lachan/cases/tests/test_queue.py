import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lachan.cases.models import Case
from lachan.cases.records import QueueFilter
from lachan.cases.selectors.queue import queue_count, queue_counts, queue_page
from lachan.cases.services.claiming import case_claim
from lachan.kernel.errors import InvalidInput, Refused

pytestmark = pytest.mark.django_db
ALL = QueueFilter()


def walk(by, wanted=ALL, size=7):
    page = queue_page(by=by, wanted=wanted, size=size)
    yield page
    while page.after:
        page = queue_page(by=by, wanted=wanted, after=page.after, size=size)
        yield page


def uids(pages):
    return [row.uid for page in pages for row in page.rows]


def test_it_orders_by_priority_then_age(case, personas):
    from lachan.reports.records import Urgency

    calm = case(urgency=Urgency.CALM)
    soon = case(urgency=Urgency.SOON)
    later = case(urgency=Urgency.DANGER)
    danger = case(urgency=Urgency.DANGER)
    Case.objects.filter(pk=danger.pk).update(opened_at=later.opened_at - dt.timedelta(hours=1))
    page = queue_page(by=personas.analyst.actor, wanted=ALL)
    assert uids([page]) == [danger.uid, later.uid, soon.uid, calm.uid]
    assert (page.after, page.before) == ("", "")


def test_it_pages_without_gap_or_repeat(many, personas):
    many(10, priority=5)
    many(12, priority=9)
    many(3)
    by = personas.analyst.actor
    pages = list(walk(by))
    assert len(set(uids(pages))) == 25
    keys = [(-r.priority, r.opened_at, r.pk) for page in pages for r in page.rows]
    assert keys == sorted(keys)
    back = queue_page(by=by, wanted=ALL, before=pages[2].before, size=7)
    assert uids([back]) == uids([pages[1]])
    assert queue_page(by=by, wanted=ALL, before=pages[1].before, size=7).before == ""


def test_it_stays_in_place_when_cases_come_and_go(many, personas):
    many(20, priority=5)
    by = personas.analyst.actor
    first = queue_page(by=by, wanted=ALL, size=10)
    seen = uids([first])
    many(5, priority=9)
    Case.objects.filter(uid=seen[3]).delete()
    rest = uids([queue_page(by=by, wanted=ALL, after=first.after, size=10)])
    assert len(rest) == 10
    assert not set(rest) & set(seen)


@pytest.mark.parametrize("position", ["x", "AAAA", "k6h4", "💥", "kwH___________8B"])
def test_it_refuses_a_position_that_is_none(personas, position):
    with pytest.raises(InvalidInput):
        queue_page(by=personas.analyst.actor, wanted=ALL, after=position)


def test_it_narrows_and_counts(case, many, personas):
    by = personas.analyst.actor
    row = case(category="contact.sexual", province="04")
    many(3, province="08")
    many(2, status="closed", closed_at="2026-01-01T00:00Z")
    case_claim(by=by, uid=row.uid)
    counts = queue_counts(by=by)
    assert {k: n for k, n in counts.items() if n} == {
        "new": 3, "claimed": 1, "closed": 2, "open": 4, "all": 6, "mine": 1,
    }  # fmt: skip

    def count(**wanted):
        return queue_count(by=by, wanted=QueueFilter(**wanted))

    assert count() == 4
    assert count(status="all") == 6
    assert count(status="closed") == 2
    assert count(mine=True) == 1
    assert count(category="contact.sexual") == 1
    assert count(province="08") == 3
    assert count(province="08", mine=True) == 0


def test_it_shows_nothing_of_another_organisation(case, personas):
    case()
    assert uids(walk(personas.other.analyst.actor)) == []
    assert queue_counts(by=personas.other.analyst.actor)["all"] == 0


@pytest.mark.parametrize("role", ["administrator", "technical", "auditor"])
def test_it_is_closed_to_roles_that_read_no_cases(personas, role):
    with pytest.raises(Refused):
        queue_page(by=getattr(personas, role).actor, wanted=ALL)


def test_it_asks_the_database_as_often_for_many_cases_as_for_few(case, many, personas, client):
    page = personas.analyst.client()
    counts = []
    for more in (1, 40):
        many(more)
        case()
        with CaptureQueriesContext(connection) as queries:
            assert page.get("/staff/cases/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (QueueFilter(), "case_queue_open"),
        (QueueFilter(status="closed"), "case_queue_status"),
        (QueueFilter(status="all", category="other"), "case_queue_category"),
    ],
)
def test_it_walks_an_index_and_sorts_nothing(personas, wanted, index):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table; SQLite by the query alone")
    from lachan.cases.selectors.queue import _wanted

    rows = _wanted(personas.analyst.actor, wanted).order_by("-priority", "opened_at", "id")[:50]
    plan = rows.explain()
    assert index in plan
    assert "TEMP B-TREE" not in plan
