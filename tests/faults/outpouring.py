"""Pours canaries into every opening of an instance: each field of each form that can be found from the first
page and from the desk's cases, addresses, headers, names, and requests that fail.
"""

import http.client
import random
import re
import socket
import string
import urllib.parse
from collections.abc import Callable

import dns.message

from lachan.cli.browser import Browser, Form, Page
from lachan.cli.setup import django_ready
from tests.instance import Instance
from tests.staff import Staff

# RFC 5737: where requests say they come from. The second is where they do come from.
FORWARDED, SOURCE = "203.0.113.", "127.0.0.77"
# What an analyst proposes to publish is published: the one thing that leaves the seal, by a person's hand.
_PROPOSED = re.compile(r"(pick|kind|value|category|confidence|tlp)(-\w+)?")
_LAST = ("release", "reopen", "hand-over", "close")


class Canaries:
    """Distinct strings with one marker inside, in the shapes that people's words have."""

    def __init__(self, seed: int) -> None:
        chance = random.Random(seed)
        # No vowels: no language holds it by accident.
        letters = "".join(c for c in string.ascii_lowercase if c not in "aeiouy")
        self.marker = "".join(chance.choices(letters, k=14))
        self.sent: list[str] = []

    def plain(self) -> str:
        """One word that fits into a header or a name."""
        self.sent.append(f"{self.marker}{len(self.sent):04}")
        return self.sent[-1]

    def next(self) -> str:
        """One as people write."""
        number = len(self.sent)
        word = f"{self.marker}{number:04}"
        shape = (
            f"{word} kể chuyện ở trường, số đ{number}",
            f"http://{word}.example/đường?a={word}#b {number}",
            f"{word}@thu.example",
            f"tiktok:{word}",
        )[number % 4]
        self.sent.append(shape)
        return shape


class Stranger(Browser):
    """A browser whose headers are full of canaries, and whose connection comes from SOURCE."""

    def __init__(self, address: str, canaries: Canaries) -> None:
        super().__init__(address)
        self._connection = http.client.HTTPConnection(
            address, timeout=60, source_address=(SOURCE, 0)
        )
        self._canaries = canaries

    def _exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        return super()._exchange(method, path, body, headers_of(self._canaries) | headers)


def headers_of(canaries: Canaries) -> dict[str, str]:
    address = f"{FORWARDED}{len(canaries.sent) % 256}"
    canary = canaries.plain()
    return {
        "User-Agent": f"Mozilla {canary}",
        "Referer": f"http://127.0.0.1/{canary}?q={canary}",
        "X-Forwarded-For": address,
        "X-Real-IP": address,
        "Forwarded": f"for={address}",
        "X-Request-ID": canary,
    }


