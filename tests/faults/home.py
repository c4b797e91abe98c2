"""Pours canaries into a family: nickname, note, own names, devices, what a child asks for and a parent answers, and the
names that the child's device looks up by each way.
"""

import base64
import html
import http.client
import re
import ssl
from collections.abc import Callable
from typing import Protocol

import dns.message

from lachan.cli.browser import Browser, Page, Stuck
from tests.household import HOST, Device
from tests.instance import Instance


class Words(Protocol):
    """Where canaries come from."""

    def plain(self) -> str: ...

    def next(self) -> str: ...


class Home:
    """One family, once through everything that it may write."""

    def __init__(self, instance: Instance, words: Words, browser: Callable[[], Browser]) -> None:
        self._instance, self._words = instance, words
        self._parent, self._child = browser(), browser()

    def all(self) -> None:
        """Each canary is shown to the family again: what was refused would prove nothing."""
        page = self._parent.get("/family/start/")
        page = self._sent(self._parent, page, "/family/found/")
        page = self._sent(self._parent, page, "/family/code/kept/")
        nickname = self._words.plain()
        page = self._parent.send(page, page.form(having="nickname"), nickname=nickname, band="9-11")
        where, shown = page.path, [nickname]
        page = self._parent.get(f"{where}edit/")
        shown += [self._words.next()]
        self._parent.send(page, page.form(having="note"), note=shown[-1])
        for effect in ("allow", "block"):
            shown += [f"{self._words.plain()}.example"]
            page = self._parent.get(where)
            form = page.form(action=f"{where}names/")
            self._parent.send(page, form, site=f"http://{shown[-1]}/{self._words.plain()}", effect=effect)  # fmt: skip
        shown += [self._words.plain()]
        page = self._parent.get(where)
        made = self._sent(self._parent, page, f"{where}devices/", name=shown[-1])
        self._asks(made)
        self._looks_up(made)
        page = self._parent.get("/family/adults/")
        shown_adult = self._words.plain()
        self._sent(self._parent, page, "/family/adults/name/", name=shown_adult)
        _shows(self._parent.get(where), shown)
        _shows(self._parent.get("/family/adults/"), [shown_adult])

    def _asks(self, made: Page) -> None:
        """A child asks for a site and for time, and reads what is answered."""
        join = self._child.get(_found(r"http://[^/]+(/my/join/[^<]+/)", made))
        page = self._child.send(join, join.form(action=join.path))
        site, *reasons = [f"{self._words.plain()}.example", self._words.next(), self._words.next()]
        for asked in ({"site": site, "reason": reasons[0]}, {"reason": reasons[1]}):
            page = self._child.get("/my/")
            self._sent(self._child, page, "/my/ask/", **asked)
        answers = [self._words.next(), self._words.next()]
        _shows(self._parent.get("/family/"), [site, *reasons])
        for word, answer in zip(answers, ("hour", "no"), strict=True):
            page = self._parent.get("/family/")
            form = next(form for form in page.forms if form.action.startswith("/family/asks/"))
            self._parent.send(page, form, answer=answer, word=word)
        _shows(self._child.get("/my/"), [site, *answers])

    def _looks_up(self, made: Page) -> None:
        """Names that the device asks for: blocked ones and free ones, over TLS and in the address of HTTPS."""
        label = _found(r"([a-z2-7]{24})\.dns\.localhost", made)
        device = Device(self._instance, label)
        listened = self._instance.environment["LACHAN_DNS_HTTPS_LISTEN"]
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        https = http.client.HTTPSConnection(listened, timeout=30, context=trust)
        for below in ("example", "test", "tiktok.com") * 4:
            name = f"{self._words.plain()}.{below}"
            if device.rcode(name) is None:
                raise Stuck("the edge does not answer over TLS")
            asked = base64.urlsafe_b64encode(dns.message.make_query(name, "A").to_wire())
            path = f"/dns-query/{label}?dns={asked.rstrip(b'=').decode()}"
            https.request("GET", path, headers={"Host": HOST})
            answer = https.getresponse()
            if answer.status != 200 or not answer.read():
                raise Stuck("the edge does not answer over HTTPS")
        device.close()
        https.close()

    @staticmethod
    def _sent(browser: Browser, page: Page, action: str, **fields: str) -> Page:
        return browser.send(page, page.form(action=action), **fields)


def _found(pattern: str, page: Page) -> str:
    if (found := re.search(pattern, page.text)) is None:
        raise Stuck(f"{page.path} ({page.status}) does not show {pattern}")
    return found[1]


def _shows(page: Page, words: list[str]) -> None:
    text = html.unescape(page.text)
    missing = [word for word in words if word not in text]
    if missing:
        raise Stuck(f"{page.path} ({page.status}) does not show {missing}")
