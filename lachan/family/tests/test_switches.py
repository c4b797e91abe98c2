"""Switches and times on a child's page: what was said holds, whoever else says something at the same time."""

import re

import msgspec
import pytest

from lachan.family.forms import SlotForm
from lachan.family.labels import rules_of, service_groups, services_switched
from lachan.family.records import Band
from lachan.family.services import children
from lachan.formats.profiles.rules import Slot

pytestmark = pytest.mark.django_db


def test_of_two_pages_neither_takes_back_what_the_other_said(family):
    """Two parents at once, or two tabs: each changes what it changed."""
    mother, father = family.adult, family.adult.invites()
    address = f"/family/children/{family.child}/"
    shown, closed = _boxes_of(mother.client().get(address))
    assert {"social", "tiktok", "safe-search"} <= closed
    mother.client().post(f"{address}rules/", {"shown": shown, "closed": [*closed, "video"]})
    mother.client().post(
        f"{address}times/",
        {"why": "schedule", "days": "every-day", "start": "12:00", "end": "13:00"},
    )
    father.client().post(
        f"{address}rules/", {"shown": shown, "closed": sorted(closed - {"safe-search"})}
    )
    rules = family.shown.rules
    assert "video" in rules.services
    assert not rules.safe_search
    assert len(rules.slots) == len(rules_of(Band.FROM_9).slots) + 1


def _boxes_of(page):
    """(what the page says stands ticked, what does)."""
    html = page.content.decode()
    shown = re.search(r'name="shown" value="([^"]*)"', html)[1]
    ticked = re.findall(r'name="closed"\s+value="([^"]+)"\s+checked', html)
    assert set(shown.split()) == set(ticked)
    return shown, set(ticked)


@pytest.mark.parametrize(
    ("closed", "ticks", "unticks", "left"),
    [
        # The kind is opened: its services' boxes stood ticked because of it.
        ({"game"}, set(), {"game"}, set()),
        ({"game", "tiktok"}, set(), {"game"}, {"tiktok"}),
        # One of a closed kind is opened: the rest stays closed.
        ({"game"}, set(), {"roblox"}, "rest"),
        ({"game"}, set(), {"game", "roblox"}, "rest"),
        (set(), {"roblox"}, set(), {"roblox"}),
        ({"roblox"}, {"game"}, set(), {"game"}),
        ({"roblox", "minecraft"}, set(), {"roblox"}, {"minecraft"}),
        ({"game"}, {"tiktok"}, set(), {"game", "tiktok"}),
    ],
)
def test_a_kind_s_switch_and_those_of_its_services_agree(closed, ticks, unticks, left):
    games = service_groups()["game"]
    shown = frozenset(closed | (games if "game" in closed else set()))
    found = services_switched(frozenset(closed), shown, frozenset(shown - unticks | ticks))
    assert found == (games - {"roblox"} if left == "rest" else left)


def test_what_a_parent_unticked_is_unticked_when_the_page_comes_back(family):
    client, address = family.adult.client(), f"/family/children/{family.child}/"
    shown, closed = _boxes_of(client.get(address))
    client.post(f"{address}rules/", {"shown": shown, "closed": sorted(closed - {"social"})})
    _, now_closed = _boxes_of(client.get(address))
    assert now_closed == closed - {"social"} - service_groups()["social"]


@pytest.mark.parametrize(
    ("start", "end", "quarters"),
    [
        ("20:00", "23:59", (80, 96)),
        ("00:00", "23:59", (0, 96)),
        ("00:00", "00:00", (0, 96)),
        ("21:07", "06:10", (84, 25)),
        ("12:00", "12:05", (48, 49)),
    ],
)
def test_a_time_lasts_at_least_as_long_as_was_said(family, start, end, quarters):
    data = {"why": "schedule", "days": "every-day", "start": start, "end": end}
    form = SlotForm(data)
    assert form.is_valid()
    slot = form.slot()
    assert (slot.start, slot.end) == quarters


def test_a_time_stands_once_and_no_more_of_them_than_may_be(family):
    client, address = family.adult.client(), f"/family/children/{family.child}/"
    before = len(family.shown.rules.slots)
    data = {"why": "schedule", "days": "every-day", "start": "12:00", "end": "13:00"}
    for _ in range(2):
        client.post(f"{address}times/", data)
    assert len(family.shown.rules.slots) == before + 1
    me = family.adult
    many = tuple(
        Slot(everything=True, days=frozenset({day}), start=start, end=start + 1)
        for day in range(7) for start in range(20)
    )[:60]  # fmt: skip
    rules = msgspec.structs.replace(family.shown.rules, slots=many)
    children.rules_set(by=me.actor, key=me.key, child=family.child, rules=rules)
    page = client.post(f"{address}times/", data)
    assert page.status_code == 422
    assert "Đã đủ số giờ" in page.content.decode()
    assert len(family.shown.rules.slots) == 60
