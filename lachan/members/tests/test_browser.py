"""From a link to the first page, and the administrators' rooms, in a real browser."""

import time

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from lachan.members.models import Person
from lachan.members.services import audit_record, first_link
from lachan.members.tests.walk import samples
from tests.chromium import assert_accessible, look, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "four-invented-words-here"


def code(secret, step=0):
    return format_hotp_value(hotp_value(secret.replace(" ", ""), int(time.time()) // 30 + step))


def join(page, url, see=None):
    """Open the first link and choose a password."""
    page.goto(url + first_link())
    if see:
        see("join")
    page.get_by_label("Tên tổ chức của bạn").fill("Tổng đài Thử nghiệm")
    page.get_by_label("Tên của bạn").fill("Nguyễn An")
    page.get_by_label("Địa chỉ email").fill("an@hotline.example")
    page.get_by_label("Mật khẩu mới").fill(PASSWORD)
    page.get_by_label("Nhập lại mật khẩu").fill(PASSWORD)
    page.get_by_role("button", name="Tiếp tục").click()
    page.wait_for_url("**/staff/set-up/")


def test_it_lets_the_first_administrator_in(live_server, either):
    def see(name):
        assert_accessible(either)
        look(either, f"members-{name}")

    join(either, live_server.url, see)
    see("set-up")
    secret = either.locator("form .mono").inner_text()
    either.get_by_label("Mã", exact=True).fill("000000")
    either.get_by_role("button", name="Tiếp tục").click()
    either.get_by_text("Chưa đúng.").wait_for()
    see("set-up-wrong")
    either.get_by_label("Mã", exact=True).fill(code(secret))
    either.keyboard.press("Enter")
    either.wait_for_url("**/staff/account/codes/")
    see("codes")
    assert either.locator(".codes li").count() == 10
    either.get_by_role("link", name="Tôi đã cất giữ").click()
    either.get_by_text("Xin chào, Nguyễn An").wait_for()
    see("start")
    either.goto(f"{live_server.url}/staff/account/")
    see("account")
    either.get_by_role("button", name="Đăng xuất", exact=True).click()
    either.wait_for_url("**/staff/sign-in/")
    see("sign-in")
    either.get_by_label("Địa chỉ email").fill("an@hotline.example")
    either.get_by_label("Mật khẩu").fill(PASSWORD)
    either.keyboard.press("Enter")
    either.wait_for_url("**/staff/sign-in/second/")
    see("second")
    either.get_by_label("Mã", exact=True).fill(code(secret, 1))
    either.keyboard.press("Enter")
    either.get_by_text("Xin chào, Nguyễn An").wait_for()


def test_it_lets_in_without_script(live_server, phone_without_script):
    page = phone_without_script
    join(page, live_server.url)
    page.get_by_label("Mã", exact=True).fill(code(page.locator("form .mono").inner_text()))
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Tôi đã cất giữ").click()
    page.get_by_text("Xin chào, Nguyễn An").wait_for()


def test_it_takes_a_passkey(live_server, desk):
    session = desk.context.new_cdp_session(desk)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True, "hasResidentKey": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    join(desk, live_server.url)
    desk.get_by_label("Bạn gọi khóa truy cập này là gì?").fill("máy của tôi")
    desk.get_by_role("button", name="Tạo khóa truy cập").click()
    desk.wait_for_url("**/staff/account/codes/")
    desk.goto(f"{live_server.url}/staff/account/")
    desk.get_by_text("máy của tôi").wait_for()
    desk.get_by_role("button", name="Đăng xuất", exact=True).click()
    desk.get_by_label("Địa chỉ email").fill("an@hotline.example")
    desk.get_by_label("Mật khẩu").fill(PASSWORD)
    desk.keyboard.press("Enter")
    desk.get_by_role("button", name="Dùng khóa truy cập").wait_for()
    assert_accessible(desk)
    look(desk, "members-passkey")
    desk.get_by_role("button", name="Dùng khóa truy cập").click()
    desk.get_by_text("Xin chào, Nguyễn An").wait_for()
    assert Person.objects.get().authenticator_set.get(type="webauthn").last_used_at


def test_it_shows_the_administrators_rooms(live_server, personas, either):
    url, home = live_server.url, personas.organisation
    given = samples(personas)
    audit_record(by=personas.analyst.actor, action="case.read", target="case:thu-nghiem")
    sign_in(either, url, personas.administrator)
    person = f"people/{personas.analyst.person.uid}"
    for path, name in [
        ("/staff/", "start-administrator"), ("/staff/members/", "members"),
        ("/staff/members/new/", "organisation-new"), (f"/staff/members/{home.uid}/", "organisation"),
        (f"/staff/members/{home.uid}/invite/", "invite"), (f"/staff/members/{person}/", "person"),
        ("/staff/members/confirmations/", "confirmations"), ("/staff/members/desk-key/", "desk-key"), ("/staff/members/desk-key/shares/", "shares-form"),
        ("/staff/programmes/new/", "programme-new"),
        (f"/staff/programmes/{given['programme']['uid']}/", "programme"),
        ("/staff/api-keys/", "api-keys"), ("/staff/audit/", "audit"),
        ("/staff/account/password/", "password"), ("/staff/account/factors/add/", "factor-add"),
        ("/staff/unlock/", "unlock"),
    ]:  # fmt: skip
        either.goto(url + path)
        assert_accessible(either)
        look(either, f"members-{name}")


def test_it_hands_on_links_keys_and_shares(live_server, personas, either):
    url = live_server.url
    sign_in(either, url, personas.administrator)
    either.goto(f"{url}/staff/members/{personas.organisation.uid}/invite/")
    either.get_by_label("Tên", exact=True).fill("Trần Bình")
    either.get_by_label("Địa chỉ email").fill("binh@hotline.example")
    either.get_by_label("Chuyên viên phân tích").check()
    either.get_by_role("button", name="Tạo liên kết").click()
    assert "/staff/join/" in either.locator(".secret").inner_text()
    either.get_by_text("mang theo một bản sao khóa").wait_for()
    assert_accessible(either)
    look(either, "members-link")
    either.goto(f"{url}/staff/members/desk-key/shares/")
    either.get_by_role("button", name="Tạo và hiện ra").click()
    assert either.locator(".share").count() == 5
    assert_accessible(either)
    look(either, "members-shares")
    either.goto(f"{url}/staff/api-keys/")
    either.get_by_label("Dùng để làm gì?").fill("máy phân giải")
    either.get_by_label("tải danh sách").check()
    either.get_by_role("button", name="Tạo khóa").click()
    assert either.locator(".secret").inner_text().startswith("lachan_")
    assert_accessible(either)
    look(either, "members-api-key")
