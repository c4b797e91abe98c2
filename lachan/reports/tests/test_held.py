import pytest
from django.urls import reverse

from lachan.members.records import PUBLIC, Role
from lachan.reports import arrivals, conf, selectors, services
from lachan.reports.records import ReportContent, Status, Urgency
from tests.chromium import assert_accessible, look, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(personas):
    for _ in range(conf.BUSY_PER_MINUTE):
        arrivals.arrival_note()
    return [
        services.report_submit(
            by=PUBLIC,
            form=services.form_new(),
            category="contract.scam",
            urgency=urgency,
            province="25",
            language="vi",
            content=ReportContent(words="x"),
        ).report
        for urgency in Urgency
    ]


def test_the_desk_lets_the_ticked_ones_go(personas, held):
    client = personas.analyst.client()
    html = client.get(reverse("held")).content.decode()
    assert all(str(uid) in html for uid in held)
    page = client.post(reverse("held-release"), {"report": [held[0], held[2]]}, follow=True)
    assert page.status_code == 200
    assert [f.uid for f in selectors.report_list(status=Status.HELD)] == [held[1]]
    assert client.post(reverse("held-release"), {"report": "junk"}).status_code == 404
    assert "/staff/held/" in client.get("/staff/").content.decode()


def test_it_shows_all_that_wait_page_by_page(personas, held, monkeypatch):
    monkeypatch.setattr("lachan.reports.views.held._PAGE", 2)
    client = personas.analyst.client()
    pages = [client.get(reverse("held"), {"page": n}).content.decode() for n in (1, 2)]
    shown = [[uid for uid in held if str(uid) in page] for page in pages]
    assert [len(uids) for uids in shown] == [2, 1]
    assert sorted(shown[0] + shown[1]) == sorted(held)
    assert 'href="?page=2"' in pages[0]


@pytest.mark.parametrize("role", list(Role))
def test_others_may_not(personas, held, role):
    mine, theirs = personas.of(role).client(), personas.other.of(role).client()
    may = role in {Role.ANALYST, Role.OFFICER}
    assert mine.get(reverse("held")).status_code == (200 if may else 403)
    assert str(held[0]) not in theirs.get(reverse("held")).content.decode()
    assert theirs.post(reverse("held-release"), {"report": held}).status_code == 403
    assert selectors.report_count(status=Status.HELD) == 3


def test_a_stranger_is_sent_to_the_door(client, personas, held):
    assert client.get(reverse("held")).status_code == 302
    assert client.post(reverse("held-release"), {"report": held}).status_code == 302
    assert selectors.report_count(status=Status.HELD) == 3


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_it_reads_well(live_server, personas, held, either):
    sign_in(either, live_server.url, personas.analyst)
    either.goto(live_server.url + reverse("held"))
    assert_accessible(either)
    look(either, "held")
    either.locator("main form button").click()
    either.locator(".empty").wait_for()
