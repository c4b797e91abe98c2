"""Ways in and out: codes, cookies, links; who is out is out at once, and the database opens nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from lachan.family import conf, selectors
from lachan.family.entry import adult_session_find, cookie_read, device_session_find
from lachan.family.errors import CodeUnknown, LastAdult, LinkGone, TooMany
from lachan.family.models import (
    Adult,
    AdultSession,
    Child,
    Code,
    Device,
    HistoryLine,
    Household,
    OwnName,
)
from lachan.family.services import children, devices, households
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import NotFound
from lachan.kernel.sealing.errors import ReceiptMiscopied
from lachan.kernel.sealing.receipts import HOUSEHOLD, RECEIPT, receipt_new, receipt_parse
from lachan.members.policy import NotAllowed
from lachan.members.records import PUBLIC, system
from lachan.proofs.records import RowUnproved
from lachan.reports.inbox import inbox_open

from .families import Family, Grown

pytestmark = pytest.mark.django_db


def opened(code):
    entered = households.household_open(by=PUBLIC, text=code, device="Linux")
    return Grown(entered.cookie)


def test_a_code_opens_its_household_and_no_other(family):
    other = Family("Tôm")
    again = opened(family.adult.code)
    assert again.key == family.adult.key
    assert again.actor.household_id == family.adult.actor.household_id
    assert again.key != other.adult.key
    with pytest.raises(CodeUnknown):
        opened(receipt_new(HOUSEHOLD))


def test_a_receipt_never_opens_a_household_nor_the_other_way_round(family):
    assert int(family.adult.code) % 97 == 2
    with pytest.raises(ReceiptMiscopied):
        opened(receipt_new(RECEIPT))
    with pytest.raises(ReceiptMiscopied):
        inbox_open(family.adult.code)
    with pytest.raises(ReceiptMiscopied):
        receipt_parse(family.adult.code)


def test_a_fresh_code_takes_the_place_of_the_last(family):
    fresh = households.code_new(by=family.adult.actor, key=family.adult.key, printed=False)
    assert opened(fresh).actor.member_id == family.adult.actor.member_id
    with pytest.raises(CodeUnknown):
        opened(family.adult.code)


def test_the_printed_code_makes_a_new_adult_of_whoever_holds_it(family):
    printed = households.code_new(by=family.adult.actor, key=family.adult.key, printed=True)
    who = opened(printed)
    assert who.key == family.adult.key
    assert who.actor.member_id != family.adult.actor.member_id
    assert opened(family.adult.code).actor.member_id == family.adult.actor.member_id


def test_a_second_adult_joins_by_a_link_that_opens_once_and_not_for_long(family):
    me = family.adult
    token = households.adult_invite(by=me.actor, key=me.key)
    entered = households.adult_join(by=PUBLIC, token=token, device="iPhone")
    second = Grown(entered.cookie, entered.code)
    assert second.key == me.key
    assert opened(second.code).actor == second.actor
    for used in (token, token[:-1] + "A", "x", ""):
        with pytest.raises(LinkGone):
            households.adult_join(by=PUBLIC, token=used, device="")
    late = households.adult_invite(by=me.actor, key=me.key)
    with held_at(now() + conf.LINK_FOR), pytest.raises(LinkGone):
        households.adult_join(by=PUBLIC, token=late, device="")


def test_an_adult_who_is_taken_out_is_out_at_once(family):
    me, second = family.adult, family.adult.invites()
    households.adult_remove(by=me.actor, adult=second.opened.adult.uid)
    assert adult_session_find(second.cookie) is None
    with pytest.raises(CodeUnknown):
        opened(second.code)
    assert second.client().get("/family/").url.startswith("/family/open/")
    assert [one.number for one in selectors.adult_list(by=me.actor, key=me.key)] == [1]


def test_nobody_takes_out_the_last_adult_or_one_of_another_household(family):
    me, other = family.adult, Family("Tôm").adult
    with pytest.raises(LastAdult):
        households.adult_remove(by=me.actor, adult=me.opened.adult.uid)
    with pytest.raises(LastAdult):
        households.adult_leave(by=me.actor, devices=[])
    with pytest.raises(NotFound):
        households.adult_remove(by=me.actor, adult=other.opened.adult.uid)
    with pytest.raises(NotFound):
        households.session_end(by=me.actor, session=other.opened.session.uid)


def test_an_adult_leaves_with_a_child_s_device_and_nobody_is_told_where_to(family):
    second, device = family.adult.invites(), family.device
    device.cookie  # noqa: B018  joined
    strange = Family("Tôm").device
    households.adult_leave(by=second.actor, devices=[device.uid, strange.uid])
    assert adult_session_find(second.cookie) is None
    assert device_session_find(device.cookie) is None
    assert Device.objects.filter(uid=strange.uid).exists()
    lines = selectors.history_list(by=family.adult.actor, key=family.adult.key)
    assert [(line.what, line.about) for line in lines[:1]] == [("adult-left", "")]


def test_a_session_that_is_ended_opens_nothing_and_rests_nowhere(family):
    me, again = family.adult, opened(family.adult.code)
    households.session_end(by=again.actor, session=me.opened.session.uid)
    assert adult_session_find(me.cookie) is None
    assert AdultSession.objects.count() == 1


@pytest.mark.parametrize("cookie", ["", "x", "é" * 64, "A" * 64, "%00"])
def test_a_cookie_that_is_none_is_nobody(db, cookie):
    assert adult_session_find(cookie) is None
    assert device_session_find(cookie) is None


def test_a_session_ends_by_itself_when_it_is_not_used(family):
    with held_at(now() + conf.SESSION_FOR + timedelta(hours=2)):
        assert adult_session_find(family.adult.cookie) is None


def test_the_database_alone_opens_nothing(family):
    """Half a cookie's secret names the row and opens nothing."""
    me = family.adult
    raw = cookie_read(me.cookie)
    half = raw[:16] + bytes(32)
    import base64

    assert adult_session_find(base64.urlsafe_b64encode(half).decode()) is None
    rows = [*AdultSession.objects.values(), *Code.objects.values(), *Household.objects.values()]
    assert me.key.encode() not in str(rows).encode()
    assert me.key not in str(rows)


