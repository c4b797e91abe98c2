"""A school's pages in a real browser, on a phone and on a desk, without scripts."""

import pytest

from lachan.family.middleware import ADULT_COOKIE
from tests.chromium import DESK, PATIENCE, PHONE, assert_accessible, look

from .schools import School

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lesson_takes_two_taps_and_its_pages_stand_in_nobody_s_way(
    chromium, live_server, settings
):
    school = School()
    school.granted(settings, "10.20.0.0/16")
    uid, board = school.classes["6A"], school.board("6A", named=True)
    teacher = school.teacher("6A")
    context = chromium.new_context(viewport=PHONE, locale="vi-VN", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)

    def as_(cookie):
        context.add_cookies([{"name": ADULT_COOKIE, "value": cookie, "url": live_server.url}])

    def check(where):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            page.evaluate("scrollTo(0, 0)")  # what lies below the pinned head counts as too small
            assert_accessible(page)
            look(page, f"school-{where}")

    as_(teacher.cookie)
    page.goto(f"{live_server.url}/family/")
    page.locator(f"a[href='/family/classes/{uid}/']").click()
    page.locator("button[value='only']").click()
    page.locator("form[action$='/lesson/'] button[name='stop']").wait_for()
    page.goto(f"{live_server.url}/class/{board}/")
    check("board")
    as_(school.head.cookie)
    for where, address in (
        ("home", "/family/"),
        ("class", f"/family/classes/{uid}/"),
        ("teachers", "/family/adults/"),
        ("teacher", f"/family/teachers/{teacher.opened.adult.uid}/"),
    ):
        page.goto(f"{live_server.url}{address}")
        check(where)
    page.goto(f"{live_server.url}/family/classes/list/")
    page.fill("#list", "6A,9-11,10.20.6.0/24 10.99.0.0/16\n8X,9-15\n8B,13,10.20.8.0/24,3")
    page.locator("main form button").last.click()
    page.locator("button[name='take']").wait_for()
    check("list")
    page.locator("button[name='take']").click()
    page.get_by_role("status").wait_for()
    context.close()
