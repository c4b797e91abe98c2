"""A family's pages in a real browser, on a phone and on a desk, with scripts and without."""

import re

import pytest

from lachan.formats.profiles.reached import WaysIn
from tests.chromium import COLOURS, DESK, PATIENCE, PHONE, assert_accessible, look

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("reached"),
]


@pytest.fixture
def open_page(chromium, live_server):
    contexts = []

    def open_page(**options):
        options = {"viewport": PHONE, "locale": "vi-VN", "base_url": live_server.url} | options
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield open_page
    for context in contexts:
        context.close()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).first.click()


def test_a_parent_protects_a_child_in_a_few_taps_without_scripts(open_page, settings):
    """From the first page to a child's device with its address: eight taps at most."""
    settings.FAMILY_WAYS = WaysIn(name="dns.localhost", tls=853)
    page, taps = open_page(java_script_enabled=False), []

    def tap(what):
        what.first.click()
        taps.append(what)

    page.goto("/")
    tap(page.locator("a.door[href='/family/start/']"))
    tap(page.locator("form[action='/family/found/'] button:not([name])"))
    tap(page.locator("form[action='/family/code/kept/'] button"))
    page.fill("#nickname", "Bống")
    tap(page.locator("label", has=page.locator("[value='9-11']")))
    tap(page.locator("main form button"))
    tap(page.locator("form[action$='/devices/'] button"))
    page.locator(".secret").first.wait_for()
    assert re.search(r"[a-z2-7]{24}\.dns\.localhost", page.content())
    assert len(taps) <= 8


def test_nothing_stands_in_anyones_way(open_page):
    """The whole way once, looked at at every stop at both widths, and where most stands in both themes."""
    page, child = open_page(reduced_motion="reduce"), open_page(reduced_motion="reduce")

    def check(where, of=page):
        for size in (DESK, PHONE):
            of.set_viewport_size(size)
            of.evaluate("scrollTo(0, 0)")  # what lies below the pinned head counts as too small
            dark = [("dark", COLOURS)] if where in {"code", "child", "my"} else []
            for colours, rules in (*dark, ("light", ())):
                of.emulate_media(color_scheme=colours)
                assert_accessible(of, rules=rules)  # a theme is made of colours alone
                look(of, f"family-{where}-{colours}")

    page.goto("/family/open/")
    page.fill("#code", "12")
    page.locator("main form button").click()
    check("open")
    page.goto("/family/start/")
    check("start")
    page.locator("form[action='/family/found/'] button:not([name])").click()
    check("code")
    page.locator("form[action='/family/code/kept/'] button").click()
    press(page, "Thêm")
    check("child-new")
    page.fill("#nickname", "Bống")
    page.locator("label", has=page.locator("[value='12-15']")).click()
    press(page, "Thêm")
    where = page.url
    page.fill("#site", "trò chơi")
    press(page, "Mở trang này")
    for summary in page.locator("summary").all():
        summary.click()
    check("child")
    page.goto(where)
    press(page, "Thêm máy")
    check("device")
    link = re.search(r"http://[^/]+(/my/join/[^<]+/)", page.content())[1]
    child.goto("/my/")
    check("my-none", child)
    child.goto(link)
    check("my-join", child)
    press(child, "Máy của mình")
    child.fill("#site", "truong.example")
    child.fill("#reason", "bài tập")
    press(child, "Gửi lời xin")
    check("my", child)
    page.goto("/family/")
    check("home")
    press(page, "Hôm nay")
    for name in ("adults", "history", "leave", "delete"):
        page.goto(f"/family/{name}/")
        check(name)


def test_no_page_is_wider_than_a_phone(open_page):
    page = open_page()
    page.goto("/family/start/")
    page.locator("form[action='/family/found/'] button:not([name])").click()
    page.locator("form[action='/family/code/kept/'] button").click()
    page.fill("#nickname", "B" * 40)
    page.locator("label", has=page.locator("[value='under-9']")).click()
    press(page, "Thêm")
    for path in (page.url, "/family/", "/family/adults/", "/family/history/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
