import pytest

from lachan.cases.models import CaseNote
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.opening import case_open
from lachan.members.models import Session
from lachan.members.records import PUBLIC, system
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit, reporter_write
from tests.chromium import assert_accessible, look, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def case(personas):
    sent = report_submit(
        by=PUBLIC, form=form_new(), category="contract.scam", urgency=Urgency.SOON,
        province="25", language="vi", content=ReportContent(words="chuyện ở lớp"),
    )  # fmt: skip
    uid = case_open(by=system("test"), report=sent.report)
    case_claim(by=personas.analyst.actor, uid=uid)
    return uid, sent.report


def test_it_gives_words_back_on_the_page_that_refused(live_server, personas, case, either):
    at = f"{live_server.url}/staff/cases/{case[0]}/"
    sign_in(either, live_server.url, personas.analyst)
    either.goto(at)
    either.locator("#note").fill("Lời đã viết, hai dòng\nvà dòng này")
    Session.objects.all().delete()
    either.locator("form[action$='/note/'] button").click()
    either.locator("main textarea").wait_for()
    assert either.locator("main textarea").input_value() == "Lời đã viết, hai dòng\nvà dòng này"
    assert_accessible(either)
    look(either, "signed-out")
    # Signed in again; the page that refused still stands there.
    sign_in(either, live_server.url, personas.analyst)
    either.get_by_role("button", name="Gửi lại").click()
    either.wait_for_url(at)
    assert CaseNote.objects.count() == 1


def test_it_shows_what_came_beside_what_was_typed(live_server, personas, case, either):
    at = f"{live_server.url}/staff/cases/{case[0]}/"
    sign_in(either, live_server.url, personas.analyst)
    either.goto(at)
    either.get_by_text("Đóng hồ sơ").click()
    either.locator("#outcome").select_option("helped")
    either.locator("#close-words").fill("Lời để lại")
    reporter_write(by=PUBLIC, report=case[1], words="Mình kể thêm")
    either.locator("form[action$='/close/'] button").click()
    either.get_by_text("Mình kể thêm").wait_for()
    assert either.locator("#close-words").input_value() == "Lời để lại"
    assert_accessible(either)
    look(either, "stale-case")
