import re

import pytest

from lachan.cases.models import Case
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.notes import note_add
from lachan.cases.services.opening import case_open
from lachan.members.records import system
from lachan.reports.records import Urgency
from tests.chromium import assert_accessible, look, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def desk_full(report, personas):
    """Some cases of an ordinary morning."""
    rows = [
        ("contact.sexual", Urgency.DANGER, "04", "người lạ rủ gặp, đừng nói với ai"),
        ("contract.scam", Urgency.SOON, "25", "trang hxxps://qua-tang[.]example/nhan đòi mã OTP"),
        ("conduct.aggressive", Urgency.SOON, "19", "các bạn nói xấu trên nhóm"),
        ("contract.scam", Urgency.CALM, "25", "lại trang qua-tang.example, gọi từ 0912 345 678"),
        ("content", Urgency.CALM, "", "một trang đáng ngại"),
    ]
    uids = [
        case_open(
            by=system("test"),
            report=report(category=category, urgency=urgency, province=province, words=words),
        )
        for category, urgency, province, words in rows
    ]
    found = {row.uid: row for row in Case.objects.all()}
    return [found[uid] for uid in uids]


def test_it_works_the_queue_by_keyboard(live_server, desk, personas, desk_full):
    sign_in(desk, live_server.url, personas.analyst)
    desk.goto(f"{live_server.url}/staff/cases/")
    assert_accessible(desk)
    look(desk, "queue")
    rows = desk.locator("#queue tbody tr")
    assert rows.count() == 5
    desk.keyboard.press("j")
    desk.keyboard.press("j")
    desk.keyboard.press("k")
    assert "chosen" in rows.nth(0).get_attribute("class")
    look(desk, "queue-chosen")
    desk.keyboard.press("?")
    assert desk.get_by_role("dialog").is_visible()
    assert_accessible(desk)
    look(desk, "queue-keys")
    desk.keyboard.press("Escape")
    desk.keyboard.press("j")
    desk.keyboard.press("c")
    desk.wait_for_url(re.compile(r"/staff/cases/[0-9a-f-]{36}/$"))
    assert Case.objects.get(assignee=personas.analyst.person).uid == desk_full[2].uid
    desk.goto(f"{live_server.url}/staff/cases/")
    desk.keyboard.press("j")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(desk_full[0].uid.hex[:8]))


def test_it_keeps_single_keys_off_when_asked(live_server, desk, personas, desk_full):
    sign_in(desk, live_server.url, personas.analyst)
    desk.goto(f"{live_server.url}/staff/cases/")
    desk.locator("#keys-button").click()
    desk.locator("#keys-on").uncheck()
    desk.reload()
    desk.keyboard.press("j")
    assert desk.locator("#queue tr.chosen").count() == 0


def test_it_takes_no_key_from_somebody_who_types(live_server, desk, personas, desk_full):
    sign_in(desk, live_server.url, personas.analyst)
    desk.goto(f"{live_server.url}/staff/cases/")
    desk.locator("#category").focus()
    desk.keyboard.press("c")
    assert desk.locator("#queue tr.chosen").count() == 0


def test_it_shows_the_queue_on_a_phone(live_server, phone, personas, desk_full):
    sign_in(phone, live_server.url, personas.analyst)
    phone.goto(f"{live_server.url}/staff/cases/")
    assert_accessible(phone)
    look(phone, "queue")


def test_it_teaches_on_an_empty_desk(live_server, either, personas):
    sign_in(either, live_server.url, personas.analyst)
    either.goto(f"{live_server.url}/staff/cases/")
    assert_accessible(either)
    look(either, "queue-empty")


def test_it_works_a_case_at_every_width(live_server, either, personas, desk_full):
    row = desk_full[1]
    sign_in(either, live_server.url, personas.analyst)
    either.goto(f"{live_server.url}/staff/cases/{row.uid}/")
    assert_accessible(either)
    look(either, "case-sealed")
    either.get_by_role("button", name="Nhận xử lý và đọc").click()
    either.get_by_text("đòi mã OTP").wait_for()
    either.get_by_label("Viết cho người báo tin").fill("Cảm ơn bạn đã kể. Bạn không có lỗi gì cả.")
    either.get_by_role("button", name="Gửi").click()
    either.get_by_text("Người báo tin sẽ thấy lời bạn").wait_for()
    either.locator(".picks input[type=checkbox]").first.check()
    either.get_by_role("button", name="Đề xuất mục đã đánh dấu").click()
    either.get_by_text("Đã đề xuất 1 chỉ dấu").wait_for()
    note_add(by=personas.officer.actor, uid=row.uid, words="Trường đã báo phụ huynh.")
    either.reload()
    assert_accessible(either)
    for fold in either.locator("details.fold > summary").all():
        fold.click()
    assert_accessible(either)
    look(either, "case")


def test_it_works_without_script(live_server, phone_without_script, personas, desk_full):
    page = phone_without_script
    sign_in(page, live_server.url, personas.analyst)
    page.goto(f"{live_server.url}/staff/cases/")
    assert not page.locator("#keys-button").is_visible()
    page.get_by_role("button", name="Nhận xử lý").first.click()
    page.get_by_text("người lạ rủ gặp").wait_for()
    page.get_by_text("Đóng hồ sơ").click()
    page.get_by_label("Kết quả").select_option("handed-on")
    page.get_by_role("button", name="Đóng", exact=True).click()
    page.get_by_text("Đã đóng hồ sơ.").wait_for()
    assert Case.objects.get(uid=desk_full[0].uid).outcome == "handed-on"


def test_it_shows_a_duplicate_and_takes_it_back(live_server, desk, personas, desk_full):
    one, two = desk_full[1], desk_full[3]
    case_claim(by=personas.analyst.actor, uid=one.uid)
    case_claim(by=personas.analyst.actor, uid=two.uid)
    sign_in(desk, live_server.url, personas.analyst)
    desk.goto(f"{live_server.url}/staff/cases/{one.uid}/")
    desk.goto(f"{live_server.url}/staff/cases/{two.uid}/")
    desk.get_by_text("cùng tên miền").wait_for()
    look(desk, "case-duplicate")
    desk.get_by_role("button", name="Gộp vào hồ sơ đó").click()
    desk.get_by_text("Đã nối các hồ sơ").wait_for()
    assert_accessible(desk)
    desk.get_by_role("button", name="Hoàn tác").click()
    desk.get_by_text("Đã hoàn tác liên kết").wait_for()
    assert Case.objects.get(uid=two.uid).status == "claimed"
