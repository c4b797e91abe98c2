"""The staff of a running instance, over HTTP alone: they join by links, set up a second factor, and work."""

import re

from lachan.cli.browser import Browser, Page, Stuck
from lachan.cli.demo.people import join
from tests.instance import Instance

UID = r"[0-9a-f-]{36}"


class Staff:
    """An administrator, an analyst and a reviewer, signed in, each in an own browser."""

    def __init__(self, instance: Instance) -> None:
        link = instance.until(lambda: _first_link(instance), "to make the first link")
        self.administrator, _ = join(
            instance, str(link), name="Quản trị", email="admin@desk.example"
        )
        self.analyst = self._invited(instance, "analyst")
        self.reviewer = self._invited(instance, "reviewer")

    def colleague(self, instance: Instance) -> Browser:
        """A second analyst."""
        return self._invited(instance, "analyst", number=2)

    def _invited(self, instance: Instance, role: str, *, number: int = 1) -> Browser:
        members = self.administrator.get("/staff/members/")
        own = re.search(rf'"(/staff/members/{UID}/)', members.text)
        if own is None:
            raise Stuck(f"no organisation on {members.path} ({members.status})")
        page = self.administrator.get(f"{own[1]}invite/")
        email = f"{role}{number}@desk.example"
        page = self.administrator.send(
            page, page.form(having="roles"), name=role.title(), email=email, roles=[role]
        )
        link = re.search(r"(/staff/join/[^<\s]+)", page.text)
        if link is None:
            raise Stuck(f"no link on {page.path} ({page.status})")
        return join(instance, link[1], name=role.title(), email=email)[0]

    def cases(self) -> list[str]:
        """Paths of the cases in the analyst's queue, first the most urgent."""
        page = self.analyst.get("/staff/cases/")
        return list(dict.fromkeys(re.findall(rf'href="(/staff/cases/{UID}/)"', page.text)))

    def claimed(self, case: str) -> Page:
        """The page of a case that the analyst has claimed and opened."""
        page = self.analyst.get(case)
        if any(form.action.endswith("/claim/") for form in page.forms):
            page = self.analyst.send(page, page.form(action="/claim/"))
        return self.analyst.get(f"{case}report/")


def _first_link(instance: Instance) -> str | None:
    """No log holds it: it rests in a file of its owner's alone."""
    try:
        token = (instance.home / "first-link.key").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return f"/staff/join/{token}/"
