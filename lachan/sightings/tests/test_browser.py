"""Try a picture in a real Chromium: hashed there, and never sent."""

import hashlib
import io

import pytest
from PIL import Image, ImageOps

from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.matching.between.lookup_status import LookupStatus, status_write
from tests.chromium import assert_accessible, look, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("pages_home"),
]


def png(image):
    return save(image, "PNG")


@pytest.fixture
def known(publish, follower):
    """A harmless drawing that is on the list; its pixels."""
    image = picture(3, 320, 240)
    publish(f"pdq:{picture_hash(io.BytesIO(png(image))).stored.key.hex()}")
    assert follower.step()
    return image


def choose(page, url, data, name="anh.png"):
    page.goto(f"{url}/staff/match/")
    page.locator("#picture").set_input_files({"name": name, "mimeType": "", "buffer": data})


def test_a_smaller_copy_is_recognised_and_never_sent(either, live_server, personas, known):
    sign_in(either, live_server.url, personas.analyst)
    bodies = []
    either.on("request", lambda request: bodies.append(request.post_data_buffer or b""))
    smaller = png(known.resize((200, 150), Image.Resampling.BICUBIC))
    choose(either, live_server.url, smaller)
    assert_accessible(either)
    either.get_by_role("button", name="Tra cứu").click()
    either.get_by_role("heading", name="Có trong danh sách").wait_for()
    assert_accessible(either)
    look(either, "match-known")
    assert either.evaluate("document.activeElement.id") == "result"
    posted = [body for body in bodies if body]
    assert len(posted) == 1
    assert len(posted[0]) < 1000
    assert smaller[:50] not in posted[0]
    assert b"PNG" not in posted[0]


def test_a_mirrored_copy_is_recognised_where_asked(either, live_server, personas, known):
    sign_in(either, live_server.url, personas.analyst)
    mirrored = png(ImageOps.mirror(known))
    choose(either, live_server.url, mirrored)
    either.get_by_role("button", name="Tra cứu").click()
    either.get_by_role("heading", name="Không có trong danh sách").wait_for()
    either.get_by_label("xoay hoặc lật").check()
    either.locator("#picture").set_input_files(
        {"name": "anh.png", "mimeType": "", "buffer": mirrored}
    )
    look(either, "match-turned-asked")
    either.get_by_role("button", name="Tra cứu").click()
    either.get_by_role("heading", name="Có trong danh sách").wait_for()
    either.get_by_text("ảnh này đã bị lật ngang.").wait_for()
    assert either.get_by_label("xoay hoặc lật").is_checked()
    assert len(either.get_by_label("Mã băm").input_value().split("\n")) == 10
    assert_accessible(either)
    look(either, "match-turned")


def test_it_works_by_keyboard_and_says_when_nothing_is_known(desk, live_server, personas, known):
    sign_in(desk, live_server.url, personas.analyst)
    choose(desk, live_server.url, png(picture(4, 320, 240)))
    desk.locator("#picture").focus()
    for _ in range(3):
        desk.keyboard.press("Tab")
    assert desk.evaluate("document.activeElement.textContent") == "Tra cứu"
    desk.keyboard.press("Enter")
    desk.get_by_role("heading", name="Không có trong danh sách").wait_for()


def test_any_other_file_goes_by_its_bytes(desk, live_server, personas, publish, follower):
    data = "Không phải ảnh.".encode()
    publish(hashlib.sha256(data).hexdigest())
    follower.step()
    sign_in(desk, live_server.url, personas.analyst)
    choose(desk, live_server.url, data, "thu.txt")
    desk.get_by_role("button", name="Tra cứu").click()
    desk.get_by_role("heading", name="Có trong danh sách").wait_for()
    desk.get_by_text("nên chỉ so khớp nguyên tệp").wait_for()
    assert_accessible(desk)


def test_it_says_of_each_of_several_files_what_came_of_it(either, live_server, personas, known):
    sign_in(either, live_server.url, personas.analyst)
    either.goto(f"{live_server.url}/staff/match/")
    files = {
        "một.png": png(known),
        "hai.png": png(picture(8, 320, 240)),
        "ba.txt": b"Khong phai anh.",
    }
    chosen = [{"name": name, "mimeType": "", "buffer": data} for name, data in files.items()]
    either.locator("#picture").set_input_files(chosen)
    either.get_by_role("button", name="Tra cứu").click()
    either.get_by_role("heading", name="Có trong danh sách: 1 trên 3").wait_for()
    said = [line.inner_text() for line in either.locator(".verdicts li").all()]
    assert said == [
        "một.png\ncó trong danh sách",
        "hai.png\nkhông có trong danh sách",
        "ba.txt\nkhông mở được như ảnh; so nguyên tệp thì không có trong danh sách",
    ]
    assert "một.png" not in either.get_by_label("Mã băm").input_value()
    assert_accessible(either)
    look(either, "match-several")


def test_it_works_without_script(phone_without_script, live_server, personas, known):
    page = phone_without_script
    sign_in(page, live_server.url, personas.analyst)
    page.goto(f"{live_server.url}/staff/match/")
    assert not page.locator("#picture").is_visible()
    page.get_by_label("Mã băm").fill(picture_hash(io.BytesIO(png(known))).stored.key.hex())
    page.get_by_role("button", name="Tra cứu").click()
    page.get_by_role("heading", name="Có trong danh sách").wait_for()


def test_the_health_page_is_accessible(either, live_server, personas, pages_home, known):
    status = LookupStatus(pid=1)
    for seconds in (0.0002, 0.0009, 0.0009, 0.004, 0.03):
        status.count(1000, 5, seconds)
    sign_in(either, live_server.url, personas.technical)
    status_write(pages_home, status)
    either.goto(f"{live_server.url}/staff/match/health/")
    assert_accessible(either)
    assert either.locator(".histogram rect").count() == 8
    look(either, "match-health")
