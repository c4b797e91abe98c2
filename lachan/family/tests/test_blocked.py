"""A child's page says what did not open, in words, and asks for it: only on that device."""

import time
from datetime import UTC, datetime

import msgspec
import pytest
from django.utils.translation import override

from lachan.family import blocked as blocked_module
from lachan.family.blocked import blocked_list
from lachan.family.records import Band
from lachan.formats.profiles.door import FAMILY, Blocked, BlockedName, Kept
from lachan.kernel.sealing.envelope import keypair_new, seal

PAIR = keypair_new()
LONG_AGO = 0.0


def said(name="game.test", *words, source=FAMILY, rule="", until=0, indicator=""):
    return BlockedName(
        name=name, rule=rule or name, words=words or ("own",), source=source, until=until,
        indicator=indicator,
    )  # fmt: skip


def told(*names, public=PAIR.public, since=LONG_AGO, more=False, ago=5.0):
    now = time.time()
    kept = [
        Kept(now - ago + number / 100, seal(msgspec.msgpack.encode(one), to=[public]))
        for number, one in enumerate(names)
    ]
    return Blocked(since=since, kept=kept, more=more)


@pytest.fixture
def edge(monkeypatch):
    """What the edge's processes tell; asked for which device."""
    answers, asked = [], []
    monkeypatch.setattr(
        blocked_module, "blocked", lambda _, device: asked.append(device) or list(answers)
    )
    return answers, asked


def listed(*, key=PAIR.private, band=Band.FROM_12, asks=()):
    at = datetime.now(UTC)
    with override("en"):
        return blocked_list(None, label="x", key=key, band=band, asks=asks, at=at)


WHY = [
    (said(), "Your family closed this site."),
    (said("t.test", "service:tiktok", "service:social"), "Your rules close TikTok."),
    (said("t.test", "service:tiktok", "schedule", until=9), "TikTok is closed at this time."),
    (said("t.test", "bedtime", until=9), "It is bedtime: everything rests."),
    (said("t.test", "pause", until=9), "Everything has a break now."),
    (said("t.test", "schedule"), "Everything rests at this time."),
    (said("t.test", "gambling", source="l"), "Your rules close this kind of site: Gambling, betting."),
    (said("t.test", "contract.scam", source="l"), "It is on the list of harmful sites: Scam."),
    (said("", "csam", source="l"), "Something there harms children. It is closed for everybody."),
]  # fmt: skip


@pytest.mark.parametrize(("one", "why"), WHY)
def test_it_says_why_in_one_sentence(edge, one, why):
    edge[0].append(told(one))
    assert listed().newest.why == why


@pytest.mark.parametrize("word", ["adult", "contract.scam", "contract.sextortion"])
def test_it_names_no_kind_of_site_to_the_young(edge, word):
    edge[0].append(told(said("t.test", word, source="l")))
    why = listed(band=Band.UNDER_9).newest.why
    assert all(word not in why for word in ("Adult", "Scam", "sex"))


def test_it_says_way_round_in_the_words_of_the_data(edge):
    edge[0].append(told(said("relay.test", "way-round:private-relay")))
    assert "hides addresses" in listed().newest.why


def test_what_it_offers_to_ask_for(edge):
    shown = {}
    for one in (said(), said("t.test", "bedtime", until=9), said("", "csam", source="l")):
        edge[0][:] = [told(one)]
        shown[one.name] = listed().newest
    assert [one.ask for one in shown.values()] == ["site", "time", ""]
    assert [one.who for one in shown.values()] == ["family", "family", "list"]


def test_it_has_what_several_processes_met_once_the_last_first(edge):
    edge[0][:] = [
        told(said("a.test"), said("b.test"), ago=60),
        told(said("a.test"), ago=5),
        told(since=time.time() - 30),
    ]
    found = listed()
    assert [found.newest.name, *(one.name for one in found.older)] == ["a.test", "b.test"]
    assert found.since is not None, "one of them began a short while ago"
    edge[0].pop()
    assert listed().since is None


def test_it_shows_nothing_that_is_sealed_to_another(edge):
    edge[0].append(told(said("secret.test"), public=keypair_new().public))
    found = listed()
    assert (found.newest, found.older, found.is_known) == (None, (), True)


def test_its_mark_changes_with_what_is_shown_alone(edge):
    edge[0].append(told(said("a.test")))
    before = listed().mark
    assert listed().mark == before
    edge[0][:] = [told(said("a.test"), said("b.test"))]
    assert listed().mark != before


@pytest.mark.django_db
def test_the_page_of_the_device_shows_it_and_asks_with_one_button(edge, family):
    device = family.device
    browser = device.client()
    public = device.opened.device.public
    edge[0][:] = [told(said("tro.test", rule="tro.test"), public=public)]
    page = browser.get("/my/")
    html = page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert "Người lớn trong nhà đã đóng trang này." in html
    assert 'name="site" value="tro.test"' in " ".join(html.split())
    assert edge[1] == [blocked_module.device_digest(device.opened.label)]
    browser.post("/my/ask/", {"site": "tro.test", "reason": ""})
    assert [one.site for one in family.waiting] == ["tro.test"]
    html = browser.get("/my/blocked/").content.decode()
    assert "Bạn đã xin rồi." in html
    assert "Xin mở trang này" not in html


@pytest.mark.django_db
def test_no_other_device_and_no_parent_sees_it(edge, family):
    device = family.device
    edge[0][:] = [told(said("tro.test"), public=device.opened.device.public)]
    other = type(family)("Tôm").device
    assert "tro.test" not in other.client().get("/my/").content.decode()
    assert "tro.test" not in family.adult.client().get("/my/").content.decode()
    assert (
        "tro.test"
        not in family.adult.client().get(f"/family/children/{family.child}/").content.decode()
    )
    assert family.adult.client().get("/my/blocked/").status_code == 302


@pytest.mark.django_db
def test_it_is_kind_where_the_edge_is_silent_or_began_a_moment_ago(edge, family):
    browser = family.device.client()
    assert "Lúc này chưa xem được" in browser.get("/my/").content.decode()
    edge[0][:] = [told(since=time.time() - 20)]
    html = browser.get("/my/").content.decode()
    assert "không có trang nào bị chặn" in html
    assert "Danh sách này chỉ bắt đầu từ" in html
