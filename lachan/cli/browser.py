"""A small browser without a screen: keeps cookies, fills in forms, follows redirects.

The demo and the benchmarks walk through the product's own pages with it, as people without JavaScript do.
"""

import http.client
import urllib.parse
from html.parser import HTMLParser
from http.cookies import SimpleCookie

from lachan.kernel.errors import Unavailable


class Stuck(Unavailable):
    """A page is not what the walk expects."""


class Form:
    """One form of a page: where it goes and what is in it already."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self.action = attributes.get("action", "")
        self.method = attributes.get("method", "get").lower()
        self.id = attributes.get("id", "")
        self.values: list[tuple[str, str]] = []
        self.names: set[str] = set()
        self.options: dict[str, list[str]] = {}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = self._area = ""
        self._option: dict[str, str] = {"value": ""}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(given)
            self.forms.append(self._form)
        form, name = self._form, given.get("name", "")
        if form is None or (not name and tag != "option"):
            return
        if tag == "input":
            self._input(form, name, given)
        elif tag == "button":
            form.names.add(name)
            form.options.setdefault(name, []).append(given.get("value", ""))
        elif tag == "select":
            self._select = name
            form.names.add(name)
        elif tag == "textarea":
            self._area = name
            form.names.add(name)
        elif tag == "option" and self._select:
            self._option = given
            if "value" in given:
                self._choice(form, given["value"])

    @staticmethod
    def _input(form: Form, name: str, given: dict[str, str]) -> None:
        form.names.add(name)
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind in {"radio", "checkbox"}:
            value = value or "on"
            form.options.setdefault(name, []).append(value)
            if "checked" in given:
                form.values.append((name, value))
        elif kind == "submit":
            form.options.setdefault(name, []).append(value)
        else:
            form.values.append((name, value))

    def _choice(self, form: Form, value: str) -> None:
        form.options.setdefault(self._select, []).append(value)
        if "selected" in self._option:
            form.values.append((self._select, value))
        self._option = {"value": value}

    def _first_choice(self) -> None:
        """A select without a selected option sends its first."""
        form = self._form
        if form is not None and self._select not in dict(form.values):
            form.values += [(self._select, v) for v in form.options.get(self._select, [])[:1]]

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._select and "value" not in self._option:
            self._choice(self._form, data.strip())  # an option without a value is its words
        if self._form is not None and self._area:
            # HTML drops one line break right after <textarea>.
            self._form.values.append((self._area, data.removeprefix("\n")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._first_choice()
            self._select = ""
        elif tag == "textarea":
            self._area = ""


class Page:
    """An answer: status, address, text and forms."""

    def __init__(self, status: int, path: str, text: str) -> None:
        self.status, self.path, self.text = status, path, text
        parser = _Forms()
        parser.feed(text)
        self.forms = parser.forms

    def form(self, *, having: str = "", action: str = "") -> Form:
        """The first form with a field `having` and an action that ends in `action`.

        Raises:
            Stuck: there is none.
        """
        for form in self.forms:
            if (not having or having in form.names) and form.action.endswith(action):
                return form
        raise Stuck(f"{self.path} ({self.status}) has no form with {having or action}")


class Browser:
    """One person's browser, on one kept connection.

    Attributes:
        cookies: name → value, as the server set them.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection = http.client.HTTPConnection(address, timeout=30)
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> Page:
        return self._follow("GET", path, None)

    def send(self, page: Page, form: Form, **fields: str | list[str]) -> Page:
        """Send a form of a page with some fields filled in."""
        given = {
            name: [value] if isinstance(value, str) else value for name, value in fields.items()
        }
        pairs = [(name, value) for name, value in form.values if name not in given]
        pairs += [(name, value) for name, values in given.items() for value in values]
        target = urllib.parse.urljoin(page.path, form.action or page.path)
        body = urllib.parse.urlencode(pairs)
        if form.method == "get":
            return self.get(f"{target.partition('?')[0]}?{body}")
        return self._follow("POST", target, body)

    def close(self) -> None:
        self._connection.close()

    def _follow(self, method: str, path: str, body: str | None) -> Page:
        for _ in range(8):
            status, where, text = self._ask(method, path, body)
            if status not in {301, 302, 303, 307, 308}:
                return Page(status, path, text)
            parts = urllib.parse.urlsplit(
                urllib.parse.urljoin(f"http://{self._address}{path}", where)
            )
            path = urllib.parse.urlunsplit(("", "", parts.path, parts.query, ""))
            if status in {301, 302, 303}:
                method, body = "GET", None
        raise Stuck(f"{path} redirects without end")

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str, str]:
        headers = {"Accept": "text/html", "Accept-Language": "vi"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{k}={v}" for k, v in self.cookies.items())
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            headers["Origin"] = f"http://{self._address}"
        try:
            answer = self._exchange(method, path, body, headers)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            # A kept connection that the server closed meanwhile.
            self._connection.close()
            answer = self._exchange(method, path, body, headers)
        text = answer.read().decode("utf-8", "replace")
        for header in answer.msg.get_all("Set-Cookie", []):
            for name, morsel in SimpleCookie(header).items():
                if morsel["max-age"] == "0" or not morsel.value:
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer.status, answer.headers.get("Location", ""), text

    def _exchange(
        self, method: str, path: str, body: str | None, headers: dict[str, str]
    ) -> http.client.HTTPResponse:
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()