def test_a_household_s_public_key_that_was_put_in_past_the_product_seals_nothing(family):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_household SET public = %s", ["age1" + "q" * 58])
    # Whoever has the cookie finds that the key is not the household's.
    assert adult_session_find(family.adult.cookie) is None


def test_a_session_moved_to_another_adult_opens_nothing(family):
    second = family.adult.invites()
    moved = Adult.objects.get(uid=second.opened.adult.uid)
    AdultSession.objects.filter(uid=family.adult.opened.session.uid).update(adult=moved)
    assert adult_session_find(family.adult.cookie) is None


def test_a_code_that_was_altered_past_the_product_opens_nothing(family):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_code SET adult_id = NULL")
    with pytest.raises(RowUnproved):
        opened(family.adult.code)


def test_deleting_deletes_everything(family):
    me, device = family.adult, family.device
    device.asks("truong.example")
    children.name_set(by=me.actor, child=family.child, name="a.example", allow=True)
    households.household_delete(by=me.actor)
    assert adult_session_find(me.cookie) is None
    assert device_session_find(device.cookie) is None
    with pytest.raises(CodeUnknown):
        opened(me.code)
    for model in (Household, Adult, Code, Child, Device, OwnName, HistoryLine, AdultSession):
        assert not model.objects.exists()


def test_it_has_room_for_a_family_and_no_flood(family, monkeypatch):
    monkeypatch.setitem(conf.MOST, "adults", 1)
    monkeypatch.setitem(conf.MOST, "children", 1)
    monkeypatch.setitem(conf.MOST, "devices", 1)
    family.device  # noqa: B018  made
    me = family.adult
    with pytest.raises(TooMany):
        households.adult_invite(by=me.actor, key=me.key)
    with pytest.raises(TooMany):
        children.child_add(
            by=me.actor, nickname="x", band=family.shown.band, rules=family.shown.rules
        )
    with pytest.raises(TooMany):
        devices.device_add(by=me.actor, child=family.child)


def test_nobody_else_acts_in_a_household(family):
    for who in (PUBLIC, family.device.actor):
        with pytest.raises(NotAllowed):
            households.adult_invite(by=who, key=family.adult.key)
        with pytest.raises(NotAllowed):
            children.pause_end(by=who, key=family.adult.key, child=family.child)
    # Not the instance itself either: it is no adult of anybody's.
    with pytest.raises(NotFound):
        households.household_delete(by=system("test"))


def test_staff_s_session_counts_for_nothing_here(personas):
    client = personas.administrator.client()
    assert client.get("/family/").url == "/family/open/?next=/family/"
    page = client.post("/family/open/", {"code": "1" * 28})
    assert page.status_code == 422


def test_a_wrong_code_is_said_kindly_and_is_not_written_into_the_page(family):
    client = Client()
    for typed, word in (
        ("12", "28"),
        (receipt_new(RECEIPT), "chữ số"),
        (receipt_new(HOUSEHOLD), "gia đình"),
    ):
        page = client.post("/family/open/", {"code": typed})
        assert page.status_code == 422
        assert word in page.content.decode()
        assert typed not in page.content.decode() or len(typed) < 28


@pytest.mark.parametrize(
    "way", ["//evil.example/", "https://evil.example/family/", "/staff/", "javascript:x"]
)
def test_it_leads_nowhere_else_after_the_code(family, way):
    page = Client().post("/family/open/", {"code": family.adult.code, "next": way})
    assert page.url == "/family/"


def test_its_cookies_are_out_of_scripts_reach_and_under_their_own_paths(family):
    client = Client()
    client.post("/family/open/", {"code": family.adult.code})
    cookie = client.cookies["lachan_family"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/family/", True, "Lax")
    token = family.device.token
    child = Client()
    child.post(f"/my/join/{token}/")
    cookie = child.cookies["lachan_my"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/my/", True, "Lax")
