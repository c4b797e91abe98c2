"""A real Chromium for the tests, at a phone's and a desk's width.

    @pytest.mark.browser
    def test_it_opens(live_server, phone):
        phone.goto(f"{live_server.url}/")
        assert_accessible(phone)

Every request to another origin fails the test, and so does an error on the console: the pages promise
neither. `look(page, "name")` keeps a screenshot under $LACHAN_SHOTS for people to look at.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request, sync_playwright

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
# Milliseconds. What comes at all comes at once; a slow machine under load is no fault of the page.
PATIENCE = 60_000
_AXE = Axe()
# The rules of axe that ask for colours.
COLOURS = ("color-contrast", "link-in-text-block")
_QUIET = [
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
    "--no-first-run", "--disable-gpu", "--disable-dev-shm-usage",
]  # fmt: skip


def launching() -> dict[str, Any]:
    """What Chromium is launched with here."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        message = "Chromium is not installed: sudo apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    root = ["--no-sandbox"] if os.getuid() == 0 else []
    return {"executable_path": path, "args": [*_QUIET, *root]}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    launched = launching()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launched)
        yield browser
        browser.close()


def _third_party(request: Request) -> list[str]:
    """The request as a fault, unless it is ours or the visitor's own wish to leave."""
    ours = urlsplit(request.url).hostname in {"localhost", "127.0.0.1", "", None}
    return [] if ours or request.is_navigation_request() else [f"third party: {request.url}"]


def _page(chromium: Browser, size: dict[str, int], **options: object) -> Iterator[Page]:
    context = chromium.new_context(viewport=size, locale="vi-VN", **options)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on(
        "console",
        # A page of an error is an answer, not a fault of its scripts.
        lambda m: (
            m.type == "error" and "Failed to load resource" not in m.text and faults.append(m.text)
        ),
    )
    page.on("request", lambda request: faults.extend(_third_party(request)))
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def phone(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, DESK)


@pytest.fixture
def phone_without_script(chromium: Browser) -> Iterator[Page]:
    yield from _page(chromium, PHONE, java_script_enabled=False)


@pytest.fixture(params=["phone", "desk"])
def either(request: pytest.FixtureRequest) -> Page:
    """The same test at both widths."""
    return request.getfixturevalue(request.param)


def assert_accessible(page: Page, *, rules: tuple[str, ...] = ()) -> None:
    """No violation of WCAG 2.2 A and AA that axe can see, and nothing wider than the screen.

    Args:
        rules: these of axe's alone, where a page was looked at and only what they ask for has changed.
    """
    levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    options = {
        "runOnly": {"type": "rule", "values": list(rules)} if rules else levels,
        "resultTypes": ["violations"],  # of what holds it need not tell
    }
    found = _AXE.run(page, options=options).response["violations"]
    said = [f"{v['id']}: {v['help']} {[n['target'] for n in v['nodes']][:3]}" for v in found]
    assert said == [], page.url
    # Not innerWidth: a phone's browser zooms out, and grows it, when a page is too wide.
    width = page.evaluate("document.documentElement.scrollWidth")
    too_wide = width > (page.viewport_size or DESK)["width"] + 1
    assert not too_wide, f"{page.url} scrolls sideways"


def look(page: Page, name: str) -> None:
    """Keep a screenshot where $LACHAN_SHOTS says; nothing without it."""
    if folder := os.environ.get("LACHAN_SHOTS"):
        size = page.viewport_size or DESK
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}-{size['width']}.png", full_page=True)


def sign_in(page: Page, url: str, persona: object) -> None:
    """Give the page the session of one of `tests.personas`, key unlocked, as after both factors."""
    client = persona.client()  # type: ignore[attr-defined]
    cookies = [
        {"name": name, "value": morsel.value, "url": url} for name, morsel in client.cookies.items()
    ]
    page.context.add_cookies(cookies)
