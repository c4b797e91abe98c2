"""A child with an old phone, a bad line or somebody at the door gets through: in a real browser, made poorer."""

import re

import pytest

from lachan.reports import conf
from lachan.reports.models import InboxSession, Message, Report
from tests.chromium import PATIENCE, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WORDS = "chuyện ở lớp"
DENIED = (
    "Object.defineProperty(window, %r, {get() { throw new DOMException('no', 'SecurityError') }})"
)
# What some phone in use lacks, or does not let a page have.
MISSING = {
    "AbortSignal.timeout": "delete AbortSignal.timeout",
    "fetch": "delete window.fetch",
    "replaceChildren": "delete Element.prototype.replaceChildren",
    "submitter": "delete SubmitEvent.prototype.submitter",
    "closest": "delete Element.prototype.closest",
    "sendBeacon": "delete Navigator.prototype.sendBeacon",
    "clipboard": "delete Navigator.prototype.clipboard",
    "Worker": "delete window.Worker",
    "FormData": "delete window.FormData",
    "XMLHttpRequest": "delete window.XMLHttpRequest",
    "loops over nodes": "delete NodeList.prototype[Symbol.iterator]",
    "history": "delete History.prototype.replaceState",
    "sessionStorage": DENIED % "sessionStorage",
    "localStorage": DENIED % "localStorage",
}
LITTLE = ["FormData", "XMLHttpRequest"]  # without them nothing is sent in the background
# Where one could hide that another is missing.
ALONE = [
    *LITTLE,
    "AbortSignal.timeout",
    "replaceChildren",
    "submitter",
    "closest",
    "history",
    "sessionStorage",
]


@pytest.fixture
def phone(chromium, live_server, desk_key, monkeypatch):
    """`phone(lacks=…)` is a page of its own phone; its neutral site is played, nothing outside is asked."""
    monkeypatch.setattr(conf, "WORK_BITS_CALM", 1)  # no phone here is to find a proof of work
    contexts = []

    def phone(*, lacks=(), scripts=True, styles=True):
        context = chromium.new_context(
            viewport=PHONE, base_url=live_server.url, java_script_enabled=scripts
        )
        contexts.append(context)
        context.route(
            re.compile("google"),
            lambda route: route.fulfill(body="weather", content_type="text/html"),
        )
        for name in lacks:
            context.add_init_script(MISSING[name])
        if not styles:
            context.route("**/*.css", _without_has)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    yield phone
    for context in contexts:
        context.close()


def _without_has(route):
    text = route.fetch().text().replace("selector(:has(*))", "selector(:nobody-has(*))")
    route.fulfill(body=text, content_type="text/css")


def fill(page):
    page.goto("/report/")
    page.evaluate(
        """words => {
             for (const value of ["scam", "danger"]) document.querySelector(`[value=${value}]`).click();
             document.querySelector("#words").value = words;
             document.querySelector("#province").selectedIndex = 3;
             location.hash = "#tell";
           }""",
        WORDS,
    )


def leave(page):
    page.locator("#leave").click()
    page.get_by_text("weather").wait_for()


def chosen(page):
    return page.evaluate(
        """[...document.querySelectorAll("textarea, select, input:not([type=hidden])")]
             .filter(e => e.type === "radio" ? e.checked : e.value).length"""
    )


def open_inbox(page):
    fill(page)
    page.locator("#send").click()
    page.locator("main form button").click()
    page.locator(".thread").wait_for()


@pytest.mark.parametrize("lacks", [list(MISSING), [m for m in MISSING if m not in LITTLE]])
def test_an_old_phone_takes_a_child_through(phone, lacks):
    page = phone(lacks=lacks, styles=False)
    fill(page)
    assert page.locator(".danger-advice").is_visible()
    page.locator("[value=calm]").check()
    assert not page.locator(".danger-advice").is_visible()
    page.get_by_role("button", name="English").click()
    page.locator("html[lang=en]").wait_for()
    assert page.locator("#words").input_value() == WORDS
    assert not Report.objects.exists()
    page.locator("#send").click()
    receipt = page.locator("#receipt").inner_text().split()
    page.get_by_role("button", name="Français").click()
    page.locator("html[lang=fr]").wait_for()
    assert page.locator("#receipt").inner_text().split() == receipt
    leave(page)
    assert Report.objects.count() == 1
    assert not Message.objects.exists()


