"""The pages as people see them: Chromium at a phone's and a desk's width."""

import io

import pytest

from lachan.indicators import weighing
from lachan.indicators.models import Dispute
from lachan.indicators.services import (
    dispute_open,
    indicator_propose,
    indicator_review,
    list_import,
)
from lachan.members.records import PUBLIC, system
from tests.chromium import assert_accessible, look, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def filled(personas):
    """Something of everything; the uid of a guarded proposal, a published one and a dispute."""
    by, reviewer = personas.analyst.actor, personas.reviewer.actor
    lines = [f"cuoc{number}.example" for number in range(30)]
    junk = ["khong phai ten", "vnexpress.net", "\x00\x01"]
    data = io.BytesIO("\n".join(lines + junk).encode())
    imported = list_import(
        by=system("x"), stream=data, file_name="danh-sach.txt", category="gambling"
    )
    guarded = indicator_propose(
        by=by, value="hxxps://vnexpress[.]net", category="scam", evidence="Lừa trúng thưởng."
    )
    made = indicator_propose(by=by, value="đánh-bài.example", category="gambling")
    published = indicator_review(
        by=reviewer, indicator=made.uid, decision="approve", note="Rõ ràng."
    )
    dispute = dispute_open(by=PUBLIC, indicator=published.uid, reason="help")
    return {
        "guarded": guarded.uid,
        "published": published.uid,
        "dispute": dispute.uid,
        "import": imported.uid,
    }


def test_the_desk_is_accessible_at_both_widths(either, live_server, personas, filled):
    sign_in(either, live_server.url, personas.reviewer)
    pages = {
        "list": "/staff/indicators/",
        "propose": None,
        "reviews": "/staff/reviews/",
        "guarded": f"/staff/indicators/{filled['guarded']}/",
        "published": f"/staff/indicators/{filled['published']}/",
        "disputes": "/staff/disputes/",
        "disputes-aside": "/staff/disputes/?aside=1",
        "answer": f"/staff/disputes/{filled['dispute']}/",
        "imports": "/staff/imports/",
        "import": f"/staff/imports/{filled['import']}/",
    }
    for name, path in pages.items():
        answer = either.goto(f"{live_server.url}{path or '/staff/indicators/new/'}")
        assert answer.status == 200
        assert_accessible(either)
        look(either, f"indicators-{name}")


def test_the_list_works_by_keyboard(desk, live_server, personas, filled):
    sign_in(desk, live_server.url, personas.reviewer)
    desk.goto(f"{live_server.url}/staff/indicators/")
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    assert desk.locator("tr.chosen").count() == 1
    second = desk.locator("#rows tbody tr:nth-child(2) a").get_attribute("href")
    desk.keyboard.press("Enter")
    desk.wait_for_url(f"**{second}")
    desk.go_back()
    desk.keyboard.press("?")
    desk.locator("#keys[open]").wait_for()
    assert_accessible(desk)
    desk.locator("#keys-on").uncheck()
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    assert desk.locator("tr.chosen").count() == 0


def test_a_reviewer_overrides_the_guard_with_a_reason(desk, live_server, personas, filled):
    sign_in(desk, live_server.url, personas.reviewer)
    desk.goto(f"{live_server.url}/staff/indicators/{filled['guarded']}/")
    publish = desk.locator("button[value=approve]")
    publish.click()
    assert desk.locator("[role=alert] .errorlist").count() == 1
    assert_accessible(desk)
    desk.locator("[name=review-override_reason]").fill("Trang bị chiếm, chủ trang đã đồng ý")
    publish.click()
    desk.locator(".notices").wait_for()
    assert desk.locator("text=Trang bị chiếm").count() >= 1


def test_a_child_disputes_on_a_phone_without_script(phone_without_script, live_server, filled):
    page = phone_without_script
    page.goto(f"{live_server.url}/dispute/?indicator={filled['published']}")
    look(page, "dispute")
    page.locator("label.choice").first.click()
    page.locator("main form button").click()
    assert f"/dispute/{Dispute.objects.get().uid}/" in page.url
    assert Dispute.objects.get().times == 2


def test_the_phone_does_its_work_for_a_dispute(phone, live_server, filled):
    for _ in range(weighing.BUSY_PER_MINUTE):
        weighing.arrivals.note()
    phone.goto(f"{live_server.url}/dispute/?indicator={filled['published']}")
    phone.locator("[name=work]:not([value=''])").wait_for(state="attached")
    phone.locator("label.choice").first.click()
    phone.locator("main form button").click()
    phone.wait_for_url("**/dispute/*-*/")
    assert Dispute.objects.get().weight == 2


def test_the_public_pages_are_accessible(either, live_server, filled):
    for name, path in {
        "dispute": f"/dispute/?indicator={filled['published']}",
        "dispute-by-address": "/dispute/?value=khac.example",
        "dispute-noted": "/dispute/noted/",
        "dispute-status": f"/dispute/{filled['dispute']}/",
    }.items():
        assert either.goto(f"{live_server.url}{path}").status == 200
        assert_accessible(either)
        look(either, name)
    either.goto(f"{live_server.url}/dispute/")
    either.locator("main form button").click()
    assert either.locator(".errorlist").count() >= 1
    assert_accessible(either)
