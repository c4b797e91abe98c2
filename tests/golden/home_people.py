"""Who works in the golden home, and by which pages and doors they came in."""

import dataclasses
import re
import secrets
from typing import Any

from django.test import Client

from lachan.cli.browser import Page
from lachan.cli.demo.people import totp
from lachan.kernel.sealing.locks import unlock
from lachan.members.models import Person
from lachan.members.records import Actor
from lachan.members.selectors import actor_for
from lachan.members.services import invitation_accept


@dataclasses.dataclass
class Member:
    """Somebody of the golden home, with all that only that person has.

    Attributes:
        totp, codes, client: where the person came in by the pages, with a second factor.
    """

    email: str
    password: str
    totp: str = ""
    codes: list[str] = dataclasses.field(default_factory=list)
    client: Client | None = None

    @property
    def person(self) -> Person:
        return Person.objects.get(email=self.email)

    @property
    def actor(self) -> Actor:
        return actor_for(self.person)

    @property
    def private(self) -> str:
        return unlock(bytes(self.person.locked_key), password=self.password)

    @property
    def papers(self) -> dict[str, Any]:
        """What the person knows or has in hand."""
        said = {"email": self.email, "password": self.password}
        if self.client is None:
            return said
        cookies = {name: morsel.value for name, morsel in self.client.cookies.items()}
        return said | {"totp": self.totp, "codes": self.codes, "cookies": cookies}


def password_new() -> str:
    return f"một con đường dài {secrets.token_hex(4)}"


def joined(token: str, email: str, **more: str) -> Member:
    """Somebody who comes in by a link, without the pages."""
    password = password_new()
    invitation_accept(token=token, password=password, email=email, **more)
    return Member(email, password)


def joined_by_pages(token: str, email: str) -> Member:
    """Somebody who comes in by a link and sets up a second factor."""
    who = Member(email, password_new(), client=Client(headers={"host": "localhost"}))
    page = sent(who, f"/staff/join/{token}/", having="password", again=who.password)
    found = re.search(r'<p class="mono">([A-Z2-7 ]{16,})</p>', page.text)
    assert found is not None, page.path
    who.totp = found[1].replace(" ", "")
    page = sent(who, "/staff/set-up/", having="code", code=totp(who.totp))
    who.codes = re.findall(r"<li>([0-9]{4} [0-9]{4})</li>", page.text)
    assert len(who.codes) == 10, page.path
    return who


def sign_in(who: Member) -> None:
    """In another browser, with the password and one of the recovery codes."""
    who.client = Client(headers={"host": "localhost"})
    sent(who, "/staff/sign-in/", having="name", name=who.email)
    sent(who, "/staff/sign-in/second/", having="code", code=who.codes.pop())


def sent(who: Member, path: str, *, having: str = "", action: str = "", **fields: str) -> Page:
    """A form of a page, filled in and sent; the page that follows."""
    assert who.client is not None
    form = page_of(who, path).form(having=having, action=action)
    if "password" in form.names:
        fields["password"] = who.password
    answer = who.client.post(form.action or path, dict(form.values) | fields, follow=True)
    at = answer.redirect_chain[-1][0] if answer.redirect_chain else path
    assert answer.status_code == 200, (at, answer.status_code)
    return Page(answer.status_code, at, answer.content.decode())


def page_of(who: Member, path: str) -> Page:
    assert who.client is not None
    answer = who.client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return Page(answer.status_code, path, answer.content.decode())