def test_each_thing_alone_may_be_missing(phone):
    context = phone().context
    for number, name in enumerate(ALONE, 1):
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.add_init_script(MISSING[name])
        fill(page)
        page.locator("#send").click()
        page.locator("#receipt").wait_for()
        leave(page)
        assert Report.objects.count() == number, name
        page.close()
    assert not Message.objects.exists()


@pytest.mark.parametrize("how", ["throws", "does not come", "is no script"])
def test_a_script_that_fails_leaves_the_plain_form(phone, how):
    page = phone()
    page.context.route(
        "**/*.js",
        lambda route: {
            "throws": lambda: route.fulfill(
                body=f"throw new Error();{route.fetch().text()}", content_type="text/javascript"
            ),
            "does not come": route.abort,
            "is no script": lambda: route.fulfill(body="<p>", content_type="text/javascript"),
        }[how](),
    )
    fill(page)
    page.get_by_role("button", name="English").click()
    page.locator("html[lang=en]").wait_for()
    shown = "getComputedStyle(document.querySelector('.danger-advice')).display"
    assert page.evaluate(shown) == "block"
    open_inbox(page)
    leave(page)
    assert not InboxSession.objects.exists()
    assert Report.objects.count() == 1


@pytest.mark.parametrize("scripts", [True, False])
def test_an_exit_from_the_inbox_leaves_nothing_to_go_back_to(phone, scripts):
    page = phone(scripts=scripts)
    open_inbox(page)
    leave(page)
    assert not InboxSession.objects.exists()
    for _ in range(3 if scripts else 1):
        page.go_back()
        page.locator("main").wait_for()
        assert WORDS not in page.content()
        assert not page.locator("#receipt[translate=no]").count()
        assert chosen(page) == 0
    page.goto("/inbox/")
    assert WORDS not in page.content()


def test_an_exit_without_a_line_closes_the_inbox_too(phone):
    page = phone()
    open_inbox(page)
    page.context.route("**/inbox/leave/", lambda route: route.abort())
    leave(page)
    page.go_back()
    page.locator("main").wait_for()
    for _ in range(2):
        assert WORDS not in page.content()
        page.goto("/inbox/")
        page.locator("#open").wait_for()
    assert not InboxSession.objects.exists()


@pytest.mark.parametrize("lacks", [[], ["sessionStorage", "localStorage"]])
def test_a_form_is_empty_for_whoever_comes_after(phone, lacks):
    """After an exit from its last step, and after the receipt."""
    page = phone(lacks=lacks)
    for way in ("exit", "receipt"):
        fill(page)
        if way == "exit":
            leave(page)
        else:
            page.locator("#send").click()
            page.locator("#receipt").wait_for()
        page.go_back()
        page.locator("#intake").wait_for()
        assert chosen(page) == 0, way


# What answers in place of the server: nobody, the server in need, and whoever stands between, by its status.
FAULTS = ["line", "line", 502, 502, 429, 403, 413, 404, 200]


def test_words_stay_on_the_page_until_they_have_arrived(phone):
    page = phone()
    sent = []

    def fail(route):
        sent.append(route.request)
        if route.request.method != "POST":
            route.continue_()
        elif (fault := FAULTS[len(sent) - 1]) == "line":
            route.abort()
        else:
            route.fulfill(status=fault, body="<h1>buy time</h1>", content_type="text/html")

    def press(button, field, address):
        typed = page.locator(field).input_value()
        page.context.route(address, fail)
        sent.clear()
        for number in range(len(FAULTS)):
            page.locator(button).click()
            page.locator("#trouble").wait_for(state="visible")
            assert len(sent) == number + 1
            assert page.locator(field).input_value() == typed
        page.context.unroute(address)
        page.locator(button).click()

    fill(page)
    press("#send", "#words", "**/report/")
    receipt = page.locator("#receipt").inner_text()
    page.goto("/inbox/")
    page.fill("#receipt", receipt)
    press("main form button", "#receipt", "**/inbox/")
    page.locator(".thread").wait_for()
    page.fill("#words", "thêm một chút")
    press("[action='/inbox/write/'] button", "#words", "**/inbox/write/")
    page.locator(".mine .said", has_text="thêm một chút").wait_for()
    assert Report.objects.count() == Message.objects.count() == 1