class Outpouring:
    """Everything, once; `forms` counts the forms that were sent, by their address."""

    def __init__(self, instance: Instance, canaries: Canaries) -> None:
        self._instance, self._canaries = instance, canaries
        self._fresh = canaries.next
        self.forms: dict[str, int] = {}
        self._seen: set[tuple[str, frozenset[str]]] = set()

    def all(self, staff: Staff, break_table: Callable[[], Callable[[], None]]) -> None:
        """`break_table` makes reports fail to be saved, and gives what mends it."""
        self.public()
        self.inbox_answered(staff)
        self.desk(staff)
        self.family()
        self.failing()
        self.names()
        mend = break_table()
        try:
            page = self._stranger().get("/report/")
            form = page.form(having="words")
            answer = self._fill(self._stranger(), page, form)
            assert answer.status >= 500, answer.status
        finally:
            mend()

    def _stranger(self) -> Stranger:
        stranger = Stranger(self._instance.web, self._canaries)
        self._instance.browsers.append(stranger)
        return stranger

    def public(self) -> None:
        """Every form that can be reached without signing in, filled in well, then wrongly."""
        waiting = public_paths()
        known = set(waiting)
        while waiting:
            browser = self._stranger()
            page = browser.get(waiting.pop())
            for link in re.findall(r'href="(/[^"#]*)"', page.text):
                path = urllib.parse.urljoin("/", link.replace("&amp;", "&"))
                if path not in known and not path.startswith(("/static/", "/staff/", "/v1/")):
                    known.add(path)
                    waiting.append(path)
            self._forms(browser, page)

    def family(self) -> None:
        """Everything that a family writes, and its child; nothing of it may rest in clear."""
        adult, child, new, short = (
            self._stranger(), self._stranger(), self._fresh, self._canaries.plain,
        )  # fmt: skip

        def sent(browser: Browser, page: Page, action: str, **fields: str) -> Page:
            self.forms[action] = self.forms.get(action, 0) + 1
            answer = browser.send(page, page.form(action=action), **fields)
            assert answer.status < 400, (action, answer.status)
            return answer

        def site() -> str:
            return f"{short()}.example"

        sent(adult, adult.get("/family/start/"), "/family/found/")
        sent(adult, adult.get("/family/adults/"), "/family/adults/name/", name=short())
        page = adult.get("/family/children/new/")
        where = adult.send(page, page.form(having="nickname"), nickname=short(), band="9-11").path
        page = adult.get(f"{where}edit/")
        adult.send(page, page.form(having="note"), nickname=short(), band="12-15", note=new())
        sent(adult, adult.get(where), f"{where}names/", site=site(), effect="allow")
        sent(
            adult,
            adult.get(where),
            f"{where}names/",
            site=f"http://{site()}/{new()}",
            effect="block",
        )
        device = sent(adult, adult.get(where), f"{where}devices/", name=short())
        link = re.search(r"(/my/join/[^<]+/)<", device.text)[1]
        sent(child, child.get(link), link)
        for asked in (site(), ""):
            sent(child, child.get("/my/"), "/my/ask/", site=asked, reason=new())
        for answer in ("always", "no"):
            page = adult.get("/family/")
            action = next(f.action for f in page.forms if "/asks/" in f.action)
            sent(adult, page, action, answer=answer, word=new())
        for path in ("/family/", "/family/history/", where, "/my/"):
            assert (child if path == "/my/" else adult).get(path).status == 200

    def _forms(self, browser: Browser, page: Page) -> None:
        for form in page.forms:
            action = urllib.parse.urljoin(page.path, form.action or page.path)
            kind = re.sub(r"\?.*", "", action), frozenset(form.names)
            if kind in self._seen:
                continue
            self._seen.add(kind)
            answer = self._fill(browser, page, form)
            self._forms(browser, answer)
            self._fill(self._stranger(), page, form, everything=True)
            for name in sorted(form.names):
                self._fill(self._stranger(), page, form, only=name)

    def _fill(
        self, browser: Browser, page: Page, form: Form, *, everything: bool = False, only: str = ""
    ) -> Page:
        """Send a form: choices as they are offered and canaries where one may write; with `everything` or
        `only` a canary also where none belongs.
        """
        given = dict(form.values)
        filled = Form({"action": form.action, "method": form.method})
        for name in form.names:
            choices = [choice for choice in form.options.get(name, []) if choice]
            value = given.get(name) or (choices[0] if choices else "")
            if everything or name == only or not value:
                value = self._fresh()
            filled.values.append((name, value))
        action = re.sub(r"[0-9a-f-]{36}", "…", form.action or page.path)
        self.forms[action] = self.forms.get(action, 0) + 1
        return browser.send(page, filled)

    def inbox_answered(self, staff: Staff) -> None:
        """A report whose desk answers, whose reporter writes again."""
        browser = self._stranger()
        page = browser.get("/report/")
        sent = self._fill(browser, page, page.form(having="words"))
        opened = browser.send(sent, sent.form(having="receipt"))
        for form in [form for form in opened.forms if "words" in form.names]:
            self._fill(browser, opened, form)

    def desk(self, staff: Staff) -> None:
        """Every form of a claimed case."""
        staff.colleague(self._instance)
        self._instance.until(staff.cases, "to open a case")
        done: set[str] = set()
        for path in staff.cases():
            # One form changes what the page offers next; giving a case away ends the work on it.
            while forms := self._undone(page := staff.claimed(path), done):
                done.add(_act(forms[0]))
                self._fill_case(staff.analyst, page, forms[0])
        assert {"answer", "note", "priority", "hand-over", "close"} <= done, done
        for text in (self._fresh(), self._fresh()):
            staff.analyst.get(f"/staff/cases/?q={urllib.parse.quote(text)}")

    @staticmethod
    def _undone(page: Page, done: set[str]) -> list[Form]:
        """Those that end the work on a case last."""
        ours = [
            f for f in page.forms if f.action.startswith("/staff/cases/") and _act(f) not in done
        ]
        return sorted(ours, key=lambda f: _LAST.index(_act(f)) if _act(f) in _LAST else -1)

    def _fill_case(self, browser: Browser, page: Page, form: Form) -> None:
        free = Form({"action": form.action, "method": form.method})
        free.values, free.options = form.values, form.options
        free.names = {name for name in form.names if not _PROPOSED.fullmatch(name)}
        self._fill(browser, page, free)

    def failing(self) -> None:
        """Requests that go wrong, each in another way."""
        c, quoted = self._fresh, lambda: urllib.parse.quote(self._fresh())
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        json = {"Content-Type": "application/json"}
        asked = [
            ("GET", f"/{quoted()}/", None, {}),
            ("GET", f"/report/?words={quoted()}", None, {}),
            ("GET", f"/inbox/{quoted()}?receipt={quoted()}", None, {}),
            ("GET", f"/dispute/?indicator={quoted()}&value={quoted()}", None, {}),
            ("GET", f"/dispute/{quoted()}/", None, {}),
            ("GET", f"/blocked/?name={quoted()}", None, {}),
            ("GET", f"/staff/cases/{quoted()}/", None, {}),
            ("GET", f"/staff/join/{quoted()}/", None, {}),
            ("GET", f"/v1/check?value={quoted()}", None, {}),
            ("GET", f"/v1/check?value=%ff{quoted()}&kind={quoted()}", None, {}),
            ("GET", f"/v1/{quoted()}", None, {}),
            ("GET", f"/v1/lists/{quoted()}", None, {"Authorization": f"Bearer lachan_{c()}"}),
            ("POST", "/v1/check", f'{{"value": "{c()}"}}', json),
            ("POST", "/v1/indicators", f'{{"value": "{c()}", "kind": 7', json),
            ("POST", f"/{quoted()}", f"words={quoted()}", form),
            ("POST", "/staff/sign-in/", f"name={quoted()}&password={quoted()}", form),
            ("POST", "/report/", f"words={quoted()}&x=" + "y" * 10_000_000, form),
            ("POST", "/report/", f"words=%ff%fe{quoted()}", form),
            ("POST", "/report/", f"form={quoted()}&category=scam&urgency=soon&words={quoted()}", form),
            ("POST", "/inbox/", f"receipt={quoted()}", form),
            ("POST", "/report/", self._upload(), {"Content-Type": "multipart/form-data; boundary=b"}),
            ("PUT", f"/report/{quoted()}", c(), {"Content-Type": "text/plain"}),
            ("GET", "/", None, {"Host": f"{self._canaries.marker}.example"}),
            ("GET", "/inbox/", None, {"Cookie": f"inbox={quoted()}; sessionid={quoted()}; lang={quoted()}"}),
        ]  # fmt: skip
        for method, path, body, headers in asked:
            self._raw(method, path, body, headers_of(self._canaries) | headers)

    def _upload(self) -> str:
        return (
            f'--b\r\nContent-Disposition: form-data; name="words"\r\n\r\n{self._fresh()}\r\n'
            f'--b\r\nContent-Disposition: form-data; name="picture"; filename="{self._fresh()}.txt"\r\n'
            f"Content-Type: text/plain\r\n\r\n{self._fresh()}\r\n--b--\r\n"
        )

    def _raw(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> None:
        connection = http.client.HTTPConnection(
            self._instance.web, timeout=60, source_address=(SOURCE, 0)
        )
        raw = None if body is None else body.encode()
        plain = {name: value.encode("ascii", "replace") for name, value in headers.items()}
        try:
            connection.request(method, path, raw, plain)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            pass  # cut off while sending ten megabytes: that is an answer too
        finally:
            connection.close()

    def names(self) -> None:
        """Names asked of the DNS edge, whole and broken."""
        for _ in range(10):
            name = f"{self._canaries.plain()}.dns.example"
            raw = dns.message.make_query(name, "A").to_wire()
            for packet in (raw, raw[:-3], raw + raw):
                self._packet(packet)
            self._instance.rcode(name)

    def _packet(self, packet: bytes) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((SOURCE, 0))
            sock.sendto(packet, ("127.0.0.1", self._instance.dns_port))


def public_paths() -> list[str]:
    """Every address without parts to fill in that anybody may open, as the product's own list has them."""
    django_ready(migrate=False)
    from django.urls import get_resolver

    rooms = [room for room in get_resolver().url_patterns if str(room.pattern) == ""]
    paths = [f"/{pattern.pattern}" for room in rooms for pattern in room.url_patterns]
    return [path for path in paths if "<" not in path and not path.startswith("/staff/")]


def _act(form: Form) -> str:
    return form.action.rstrip("/").rsplit("/", 1)[-1]
