"""The people of the demo: they join by their links and sign in with a second factor, as everybody does."""

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time

from lachan.cli.browser import Browser, Page, Stuck
from lachan.members.records import Role

from .stage import Stage


def totp(secret: str) -> str:
    """The six digits of now (RFC 6238 with SHA-1 and 30 seconds)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.digest(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1)
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def join(stage: Stage, link: str, *, name: str, email: str) -> tuple[Browser, str]:
    """Walk through a link to the end: password, second factor, recovery codes.

    Returns:
        The signed-in browser and the password.

    Raises:
        Stuck: a page was not as expected.
    """
    browser, password = stage.browser(), secrets.token_urlsafe(18)
    page = browser.get(link)
    form = page.form(having="password")
    wanted = {
        "password": password, "again": password, "name": name, "email": email,
        "organisation_name": "Đường dây thử nghiệm",
    }  # fmt: skip
    fields = {field: value for field, value in wanted.items() if field in form.names}
    page = _on(browser.send(page, form, **fields), "/staff/set-up/")
    secret = re.search(r'<p class="mono">([A-Z2-7 ]{16,})</p>', page.text)
    if secret is None:
        raise Stuck("the page of the second factor shows no secret")
    page = browser.send(page, page.form(having="code"), code=totp(secret[1].replace(" ", "")))
    _on(page, "/staff/account/codes/")
    return browser, password


def _on(page: Page, path: str) -> Page:
    if page.status != 200 or page.path != path:
        raise Stuck(f"{page.path} ({page.status}) instead of {path}")
    return page


def invite(*, administrator: str, password: str, role: Role, name: str, email: str) -> str:
    """A link for a colleague, from the administrator with this address; the desk's key travels in it."""
    from lachan.kernel.sealing.locks import unlock
    from lachan.members.selectors import actor_for, organisation_list, person_list
    from lachan.members.services import invitation_create

    people = (person for house in organisation_list() for person in person_list(house))
    person = next(person for person in people if person.email == administrator)
    return invitation_create(
        by=actor_for(person),
        unlocked=unlock(bytes(person.locked_key), password=password),
        organisation=person.organisation,
        roles=[role],
        email=email,
        name=name,
    ).path
