"""The reporter's inbox: which one a page writes to, what becomes of words that it cannot take, how it ends."""

import re

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from lachan.kernel.clock import held_at, now
from lachan.kernel.sealing.receipts import receipt_show
from lachan.reports import conf, services
from lachan.reports.models import InboxSession, Message, Report

pytestmark = pytest.mark.django_db
WORDS = "chuyện ở lớp"


class Inbox:
    """A page of an inbox, as it stands open in a tab of a browser."""

    def __init__(self, client, receipt):
        self.client = client
        client.post(reverse("inbox"), {"receipt": receipt})
        html = client.get(reverse("inbox")).content.decode()
        self.token = re.search(r'name="token" value="([^"]+)"', html)[1]

    def write(self, words):
        return self.client.post(reverse("inbox-write"), {"words": words, "token": self.token})


@pytest.fixture
def receipts(submit):
    return [submit(words=WORDS + str(n)).receipt for n in range(2)]


def test_a_receipt_from_before_a_fresh_secret_opens_its_report(client, receipts, submit, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a fresh secret, as long as it has to be"
    for receipt in (receipts[0], submit(words=WORDS).receipt):
        client.post(reverse("inbox"), {"receipt": receipt})
        page = client.get(reverse("inbox")).content.decode()
        assert WORDS in page
        assert 'role="alert">' not in page


def test_another_language_keeps_what_is_not_sent_yet(client, receipts):
    page = Inbox(client, receipts[0])
    sent = {"words": "thêm một chút", "token": page.token, "language": "en"}
    answer = client.post(reverse("inbox-write"), sent)
    html = answer.content.decode()
    assert '<html lang="en"' in html
    assert answer.cookies["lang"].value == "en"
    assert "thêm một chút</textarea>" in html
    assert written() == []
    client.post(reverse("inbox-close"))
    for name in ("inbox-write", "inbox"):
        shut = client.post(reverse(name), sent).content.decode()
        assert "thêm một chút</textarea>" in shut
        assert 'id="receipt"' in shut


def written():
    return [message.report_id for message in Message.objects.all()]


def test_it_writes_to_the_inbox_that_the_page_names(client, receipts):
    first, second = (Inbox(client, receipt) for receipt in receipts)
    answer = first.write("thêm một chút")
    assert answer.status_code == 422
    assert "thêm một chút</textarea>" in answer.content.decode()
    assert written() == []
    assert second.write("còn nữa").status_code == 302
    assert written() == [Report.objects.get(uid=_uid(receipts[1], client)).pk]


def _uid(receipt, client):
    from lachan.reports import inbox

    return inbox.inbox_report(inbox.inbox_open(receipt_show(receipt))).uid


def test_it_takes_the_words_with_the_right_receipt_and_no_other(client, receipts):
    first, _ = (Inbox(client, receipt) for receipt in receipts)
    kept = {"words": "thêm một chút", "token": first.token}
    sessions = InboxSession.objects.count()
    wrong = client.post(reverse("inbox"), kept | {"receipt": receipts[1]})
    assert wrong.status_code == 422
    assert "thêm một chút</textarea>" in wrong.content.decode()
    assert (written(), InboxSession.objects.count()) == ([], sessions)
    for _ in range(2):
        assert client.post(reverse("inbox"), kept | {"receipt": receipts[0]}).status_code == 302
    assert written() == [Report.objects.get(uid=_uid(receipts[0], client)).pk]


def test_it_opened_the_same_inbox_twice_and_takes_words_from_both_pages(client, receipts):
    pages = [Inbox(client, receipts[0]) for _ in range(2)]
    assert [page.write(f"lần {n}").status_code for n, page in enumerate(pages)] == [302, 302]
    assert len(written()) == 2


@pytest.mark.parametrize("token", ["", "x", ".", "a.b", "é.é", "." * 5000])
def test_it_takes_no_words_from_a_page_that_names_no_inbox(client, receipts, token):
    page = Inbox(client, receipts[0])
    page.token = token
    answer = page.write("thêm")
    assert answer.status_code == 422
    assert "thêm</textarea>" in answer.content.decode()
    assert written() == []


def test_its_addresses_lead_to_its_door(client, receipts):
    answer = client.get(reverse("inbox-write"), follow=True)
    assert answer.redirect_chain == [(reverse("inbox"), 302)]
    assert 'id="receipt"' in answer.content.decode()


def test_a_page_says_nothing_of_the_receipt_or_the_report(client, receipts):
    tokens = [Inbox(client, receipts[0]).token for _ in range(2)]
    assert len(set(tokens)) == 2
    assert receipts[0] not in "".join(tokens)
    assert str(_uid(receipts[0], client)) not in "".join(tokens)


def test_opening_another_ends_the_one_before(client, receipts):
    for receipt in receipts:
        Inbox(client, receipt)
    assert InboxSession.objects.count() == 1


@pytest.mark.parametrize("name", ["inbox", "inbox-write"])
def test_a_database_that_does_not_answer_loses_no_word_in_the_inbox(
    client, receipts, monkeypatch, name
):
    page = Inbox(client, receipts[0])
    sent = {"receipt": receipts[0], "words": "thêm một chút", "token": page.token}

    def fall(**_):
        raise OperationalError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(services, "reporter_write", fall)
        answer = client.post(reverse(name), sent)
    html = answer.content.decode()
    assert answer.status_code == 503
    assert "thêm một chút</textarea>" in html
    assert f'name="token" value="{page.token}"' in html
    for _ in range(2):
        assert client.post(reverse(name), sent).status_code == 302
    assert len(written()) == 1


def test_the_way_out_closes_the_inbox_wherever_it_is_pressed(receipts):
    client = Client(enforce_csrf_checks=True)
    thief = Client()
    for name, value in _cookies(receipts[0]).items():
        client.cookies[name] = thief.cookies[name] = value
    answer = client.post(reverse("inbox-leave"))
    html = answer.content.decode()
    assert re.search(r'http-equiv="refresh" content="0; url=https://', html)
    assert answer.headers["Cache-Control"] == "no-store"
    assert WORDS not in html
    assert not InboxSession.objects.exists()
    for one in (client, thief):
        assert WORDS not in one.get(reverse("inbox")).content.decode()
    assert client.cookies["inbox"].value == client.cookies["inbox_half"].value == ""


def _cookies(receipt):
    client = Client()
    client.post(reverse("inbox"), {"receipt": receipt})
    return {name: client.cookies[name].value for name in ("inbox", "inbox_half")}


@pytest.mark.parametrize("half", [None, "", "x", "A" * 24, "A" * 64, "first"])
def test_it_opens_with_both_halves_of_its_key_alone(client, receipts, half):
    """The second is all that a phone without a line can take away."""
    page = Inbox(client, receipts[0])
    assert client.cookies["inbox"]["httponly"]
    assert not client.cookies["inbox_half"]["httponly"]
    del client.cookies["inbox_half"]
    if half is not None:
        client.cookies["inbox_half"] = client.cookies["inbox"].value if half == "first" else half
    answer = page.write("thêm một chút")
    assert answer.status_code == 422
    assert "thêm một chút</textarea>" in answer.content.decode()
    assert written() == []
    answer = client.get(reverse("inbox"))
    assert WORDS not in answer.content.decode()
    assert answer.cookies["inbox"].value == ""
    if half in {None, "", "A" * 24}:
        assert not InboxSession.objects.exists()


def test_the_way_out_works_whatever_is_broken(client, receipts, monkeypatch):
    from lachan.reports import inbox

    def fall(_):
        raise OperationalError("no answer")

    monkeypatch.setattr(inbox, "inbox_close", fall)
    assert client.post(reverse("inbox-leave")).status_code == 200


@pytest.mark.parametrize("name", ["home", "report", "inbox"])
def test_no_browser_keeps_a_page_of_ours(client, receipts, name):
    assert client.get(reverse(name)).headers["Cache-Control"] == "no-store"
    Inbox(client, receipts[0])
    assert client.get(reverse(name)).headers["Cache-Control"] == "no-store"


def test_no_browser_fills_a_form_again(client, receipts):
    forms = re.compile(r"<form[^>]*>")
    Inbox(client, receipts[0])
    pages = [client.get(reverse(name)).content.decode() for name in ("report", "inbox")]
    pages.append(Client().get(reverse("inbox")).content.decode())
    for page in pages:
        with_words = [form for form in forms.findall(page) if "data-send" in form]
        assert with_words
        assert all('autocomplete="off"' in form for form in with_words)


def test_the_receipt_page_sent_twice_counts_as_one_arrival(client, submit):
    from lachan.reports import arrivals

    form = services.form_new()
    for _ in range(conf.BUSY_PER_MINUTE):
        submit(form=form, words=WORDS)
    assert not arrivals.is_busy()
    assert Report.objects.count() == 1


def test_words_of_a_page_whose_time_is_over_go_to_its_own_inbox_alone(client, receipts):
    page = Inbox(client, receipts[0])
    with held_at(now() + conf.INBOX_OPEN_FOR):
        assert "thêm</textarea>" in page.write("thêm").content.decode()
        kept = {"words": "thêm", "token": page.token}
        assert client.post(reverse("inbox"), kept | {"receipt": receipts[1]}).status_code == 422
        assert client.post(reverse("inbox"), kept | {"receipt": receipts[0]}).status_code == 302
    assert len(written()) == 1
