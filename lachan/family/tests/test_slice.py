"""The whole way once, by pages alone and without scripts."""

import re

import pytest
from django.test import Client

from lachan.family.models import Child
from lachan.family.projecting import profile_of, way_hash
from lachan.family.records import WayKind
from lachan.formats.profiles.reached import WaysIn

from .families import digits_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("reached")]


def form_of(client, address, action=""):
    """The hidden fields of a page's form."""
    html = client.get(address).content.decode()
    forms = re.findall(r"<form[^>]*>.*?</form>", html, re.DOTALL)
    form = next(f for f in forms if f'action="{action}"' in f or (not action and "action" not in f))
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_a_family_begins_and_a_child_asks_and_is_answered(settings):
    settings.FAMILY_WAYS = WaysIn(name="dns.localhost", tls=853)
    parent, child = Client(), Client()
    hidden = form_of(parent, "/family/start/", "/family/found/")
    page = parent.post("/family/found/", hidden)
    code = digits_of(page.content.decode())
    assert len(code) == 28
    # Sent twice (an impatient thumb), it is one household, and the same code.
    assert digits_of(parent.post("/family/found/", hidden).content.decode()) == code
    assert parent.post("/family/code/kept/").url == "/family/children/new/"
    added = parent.post("/family/children/new/", {"nickname": "Bống", "band": "9-11"})
    made = parent.post(f"{added.url}devices/", {"name": "máy của Bống"}).content.decode()
    link = re.search(r"http://testserver(/my/join/[^<]+/)", made)[1]
    label = re.search(r"([a-z2-7]{24})\.dns\.localhost", made)[1]
    profile = profile_of(Child.objects.get())
    assert profile.ways == (int.from_bytes(way_hash(WayKind.DEVICE, label), "big"),)
    assert "tiktok" in profile.week.days[0, 0][0].services

    assert child.get(link).status_code == 200
    assert child.post(link).url == "/my/"
    mine = child.get("/my/").content.decode()
    assert label in mine
    assert (
        child.post(
            "/my/ask/", {"site": "https://truong.example/lop", "reason": "bài tập"}
        ).status_code
        == 302
    )

    home = parent.get("/family/").content.decode()
    assert "truong.example" in home
    assert "bài tập" in home
    answer = re.search(r"/family/asks/[0-9a-f-]+/", home)[0]
    parent.post(answer, {"answer": "today", "word": "chỉ hôm nay thôi nhé"})
    assert [one.allow for one in profile_of(Child.objects.get()).own] == [True]
    mine = child.get("/my/").content.decode()
    assert "chỉ hôm nay thôi nhé" in mine

    again = Client()
    assert again.get("/family/").url == "/family/open/?next=/family/"
    assert again.post("/family/open/", {"code": code}).url == "/family/"
    assert "Bống" in again.get("/family/").content.decode()
