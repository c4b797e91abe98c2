"""Does it work? What the edge saw of a one-time name, said to the device that asked."""

import re
import time

import pytest
from django.test import Client

from lachan.family.views import works
from lachan.formats.profiles.door import Seen, device_digest

pytestmark = pytest.mark.django_db


@pytest.fixture
def edge(monkeypatch):
    """What an edge has seen; None for one that does not run."""
    seen = []
    monkeypatch.setattr(works, "check", lambda _home, _nonce: (list(seen), 1))
    return seen


def look(client):
    """The page, gone on to until it says how it is."""
    page = client.get("/my/works/").content.decode()
    names = set()
    while again := re.search(r'content="2; url=([^"]+)"', page):
        names.add(re.search(r'rel="dns-prefetch" href="//([^"]+)"', page)[1])
        page = client.get(again[1]).content.decode()
    assert len(names) <= 1
    return page


def test_it_says_yes_to_the_device_whose_rules_hold(family, edge):
    edge.append(Seen("tls", device_digest(family.device.opened.label), time.time()))
    page = look(family.device.client())
    assert "Máy này đang được bảo vệ" in page
    assert "DNS qua TLS" in page


def test_it_says_that_another_device_was_named(family, edge):
    edge.append(Seen("https", device_digest("a" * 24), time.time()))
    assert "không phải máy đang mở trang này" in look(family.device.client())


@pytest.mark.parametrize("way", ["udp", "tcp"])
def test_it_says_that_nobody_knows_who_asked(edge, way):
    edge.append(Seen(way, "", time.time()))
    page = look(Client())
    assert "chưa biết đây là máy nào" in page
    assert "DNS thường" in page


def test_it_waits_a_little_and_then_says_no(edge):
    assert "Máy này không hỏi Lá Chắn" in look(Client())


def test_it_says_where_nothing_answers_names(home, settings):
    settings.LACHAN_HOME = home
    assert "Lúc này chưa xem được" in look(Client())


def test_it_looks_for_no_other_name(edge):
    for nonce in ("x", "0" * 19, "..%2f", "g" * 20):
        assert Client().get(f"/my/works/{nonce}/1/").status_code == 404
