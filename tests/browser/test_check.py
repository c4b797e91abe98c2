import re

import pytest

from tests.chromium import assert_accessible, look


@pytest.mark.browser
def test_it_answers_at_every_width(live_server, either):
    either.goto(f"{live_server.url}/check/")
    assert_accessible(either)
    either.get_by_label("Tin nhắn, đường link").fill("nothing.example")
    either.get_by_role("button", name="Kiểm tra").click()
    either.get_by_text("Chưa có thông tin nào về điều này").wait_for()
    assert_accessible(either)
    look(either, "check")
    either.get_by_label("Tin nhắn, đường link").fill(
        "Vào nothing.example\nhoặc gọi 0912 345 678 nhé"
    )
    either.get_by_role("button", name="Kiểm tra").click()
    either.get_by_text("+84912345678").wait_for()
    assert either.locator(".card .tag").count() == 2
    assert_accessible(either)
    look(either, "check-message")


@pytest.mark.browser
def test_it_leaves_at_once(live_server, desk):
    desk.route(
        re.compile("^https:"), lambda route: route.fulfill(body="weather", content_type="text/html")
    )
    desk.goto(f"{live_server.url}/")
    desk.goto(f"{live_server.url}/check/")
    desk.keyboard.press("Escape")
    desk.keyboard.press("Escape")
    desk.wait_for_url(re.compile("^https:"))
    desk.go_back()
    assert not desk.url.endswith("/check/")


@pytest.mark.browser
def test_it_leaves_without_script(live_server, phone_without_script):
    phone_without_script.goto(f"{live_server.url}/check/")
    leave = phone_without_script.locator("#leave")
    assert leave.get_attribute("href").startswith("https://")
    assert "noreferrer" in leave.get_attribute("rel")
