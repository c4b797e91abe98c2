"""Who finds which rooms: in the bar on top, and as doors on the first page."""

import re

import pytest

from lachan.members.records import PUBLIC, Role
from lachan.web import menu
from lachan.web.menu import MenuEntry, menu_add, menu_list

BAR = {
    Role.ANALYST: "cases indicators match account",
    Role.REVIEWER: "cases indicators reviews disputes match account",
    Role.OFFICER: "cases indicators reviews disputes match members account",
    Role.ADMINISTRATOR: "members audit account",
    Role.TECHNICAL: "indicators match account",
    Role.AUDITOR: "indicators members audit account",
}
MORE_DOORS = {
    Role.OFFICER: "match/health",
    Role.ADMINISTRATOR: "match/health api-keys",
    Role.TECHNICAL: "match/health api-keys",
    Role.AUDITOR: "match/health",
}


@pytest.mark.django_db
@pytest.mark.parametrize("role", list(Role))
def test_it_leads_each_role_to_its_rooms(personas, role):
    page = personas.of(role).client().get("/staff/").content.decode()
    bar = re.search(r'<nav class="rooms".*?</nav>', page, re.DOTALL)[0]
    assert re.findall(r'href="/staff/(.+?)/"', bar) == BAR[role].split()
    doors = re.findall(r'href="/staff/(.+?)/"', page[page.rindex('class="cards"') :])
    wanted = BAR[role].split() + MORE_DOORS.get(role, "").split()
    assert sorted(door for door in doors if "sign-out" not in door) == sorted(wanted)


def test_it_leads_the_public_nowhere():
    assert menu_list(PUBLIC) == []


def test_it_shows_entries_in_order_to_whom_they_concern(monkeypatch):
    monkeypatch.setattr(menu, "_ENTRIES", [])
    for order, url, shown in (
        (2, "/b/", True),
        (1, "/c/", True),
        (2, "/a/", True),
        (0, "/d/", False),
    ):
        menu_add(MenuEntry(order=order, title=url, url=url, shown=lambda _, shown=shown: shown))
    assert [entry.url for entry in menu_list(PUBLIC)] == ["/c/", "/a/", "/b/"]
