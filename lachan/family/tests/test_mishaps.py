"""Mishaps: links left open, old pages, names that are not what they seem."""

import pytest

from lachan.family import selectors
from lachan.family.errors import LinkGone
from lachan.family.models import Household
from lachan.family.records import Answer, Band
from lachan.family.services import asks, children, devices, households
from lachan.formats.profiles.rules import Rules
from lachan.members.records import PUBLIC

pytestmark = pytest.mark.django_db


def test_whoever_is_shown_out_has_no_link_left_to_come_back_by(family):
    """A link that lets one more adult in is nobody's in particular: it goes with whoever might hold it."""
    me, other = family.adult, family.adult.invites()
    device = family.device

    for out in ("session", "adult"):
        joins = households.adult_invite(by=other.actor, key=other.key)
        opens = devices.device_link_new(by=other.actor, key=other.key, device=device.uid)
        if out == "session":
            households.session_end(by=me.actor, session=other.opened.session.uid)
        else:
            households.adult_remove(by=me.actor, adult=other.opened.adult.uid)
        with pytest.raises(LinkGone):
            households.adult_join(by=PUBLIC, token=joins, device="")
        with pytest.raises(LinkGone):
            devices.device_join(by=PUBLIC, token=opens)
        other = me.invites()


def test_a_family_that_is_open_is_not_pushed_out_by_an_old_page(family):
    client = family.adult.client()
    answer = client.post("/family/found/")
    assert answer.url == "/family/"
    assert Household.objects.count() == 1
    assert client.cookies["lachan_family"].value == family.adult.cookie


def test_nobody_acts_under_the_name_of_another(family):
    """Of adults of one name the number says which; of marks that turn letters round, and of names without a letter, none
    is kept.
    """
    me, other = family.adult, family.adult.invites()
    households.adult_name(by=me.actor, name="Mẹ")
    households.adult_name(by=other.actor, name="\u202emẸ\u2066")
    children.child_add(by=other.actor, nickname="Cún", band=Band.UNDER_9, rules=Rules())
    (line, *_) = selectors.history_list(by=me.actor, key=me.key)
    assert (line.who, line.about) == ("mẸ (2)", "Cún")
    for name in ("\u200b\u200d", "  ", "\u202e", "\ufe0f"):
        households.adult_name(by=other.actor, name=name)
        (line, *_) = selectors.history_list(by=me.actor, key=me.key)
        assert line.who == "#2"
    for name in ("👩‍👧", "أمي", "B" * 40):
        households.adult_name(by=other.actor, name=name)
        (line, *_) = selectors.history_list(by=me.actor, key=me.key)
        assert line.who == name


def test_a_child_cannot_be_without_a_name_that_is_seen(family):
    page = family.adult.client().post(
        "/family/children/new/", {"nickname": "\u200b\u2066", "band": "9-11"}
    )
    assert page.status_code == 422


def test_a_name_in_other_letters_is_read_as_it_was_meant(family):
    """And told from one that only looks like it."""
    family.device.asks("https://www.trường-làng.example/")
    (ask,) = family.waiting
    assert ask.site == "trường-làng.example (xn--trng-lng-p2aw2053c.example)" or (
        ask.site.startswith("trường-làng.example (xn--")
    )
    me = family.adult
    asks.ask_answer(by=me.actor, key=me.key, ask=ask.uid, answer=Answer.ALWAYS)
    assert [one.name for one in family.shown.names] == [ask.site]
