"""A parent is told that a child asks: sealed to the browser, or by an e-mail that says nothing."""

import json
import re

import pytest
from django.db import connection
from django.test import Client

from lachan.family.handlers import forget_address
from lachan.family.models import Subscription
from lachan.family.records import Answer
from lachan.family.services import asks, subscriptions
from lachan.kernel.env_kinds import mail_sender, mail_server
from lachan.kernel.errors import NotFound
from lachan.outbox.events import AddressGone
from lachan.outbox.selectors import push_key
from lachan.outbox.sending import MessageLane
from lachan.outbox.ways.way import ways
from tests.mail_server import MailServer
from tests.push_service import PushService, product_knows

pytestmark = pytest.mark.django_db
SITE, REASON = "truyen.example", "xin đọc truyện với bạn"


@pytest.fixture
def service(settings, monkeypatch):
    with PushService() as found:
        product_knows(found, settings, monkeypatch)
        yield found


@pytest.fixture
def mail(settings):
    with MailServer() as found:
        settings.MAIL_SERVER = mail_server(found.url)
        settings.MAIL_FROM = mail_sender("Lá Chắn <no-reply@shield.example>")
        yield found


def send(way):
    MessageLane(ways()[way]).drain()


def press(client, way, address):
    return client.post("/family/messages/", {"way": way, "address": address})


def told_by_push(family, service):
    browser = service.browser()
    browser.server_key = push_key()
    assert press(family.adult.client(), "web_push", browser.subscription).status_code == 302
    return browser


def test_a_parents_browser_gets_it_sealed_and_without_a_word_of_the_child(family, service):
    browser = told_by_push(family, service)
    family.device.asks(SITE, REASON)
    send("web_push")
    (raw,) = service.opened(browser)
    said = json.loads(raw)
    assert said["path"] == "/family/"
    assert said["badge"] == 1
    assert not any(word in raw.decode() for word in (SITE, REASON, "Bống"))


def test_what_was_answered_meanwhile_is_told_to_nobody(family, service):
    browser = told_by_push(family, service)
    family.device.asks(SITE, REASON)
    (ask,) = family.waiting
    asks.ask_answer(by=family.adult.actor, key=family.adult.key, ask=ask.uid, answer=Answer.NO)
    send("web_push")
    assert service.opened(browser) == []


def test_a_browser_that_has_left_is_forgotten(family, service):
    told_by_push(family, service)
    forget_address(AddressGone(way="web_push", address=Subscription.objects.get().uid))
    assert not Subscription.objects.exists()


def test_the_same_browser_twice_is_told_once(family, service):
    browser = told_by_push(family, service)
    press(family.adult.client(), "web_push", browser.subscription)
    assert Subscription.objects.count() == 1


def test_a_parents_mailbox_gets_a_link_alone_and_one_click_ends_it(family, mail):
    parent = family.adult.client()
    assert press(parent, "email", "me@nha.example").status_code == 302
    family.device.asks(SITE, REASON)
    send("email")
    (letter,) = mail.letters
    raw = letter.raw.decode()
    text = letter.letter.get_content()
    assert "http://testserver/family/" in text
    assert not any(word in raw + text for word in (SITE, REASON, "Bống"))
    stop = re.search(r"<http://testserver(/family/stop/[^>]+)>", letter.letter["List-Unsubscribe"])[
        1
    ]
    assert Client(enforce_csrf_checks=True).post(stop).status_code == 200
    assert not Subscription.objects.exists()
    assert Client().post(stop).status_code == 200  # over already is over


def test_a_wrong_link_ends_nothing(family, mail):
    press(family.adult.client(), "email", "me@nha.example")
    uid = Subscription.objects.get().uid
    for mark in ("0" * 32, "ắ" * 32, "x"):
        assert Client().post(f"/family/stop/{uid}/{mark}/").status_code == 200
    assert Subscription.objects.count() == 1


@pytest.mark.parametrize("way", ["web_push", "email"])
def test_what_is_no_address_is_said_in_words_and_stays_typed(family, way, mail):
    answer = press(family.adult.client(), way, "không phải địa chỉ")
    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert ("không phải địa chỉ" in page) is (way == "email")
    assert not Subscription.objects.exists()


def test_a_row_that_was_altered_past_the_product_gets_nothing(family, service):
    browser = told_by_push(family, service)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE family_subscription SET home = 'http://elsewhere.example/family/'")
    family.device.asks(SITE, REASON)
    send("web_push")
    assert service.opened(browser) == []


def test_nobody_ends_anothers(family, mail):
    press(family.adult.client(), "email", "me@nha.example")
    other = family.adult.invites()
    with pytest.raises(NotFound):
        subscriptions.subscription_remove(
            by=other.actor, subscription=Subscription.objects.get().uid
        )


def test_an_adult_who_goes_is_told_no_more(family, mail):
    other = family.adult.invites()
    press(other.client(), "email", "ban@nha.example")
    page = family.adult.client().get("/family/adults/").content.decode()
    where = re.search(r'href="(/family/adults/[0-9a-f-]{36}/remove/)"', page)[1]
    family.adult.client().post(where)
    assert not Subscription.objects.exists()
