"""The app on a phone's first screen: without a network, and with what another app shares."""

import pytest

from tests.chromium import assert_accessible, look

pytestmark = pytest.mark.browser


def test_it_says_without_a_network_whom_to_call(live_server, phone):
    phone.goto(f"{live_server.url}/app/")
    assert_accessible(phone)
    look(phone, "app")
    phone.get_by_role("heading", name="Sổ tay").click()
    phone.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    assert_accessible(phone)
    look(phone, "app-install")
    kept = phone.evaluate(
        """() => caches.keys().then((names) => Promise.all(names.map((name) =>
        caches.open(name).then((cache) => cache.keys()))))
        .then((found) => found.flat().map((one) => new URL(one.url).pathname))"""
    )
    phone.goto(f"{live_server.url}/report/")
    phone.context.set_offline(True)
    phone.goto(f"{live_server.url}/report/")
    phone.get_by_role("heading", name="Hiện đang mất mạng").wait_for()
    assert phone.locator("a[href='tel:111']").count() == 1
    look(phone, "app-offline")
    phone.context.set_offline(False)
    phone.get_by_role("link", name="Thử lại").click()
    phone.get_by_role("link", name="Kể điều đã xảy ra").wait_for()
    # No page that was read is among what stays on the phone.
    assert sorted(kept) == ["/app/offline/", "/static/web/lachan.css", "/static/web/shield.svg"]


def test_what_is_shared_with_it_is_checked(live_server, phone):
    phone.goto(f"{live_server.url}/app/")
    # As the phone sends it (W3C, "Web Share Target API", section 4).
    phone.evaluate(
        """(to) => { const form = document.createElement("form"); form.method = "post"; form.action = to;
        const field = document.createElement("input"); field.name = "text"; field.value = "Xem nothing.example ngay";
        form.appendChild(field); document.body.appendChild(form); form.submit(); }""",
        f"{live_server.url}/check/shared/",
    )
    phone.get_by_text("Chưa có thông tin nào về điều này").wait_for()
    phone.get_by_text("nothing.example", exact=True).wait_for()
