"""Children: rules, names, requests; sealed words; nothing of another family's."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from lachan.family import selectors
from lachan.family.errors import NameUnusable, TooMany
from lachan.family.labels import OFFERED, categories_opened, is_closed, rules_of
from lachan.family.models import Ask, Child, Departure, Household, OwnName
from lachan.family.projecting import name_read
from lachan.family.records import Answer, Band
from lachan.family.services import asks, children, devices
from lachan.family.services.asks import day_end
from lachan.family.services.keeping import purge
from lachan.formats.profiles.rules import Rules
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import Conflict, InvalidInput, NotFound
from tests.lived import lived_until

from .families import QUIET, Family

pytestmark = pytest.mark.django_db


def everything_on_disk():
    with connection.cursor() as cursor:
        names = [t for t in connection.introspection.table_names(cursor) if t.startswith("family_")]
        found = b""
        for table in names:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608
            found += repr(
                [[bytes(c) if isinstance(c, memoryview) else c for c in row] for row in cursor]
            ).encode()
    return found


def test_no_word_of_a_family_s_stands_in_clear(family):
    me, device = family.adult, family.device
    device.asks("truong-lang.example", "vì bạn Na cũng có")
    children.name_set(by=me.actor, child=family.child, name="rieng-tu.example", allow=False)
    label = device.opened.label
    disk = everything_on_disk()
    for word in (
        "Bống",
        QUIET,
        "máy của Bống",
        "truong-lang",
        "vì bạn Na",
        "rieng-tu",
        label,
        me.code,
        me.key,
    ):
        assert word.encode() not in disk
        assert repr(word)[1:-1].encode() not in disk


def test_everybody_of_the_household_reads_them_and_nobody_else(family):
    second, other = family.adult.invites(), Family("Tôm")
    shown = selectors.child_get(by=second.actor, key=second.key, child=family.child)
    assert (shown.nickname, shown.note) == ("Bống", QUIET)
    with pytest.raises(NotFound):
        selectors.child_get(by=other.adult.actor, key=other.adult.key, child=family.child)
    # Another household's key opens nothing, even past the look-up.
    blind = selectors.child_get(by=family.adult.actor, key=other.adult.key, child=family.child)
    assert (blind.nickname, blind.note, blind.trouble) == ("…", "", True)


def test_words_that_changed_places_are_not_shown(family):
    me = family.adult
    second = children.child_add(by=me.actor, nickname="Cún", band=Band.UNDER_9, rules=Rules())
    family.child  # noqa: B018  made
    sealed = {row.uid: row.sealed for row in Child.objects.all()}
    with connection.cursor() as cursor:
        for row in Child.objects.all():
            other = next(uid for uid in sealed if uid != row.uid)
            cursor.execute(
                "UPDATE family_child SET sealed = %s WHERE id = %s", [sealed[other], row.pk]
            )
    shown = selectors.child_get(by=me.actor, key=me.key, child=second)
    assert (shown.nickname, shown.trouble) == ("…", True)


def test_a_child_begins_with_what_its_age_begins_with(family):
    assert family.shown.rules == rules_of(Band.FROM_9)
    assert not rules_of(Band.FROM_16).slots


@pytest.mark.parametrize("code", OFFERED)
def test_what_a_parent_opens_is_open_and_what_lies_beside_it_stays_closed(code):
    wide = rules_of(Band.UNDER_9).categories
    assert is_closed(code, wide)
    left = categories_opened(wide, {code})
    assert not is_closed(code, left)
    assert all(is_closed(one, left) for one in OFFERED if one != code)
    assert is_closed("contract.phishing", left)
    assert is_closed("content.abuse", left)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("truong.example", "truong.example"),
        (" HTTPS://Truong.Example:8443/lop?a=1 ", "truong.example"),
        ("hxxps://truong[.]example/x", "truong.example"),
        ("trường.example", "xn--trng-2va4o.example"),
    ],
)
def test_it_reads_the_name_in_what_was_pasted(typed, name):
    found = name_read(typed)
    assert found == name or found.startswith("xn--")


@pytest.mark.parametrize("typed", ["", "trò chơi", "0912 345 678", "192.0.2.1", "a" * 3000, "\x00"])
def test_what_is_no_name_is_said_to_be_none(typed):
    with pytest.raises(NameUnusable):
        name_read(typed)


def test_the_last_word_on_a_name_counts(family):
    me = family.adult
    for allow in (True, False, True):
        children.name_set(by=me.actor, child=family.child, name="a.example", allow=allow)
    (one,) = family.shown.names
    assert (one.name, one.allow) == ("a.example", True)
    children.name_remove(by=me.actor, key=me.key, name=one.uid)
    assert family.shown.names == ()
    with pytest.raises(NotFound):
        children.name_remove(by=me.actor, key=me.key, name=one.uid)


def test_a_request_is_granted_for_as_long_as_was_said(family):
    me, device = family.adult, family.device
    for answer, until in (
        (Answer.HOUR, now() + timedelta(hours=1)),
        (Answer.TODAY, day_end("Asia/Ho_Chi_Minh")),
        (Answer.ALWAYS, None),
    ):
        device.asks("tro.example", "xin chơi")
        (ask,) = family.waiting
        assert (ask.site, ask.reason, ask.nickname) == ("tro.example", "xin chơi", "Bống")
        asks.ask_answer(by=me.actor, key=me.key, ask=ask.uid, answer=answer, word="ừ")
        (own,) = family.shown.names
        assert own.allow
        assert (own.until is None) == (until is None)
        assert until is None or abs(own.until - until) < timedelta(minutes=1)
    mine = selectors.own_asks(by=device.actor, key=device.opened.key)
    assert [one.answer for one in mine] == [Answer.ALWAYS, Answer.TODAY, Answer.HOUR]
    assert {one.word for one in mine} == {"ừ"}


def test_no_is_no_and_changes_nothing(family):
    me, device = family.adult, family.device
    device.asks("tro.example")
    asks.ask_answer(
        by=me.actor, key=me.key, ask=family.waiting[0].uid, answer=Answer.NO, word="để tối nói nhé"
    )
    assert family.shown.names == ()
    assert family.waiting == []
    (mine,) = selectors.own_asks(by=device.actor, key=device.opened.key)
    assert (mine.answer, mine.word) == (Answer.NO, "để tối nói nhé")


def test_a_request_has_one_answer(family):
    me, second = family.adult, family.adult.invites()
    family.device.asks("tro.example")
    uid = family.waiting[0].uid
    asks.ask_answer(by=second.actor, key=second.key, ask=uid, answer=Answer.NO)
    with pytest.raises(Conflict):
        asks.ask_answer(by=me.actor, key=me.key, ask=uid, answer=Answer.ALWAYS)
    assert family.shown.names == ()


def test_time_that_is_asked_for_is_given(family):
    me = family.adult
    family.device.asks(reason="còn một ván")
    asks.ask_answer(by=me.actor, key=me.key, ask=family.waiting[0].uid, answer=Answer.HOUR)
    assert family.shown.more_until - now() > timedelta(minutes=59)


def test_a_flood_of_requests_is_held_up_kindly_and_keeps_the_words(family):
    device = family.device
    client = device.client()
    for number in range(5):
        device.asks(f"s{number}.example")
    with pytest.raises(TooMany):
        device.asks("mot-nua.example")
    page = client.post("/my/ask/", {"site": "mot-nua.example", "reason": "xin thêm"})
    assert page.status_code == 422
    assert "mot-nua.example" in page.content.decode()
    assert "xin thêm" in page.content.decode()
    assert Ask.objects.count() == 5


def test_another_family_s_request_cannot_be_answered(family):
    other = Family("Tôm").adult
    family.device.asks("tro.example")
    with pytest.raises(NotFound):
        asks.ask_answer(
            by=other.actor, key=other.key, ask=family.waiting[0].uid, answer=Answer.ALWAYS
        )
    with pytest.raises(NotFound):
        asks.ask_answer(
            by=family.adult.actor, key=family.adult.key, ask=uuid.uuid4(), answer=Answer.NO
        )


def test_a_request_put_in_past_the_product_is_not_shown(family):
    family.device.asks("tro.example")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_ask SET kind = 'time'")
    assert family.waiting == []


def test_a_home_s_network_has_one_child_s_rules_at_a_time(family):
    me = family.adult
    second = children.child_add(by=me.actor, nickname="Cún", band=Band.UNDER_9, rules=Rules())
    first = devices.network_add(by=me.actor, child=family.child, network="192.0.2.7/32")
    assert [one.uid for one in family.shown.devices] == [first]
    devices.network_add(by=me.actor, child=second, network="192.0.2.7/32")
    assert family.shown.devices == ()
    other = Family("Tôm")
    with pytest.raises(Conflict):
        devices.network_add(by=other.adult.actor, child=other.child, network="192.0.2.7/32")
    with pytest.raises(InvalidInput):
        devices.network_add(by=me.actor, child=second, network="nhà mình")


def test_what_has_run_out_goes_and_what_holds_stays(family):
    me = family.adult
    children.name_set(
        by=me.actor,
        child=family.child,
        name="a.example",
        allow=True,
        until=now() + timedelta(hours=1),
    )
    children.name_set(by=me.actor, child=family.child, name="b.example", allow=True)
    children.pause(by=me.actor, key=me.key, child=family.child, until=now() + timedelta(hours=1))
    family.device.asks("tro.example")
    purge()
    assert (OwnName.objects.count(), Departure.objects.count(), Ask.objects.count()) == (2, 1, 1)
    with held_at(now() + timedelta(days=2)):
        purge()
    assert (OwnName.objects.count(), Departure.objects.count(), Ask.objects.count()) == (1, 0, 1)


def test_a_household_that_was_only_tried_goes_and_no_other(family):
    tried = Family("Tôm").adult.opened.household
    family.child  # noqa: B018  made
    with lived_until(now() + timedelta(days=59)):
        purge()
        assert Household.objects.count() == 2
    with lived_until(now() + timedelta(days=61)):
        purge()
    assert list(Household.objects.all()) == [family.adult.opened.household]
    assert tried.pk != family.adult.opened.household.pk


def test_its_history_says_who_did_what(family):
    me, second = family.adult, family.adult.invites()
    children.name_set(by=second.actor, child=family.child, name="a.example", allow=False)
    lines = selectors.history_list(by=me.actor, key=me.key)
    assert [(line.who, line.what, line.about) for line in lines[:2]] == [
        ("#2", "name-blocked", "a.example"), ("#1", "child-added", "Bống"),
    ]  # fmt: skip
