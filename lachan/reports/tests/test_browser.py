"""The way of a child through the pages, in a real browser, on a phone and on a desk."""

import re

import pytest

from lachan.reports.models import Report
from tests.chromium import COLOURS, DESK, PATIENCE, PHONE, assert_accessible, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIZES = {"phone": PHONE, "desk": DESK}
PAGES = ["/", "/report/", "/report/#who", "/report/#tell", "/inbox/"]


@pytest.fixture(params=list(SIZES))
def size(request):
    return SIZES[request.param]


@pytest.fixture
def open_page(chromium, live_server, desk_key):
    contexts = []

    def open_page(size, **options):
        context = chromium.new_context(viewport=size, base_url=live_server.url, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield open_page
    for context in contexts:
        context.close()


def fill(page):
    page.goto("/report/")
    page.locator("[value=scam]").check()
    page.locator("#what .button").click()
    page.locator("[value=soon]").check()
    page.locator("#who .button:not(.second)").click()
    page.fill("#words", "chuyện ở lớp")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_child_gets_through_and_comes_back(open_page, size, scripts):
    page = open_page(size, java_script_enabled=scripts)
    page.goto("/")
    page.locator(".big").click()
    fill(page)
    page.locator("#send").click()
    receipt = page.locator("#receipt").inner_text()
    assert len(re.findall(r"\d", receipt)) == 28
    assert page.url.endswith("/report/")
    page.goto("/inbox/")
    page.fill("#receipt", receipt)
    page.keyboard.press("Enter")
    page.locator(".thread").wait_for()
    assert "chuyện ở lớp" in page.content()
    page.fill("#words", "thêm một chút")
    page.locator("[action='/inbox/write/'] button").click()
    page.get_by_text("thêm một chút").wait_for()
    assert Report.objects.get().category == "contract.scam"


def test_nothing_stands_in_anyones_way(open_page):
    """The whole way once, looked at at every stop at both widths and in both themes."""
    page = open_page(PHONE, reduced_motion="reduce")  # no colour is seen on its way to another

    def check(where):
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            for colours, rules in (("dark", COLOURS), ("light", ())):
                page.emulate_media(color_scheme=colours)
                assert_accessible(page, rules=rules)  # a theme is made of colours alone
                look(page, f"report-{where}-{colours}")

    for path in PAGES:
        page.goto("about:blank")
        page.goto(path)
        check(path.replace("/", "").replace("#", "-") or "home")
    page.goto("/report/#tell")
    page.locator("#send").click()
    page.locator("#faults").wait_for()
    check("faults")
    fill(page)
    page.goto("/report/#who")
    page.locator("[value=danger]").check()
    check("danger")
    page.locator("#who .button:not(.second)").click()
    fill(page)
    page.locator("#send").click()
    page.locator("#receipt").wait_for()
    check("receipt")
    page.locator("main form button").click()
    page.locator(".thread").wait_for()
    check("inbox")


def test_the_numbers_and_the_way_out_stay_in_sight(open_page, size):
    page = open_page(size)
    fill(page)
    for key in ("Home", "End"):
        page.locator("#words").evaluate("e => e.blur()")
        page.keyboard.press(key)
        page.wait_for_timeout(200)
        for selector in ("#leave", "[href='tel:111']", "[href='tel:113']"):
            box = page.locator(f".pinned {selector}").bounding_box()
            assert 0 <= box["y"] < size["height"] / 4


def test_everything_can_be_reached_and_hit(open_page, size):
    page = open_page(size)
    for path in PAGES:
        page.goto("about:blank")
        page.goto(path)
        small = page.evaluate(
            """[...document.querySelectorAll('a, button, select, textarea, input, .choice')].filter(
                 e => e.offsetParent && !e.matches('.skip, .choice input')
                 && (e.offsetHeight < 44 && getComputedStyle(e).display !== 'inline')
               ).map(e => e.outerHTML)"""
        )
        assert not small, path


def test_it_works_by_keyboard_alone(open_page):
    page = open_page(SIZES["desk"])
    page.goto("/report/")

    def reach(selector):
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(f"document.activeElement.matches({selector!r})"):
                return
        raise AssertionError(f"Tab never reaches {selector}")

    reach("[name=category]")
    page.keyboard.press("Space")
    reach("#what .button")
    page.keyboard.press("Enter")
    reach("[name=urgency]")
    page.keyboard.press("Space")
    reach("#who .button:not(.second)")
    page.keyboard.press("Enter")
    reach("#words")
    page.keyboard.type("xin chào")
    reach("#send")
    page.keyboard.press("Enter")
    page.locator("#receipt").wait_for()


@pytest.mark.parametrize("path", ["/", "/report/", "/inbox/"])
def test_a_page_is_small_and_asks_nobody_else(open_page, live_server, path):
    page = open_page(SIZES["phone"])
    addresses = set()
    page.on("request", lambda request: addresses.add(request.url))
    page.goto(path)
    page.wait_for_load_state("networkidle")
    assert all(address.startswith(live_server.url) for address in addresses)
    # Asked for again, since a worker's script has no body to measure here; uncompressed.
    sizes = [len(page.request.get(address).body()) for address in addresses]
    assert sum(sizes) <= 100_000


def test_it_breaks_no_rule_of_its_own(open_page):
    page = open_page(SIZES["phone"])
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/")
    fill(page)
    page.locator("[name=work]:not([value=''])").wait_for(state="attached")
    page.locator("#send").click()
    page.locator("#receipt").wait_for()
    assert not said


def test_the_phone_has_done_its_work(open_page):
    """The worker's own SHA-256 agrees with the server's."""
    from lachan.kernel.sealing.work import pow_zeros

    page = open_page(SIZES["phone"])
    page.goto("/report/")
    page.locator("[name=work]:not([value=''])").wait_for(state="attached")
    challenge = page.locator("[name=form]").input_value()
    work = page.locator("[name=work]").input_value()
    assert pow_zeros(challenge, work) >= int(challenge.split(".")[1])


def test_back_walks_through_the_steps_and_keeps_the_words(open_page):
    page = open_page(SIZES["phone"])
    fill(page)
    page.go_back()
    assert page.locator("#who").is_visible()
    assert not page.locator("#tell").is_visible()
    page.go_back()
    assert page.locator("[value=scam]").is_checked()
    page.go_forward()
    page.go_forward()
    assert page.locator("#words").input_value() == "chuyện ở lớp"


@pytest.mark.parametrize("letters", [60_000, 3_000_000])
def test_too_much_comes_back_with_a_word_about_it(open_page, letters):
    page = open_page(SIZES["desk"], java_script_enabled=False)
    fill(page)
    page.fill("#words", "ế" * letters)
    page.locator("#send").click()
    page.locator("#words-fault").wait_for()
    # Nothing can hide it from who does not need it without hiding it from who does.
    assert page.locator(".danger-advice").is_visible()
    assert len(page.locator("#words").input_value()) == min(letters, 90_000)


@pytest.mark.parametrize("scripts", [True, False])
def test_another_language_loses_no_word(open_page, scripts):
    page = open_page(SIZES["phone"], java_script_enabled=scripts)
    fill(page)
    page.get_by_role("button", name="English").click()
    page.locator("html[lang=en]").wait_for()
    assert page.locator("#words").input_value() == "chuyện ở lớp"
    assert page.locator("[value=scam]").is_checked()


def test_a_lost_connection_loses_nothing(open_page):
    page = open_page(SIZES["phone"])
    fill(page)
    page.context.set_offline(True)
    page.locator("#send").click()
    page.locator("#trouble").wait_for(state="visible")
    assert page.locator("#words").input_value() == "chuyện ở lớp"
    page.context.set_offline(False)
    page.locator("#send").click()
    page.locator("#receipt").wait_for()


def test_sending_twice_gives_the_same_receipt(open_page):
    page = open_page(SIZES["phone"], java_script_enabled=False)
    fill(page)
    page.locator("#send").click()
    first = page.locator("#receipt").inner_text()
    page.reload()
    assert page.locator("#receipt").inner_text() == first
    assert Report.objects.count() == 1


def test_back_from_the_receipt_finds_an_empty_form(open_page):
    page = open_page(SIZES["phone"])
    fill(page)
    page.locator("#send").click()
    page.locator("#receipt").wait_for()
    page.go_back()
    page.wait_for_url("**/report/")  # a slow machine takes its time to put another page there
    page.locator("#intake").wait_for()
    assert page.locator("#words").input_value() == ""
    assert not page.locator("[name=category]:checked").count()


@pytest.mark.parametrize("how", ["link", "escape"])
def test_the_way_out_leaves_nothing_behind(open_page, how):
    page = open_page(SIZES["phone"])
    # The neutral site is played by this test: nothing outside is asked.
    page.context.route(re.compile("google"), lambda route: route.fulfill(body="weather"))
    page.goto("/")
    fill(page)
    if how == "link":
        page.locator("#leave").click()
    else:
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    page.get_by_text("weather").wait_for()
    page.go_back()
    page.wait_for_timeout(300)
    assert "chuyện ở lớp" not in page.content()
    words = page.locator("#words")
    assert not words.count() or words.input_value() == ""


def test_the_way_out_works_without_scripts(open_page):
    page = open_page(SIZES["phone"], java_script_enabled=False)
    page.context.route(re.compile("google"), lambda route: route.fulfill(body="weather"))
    page.goto("/inbox/")
    page.locator("#leave").click()
    page.get_by_text("weather").wait_for()


def test_old_browsers_see_all_steps_on_one_page(open_page):
    """Without :has() the stylesheet hides nothing; here its rule is taken away by hand."""
    page = open_page(SIZES["phone"])
    page.goto("/report/")
    page.evaluate(
        """for (const sheet of document.styleSheets)
             for (let i = sheet.cssRules.length - 1; i >= 0; i--)
               if (sheet.cssRules[i] instanceof CSSSupportsRule) sheet.deleteRule(i)"""
    )
    for step in ("#what", "#who", "#tell"):
        assert page.locator(step).is_visible()
