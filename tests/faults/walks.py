"""What a reporter does, over HTTP, stubbornly: a lost connection costs a second try, never a report."""

import http.client
import time

from lachan.cli.browser import Browser, Page, Stuck

_PATIENCE = 120.0


def report_send(address: str, **fields: str) -> tuple[str, int]:
    """Fill in the public form and send it until a receipt is shown; the receipt and the tries it took.

    The category is the first that the form offers, where `fields` names none.
    """
    page = _again(lambda: _page(address, "/report/", having="words"))
    form = page.form(having="words")
    fields.setdefault("category", form.options["category"][0])
    tries = 0

    def send() -> str:
        nonlocal tries
        tries += 1
        browser = Browser(address)
        try:
            answer = browser.send(page, form, **fields)
            return dict(answer.form(having="receipt").values)["receipt"]
        finally:
            browser.close()

    return _again(send), tries


def inbox_read(address: str, receipt: str) -> Page:
    """Open the inbox with a receipt; the page that it shows."""
    browser = Browser(address)
    try:
        door = browser.get("/inbox/")
        return browser.send(door, door.form(having="receipt"), receipt=receipt)
    finally:
        browser.close()


def _page(address: str, path: str, *, having: str) -> Page:
    browser = Browser(address)
    try:
        page = browser.get(path)
        page.form(having=having)
        return page
    finally:
        browser.close()


def _again(walk):
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return walk()
        except (OSError, http.client.HTTPException, Stuck, KeyError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
