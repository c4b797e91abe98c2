import re

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from lachan.kernel.clock import held_at, now
from lachan.kernel.sealing.receipts import receipt_new, receipt_parse
from lachan.members.selectors import desk_key_home
from lachan.reports import conf, selectors, services
from lachan.reports.models import InboxSession, Message, Report
from lachan.reports.records import Status

pytestmark = pytest.mark.django_db
PUBLIC_PAGES = ["home", "report", "inbox"]


def filled(**changes):
    return {
        "form": services.form_new(),
        "category": "bullying",
        "urgency": "soon",
        "words": "chuyện ở lớp",
    } | changes


def test_it_says_to_which_key_a_report_was_sealed(client, desk_key):
    number = desk_key_home().number
    assert number in client.post(reverse("report"), filled()).content.decode()


def receipt_on(page):
    return "".join(re.findall(r"<span>(\d{4})</span>", page.content.decode()))


@pytest.fixture
def sent(client, desk_key):
    return receipt_on(client.post(reverse("report"), filled()))


@pytest.mark.parametrize("name", PUBLIC_PAGES)
@pytest.mark.parametrize("language", ["vi", "en", "fr"])
def test_it_shows_help_lines_and_the_way_out_on_every_page(client, desk_key, name, language):
    client.cookies["lang"] = language
    page = client.get(reverse(name))
    html = page.content.decode()
    assert page.status_code == 200
    assert 'href="tel:111"' in html
    assert 'href="tel:113"' in html
    assert 'id="leave"' in html
    assert f'<html lang="{language}"' in html
    assert "style=" not in html
    assert not re.search(r"\son\w+=", html)


def test_it_takes_a_report_from_someone_without_a_cookie(desk_key):
    client = Client(enforce_csrf_checks=True)
    page = client.post(reverse("report"), filled())
    assert receipt_parse(receipt_on(page))
    assert page.headers["Cache-Control"] == "no-store"
    assert Report.objects.get().category == "conduct.aggressive"
    assert "inbox" not in page.cookies


def test_it_puts_the_calls_first_when_someone_is_in_danger(client, desk_key):
    html = client.post(reverse("report"), filled(urgency="danger")).content.decode()
    assert html.index("button danger") < html.index('id="receipt"')
    calm = client.post(reverse("report"), filled(urgency="calm")).content.decode()
    assert "button danger" not in calm


def test_it_says_what_is_missing_and_keeps_what_was_typed(client, desk_key):
    page = client.post(reverse("report"), filled(category="", urgency="never", traces="a < b"))
    html = page.content.decode()
    assert page.status_code == 422
    assert 'href="#category"' in html
    assert 'href="#urgency"' in html
    assert "chuyện ở lớp</textarea>" in html
    assert "a &lt; b</textarea>" in html
    assert not Report.objects.exists()


def test_it_does_not_stop_at_what_nobody_must_answer(client, desk_key):
    page = client.post(reverse("report"), filled(about="martian", province="nowhere", words=""))
    assert page.status_code == 200
    assert Report.objects.get().province == ""


def test_every_blank_form_has_a_token_of_its_own_and_nothing_of_a_visitor(client, desk_key):
    client.cookies["lang"] = "fr"
    pages = [client.get(reverse("report")).content.decode() for _ in range(3)]
    tokens = [re.search(r'name="form" value="([^"]+)"', page)[1] for page in pages]
    assert len(set(tokens)) == 3
    assert len({page.replace(t, "") for page, t in zip(pages, tokens, strict=True)}) == 1
    assert "csrf" not in pages[0]
    assert receipt_on(client.post(reverse("report"), filled(form=tokens[2])))


def test_it_takes_a_place_from_the_list(client, desk_key):
    html = client.get(reverse("report")).content.decode()
    assert html.count("<option") == 35
    client.post(reverse("report"), filled(province="25"))
    assert Report.objects.get().province == "25"


def test_a_form_of_unknown_origin_is_sent_once_more(client, desk_key):
    page = client.post(reverse("report"), filled(form="1.1.1.1.1"))
    assert page.status_code == 422
    html = page.content.decode()
    assert "chuyện ở lớp" in html
    fresh = re.search(r'name="form" value="([^"]+)"', html)[1]
    assert receipt_on(client.post(reverse("report"), filled(form=fresh)))


@pytest.mark.parametrize("site", ["cross-site", "same-site", "of the future"])
@pytest.mark.parametrize("changes", [{}, {"language": "en"}, {"category": ""}])
def test_it_takes_no_form_over_from_another_site(client, desk_key, site, changes):
    """Its token would be known there, and with the token the receipt of what a child writes into it."""
    sent = filled(**changes)
    page = client.post(reverse("report"), sent, headers={"Sec-Fetch-Site": site})
    html = page.content.decode()
    assert sent["form"] not in html
    # A neighbour's host is no stranger: what was typed comes back, for one more press.
    assert ("chuyện ở lớp" in html) is (site == "same-site")
    assert not Report.objects.exists()
    assert receipt_on(client.post(reverse("report"), filled(), headers={"Sec-Fetch-Site": "none"}))


def test_another_language_loses_no_word(client, desk_key):
    page = client.post(reverse("report"), filled(language="en", urgency="danger"))
    html = page.content.decode()
    assert page.headers["Content-Language"] == page.cookies["lang"].value == "en"
    assert '<html lang="en"' in html
    assert "chuyện ở lớp</textarea>" in html
    assert re.search(r'value="danger"\s+checked', html)
    assert re.search(r'value="bullying"\s+checked', html)
    assert 'role="alert" tabindex' not in html
    assert not Report.objects.exists()


@pytest.mark.parametrize("urgency", ["soon", "danger"])
def test_it_shows_the_same_receipt_in_another_language(client, desk_key, urgency):
    page = client.post(reverse("report"), filled(urgency=urgency))
    receipt = receipt_on(page)
    for language in ("en", "fr", "vi"):
        fields = _fields_of(page, "shown") | {"language": language}
        with held_at(now() + conf.RETRY):  # however late
            page = client.post(reverse("report"), fields)
        html = page.content.decode()
        assert f'<html lang="{language}"' in html
        assert page.cookies["lang"].value == language
        assert receipt_on(page) == receipt
        assert desk_key_home().number in html
        assert ("button danger" in html) is (urgency == "danger")
        assert '"/language"' not in html
    assert Report.objects.count() == 1


def test_it_repeats_no_key_that_is_not_the_desks(client, desk_key):
    page = client.post(reverse("report"), filled())
    for key in ("1234 5678 9012 3456 7890", "<b>", ""):
        fields = _fields_of(page, "shown") | {"language": "en", "key": key}
        html = client.post(reverse("report"), fields).content.decode()
        assert receipt_on(page) in "".join(re.findall(r"<span>(\d{4})</span>", html))
        assert "is locked with the key" not in html


def _fields_of(page, form):
    inside = re.search(f'(?s)<form id="{form}".*?</form>', page.content.decode())[0]
    return dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', inside))


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://x.example"}],
)
@pytest.mark.parametrize("receipt", ["", "1" * 28, "<b>", None])
def test_it_shows_no_receipt_that_is_none_or_a_strangers(client, desk_key, headers, receipt):
    real = receipt is None
    fields = {"receipt": receipt_new() if real else receipt, "language": "en"}
    page = client.post(reverse("report"), fields, headers=headers if real else {})
    assert page.status_code == 200
    assert not receipt_on(page)
    assert not Report.objects.exists()


@pytest.mark.parametrize("name", ["report", "inbox-close", "inbox"])
def test_a_page_that_answers_a_form_has_no_language_button_that_leads_away(client, desk_key, name):
    strict = Client(enforce_csrf_checks=True)
    page = strict.post(reverse(name), {"words": "x" * 10_000_000 if name == "report" else ""})
    assert page.status_code in {403, 413}
    assert '"/language"' not in page.content.decode()


def test_a_database_that_does_not_answer_loses_no_word(client, desk_key, monkeypatch):
    def fall(**_):
        raise OperationalError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(services, "report_submit", fall)
        patch.setattr(services, "is_open", fall)
        page = client.post(reverse("report"), sent := filled())
    html = page.content.decode()
    assert page.status_code == 503
    assert "chuyện ở lớp</textarea>" in html
    assert f'name="form" value="{sent["form"]}"' in html
    assert receipt_on(client.post(reverse("report"), sent))


def test_too_long_words_are_kept(client, desk_key):
    words = "dài " * conf.LONGEST["words"]
    page = client.post(reverse("report"), filled(words=words))
    assert page.status_code == 422
    assert words.strip() in page.content.decode()


def test_a_form_of_ten_megabytes_gets_a_clear_answer(client, desk_key):
    page = client.post(reverse("report"), filled(words="x" * 10_000_000))
    assert page.status_code == 413
    assert 'id="leave"' in page.content.decode()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\x00\xff\xfe" * 1000, "application/x-www-form-urlencoded"),
        (b"words=%ff%fe%00&category=%00", "application/x-www-form-urlencoded"),
        (b"\x00\xff--x", "multipart/form-data; boundary=x"),
        (b"--x\r\nContent-Disposition: form-data", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"a=1&" * 2000, "application/x-www-form-urlencoded"),
        (b"", "text/plain; charset=utf-8"),
    ],
)
def test_junk_gets_a_clear_answer(client, desk_key, body, kind):
    for name in ("report", "inbox", "inbox-write", "inbox-close"):
        page = client.post(reverse(name), body, content_type=kind)
        assert page.status_code in {302, 400, 413, 422}
    assert not Report.objects.exists()


def test_it_never_takes_a_file(client, desk_key):
    html = client.get(reverse("report")).content.decode()
    assert 'type="file"' not in html
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("a.bin", b"not-to-be-kept")
    page = client.post(reverse("report"), filled(photo=file))
    assert receipt_on(page)


def test_sixty_from_one_school_all_arrive(desk_key):
    client = Client(REMOTE_ADDR="192.0.2.7")
    receipts = {receipt_on(client.post(reverse("report"), filled())) for _ in range(60)}
    assert len(receipts) == 60
    assert len(selectors.report_list(status=Status.OPEN)) == 60


def test_the_receipt_opens_the_inbox_however_it_is_written(client, sent):
    page = client.post(reverse("inbox"), {"receipt": "-".join(sent)})
    assert page.status_code == 302
    assert sent not in page.headers["Location"]
    cookie = page.cookies["inbox"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert cookie["path"] == "/inbox/"
    assert "chuyện ở lớp" in client.get(reverse("inbox")).content.decode()


def test_a_wrong_and_an_unknown_receipt_are_one(client, sent, django_assert_num_queries):
    # The same first digits lead to the same bucket; the rest is another's.
    wrong = next(w for n in range(10**6) if (w := _with_check(sent[:8] + f"{n:018d}")) != sent)
    answers = []
    for receipt in (wrong, _elsewhere(sent)):
        with django_assert_num_queries(1):
            page = client.post(reverse("inbox"), {"receipt": receipt})
        html = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page.content.decode())
        answers.append((page.status_code, html))
        assert receipt not in html
    assert answers[0] == answers[1]


def test_a_wrong_and_an_unknown_receipt_take_the_same_work(client, sent, monkeypatch):
    from lachan.reports import inbox

    derived = []
    true = inbox.receipt_identity
    monkeypatch.setattr(inbox, "receipt_identity", lambda r, s: derived.append(r) or true(r, s))
    for receipt in (_with_check(sent[:8] + "1" * 18), _elsewhere(sent), sent):
        client.post(reverse("inbox"), {"receipt": receipt})
    assert len(derived) == 3


def _with_check(digits):
    return f"{digits}{98 - int(digits) * 100 % 97:02d}"


def _elsewhere(sent):
    return next(r for r in iter(receipt_new, None) if r[:8] != sent[:8])


def test_a_miscopied_receipt_is_told_at_once(client, sent, django_assert_num_queries):
    other = str((int(sent[5]) + 1) % 10)
    with django_assert_num_queries(0):
        page = client.post(reverse("inbox"), {"receipt": sent[:5] + other + sent[6:]})
        short = client.post(reverse("inbox"), {"receipt": sent[:-4]})
    assert page.status_code == short.status_code == 422
    assert page.content != short.content


def test_what_is_written_in_the_inbox_arrives_once(client, sent):
    client.post(reverse("inbox"), {"receipt": sent})
    token = re.search(r'name="token" value="([^"]+)"', client.get("/inbox/").content.decode())[1]
    for _ in range(2):
        client.post(reverse("inbox-write"), {"words": "còn nữa", "token": token})
    assert client.get(reverse("inbox")).content.decode().count("còn nữa") == 1


def test_words_for_an_inbox_that_closed_meanwhile_are_kept(client, sent):
    client.post(reverse("inbox"), {"receipt": sent})
    with held_at(now() + conf.INBOX_OPEN_FOR):
        assert "chuyện ở lớp" not in client.get(reverse("inbox")).content.decode()
        page = client.post(reverse("inbox-write"), {"words": "còn nữa", "token": "t"})
        assert "còn nữa</textarea>" in page.content.decode()
        client.post(reverse("inbox"), {"receipt": sent, "words": "còn nữa", "token": "t"})
        assert "còn nữa" in client.get(reverse("inbox")).content.decode()
    assert Message.objects.count() == 1


def test_a_closed_inbox_is_closed_for_a_copied_cookie_too(client, sent):
    client.post(reverse("inbox"), {"receipt": sent})
    thief = Client()
    for name in ("inbox", "inbox_half"):
        thief.cookies[name] = client.cookies[name].value
    assert "chuyện ở lớp" in thief.get(reverse("inbox")).content.decode()
    client.post(reverse("inbox-close"))
    assert not InboxSession.objects.exists()
    for one in (client, thief):
        assert "chuyện ở lớp" not in one.get(reverse("inbox")).content.decode()


@pytest.mark.parametrize("cookie", ["", "x", "é", "A" * 44, "=" * 5000])
def test_a_strangers_cookie_opens_nothing(client, sent, cookie):
    client.cookies["inbox"] = cookie
    page = client.get(reverse("inbox"))
    assert page.status_code == 200
    assert "chuyện ở lớp" not in page.content.decode()


def test_the_inbox_takes_nothing_from_another_site(sent):
    client = Client(enforce_csrf_checks=True)
    for name in ("inbox", "inbox-write", "inbox-close"):
        assert client.post(reverse(name), {"receipt": sent}).status_code == 403


def test_without_a_desk_it_gives_the_numbers_instead_of_a_form(client, db):
    html = client.get(reverse("report")).content.decode()
    assert "<textarea" not in html
    assert 'href="tel:111"' in html


def test_nothing_of_the_sender_is_kept(client, desk_key):
    client.post(
        reverse("report"),
        filled(),
        REMOTE_ADDR="198.51.100.99",
        HTTP_USER_AGENT="canary-agent",
        HTTP_REFERER="https://canary.example/",
    )
    from django.db import connection

    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  names from the schema
            text = repr(cursor.fetchall())
            assert "canary" not in text
            assert "198.51.100" not in text


def test_an_error_says_nothing_of_the_words_in_the_log(client, desk_key, monkeypatch, caplog):
    def break_down(**_):
        raise RuntimeError("broke on chuyện ở lớp")

    monkeypatch.setattr(services, "report_submit", break_down)
    client.raise_request_exception = False
    page = client.post(reverse("report"), filled())
    assert page.status_code == 500
    from lachan.web.logs import PrivateFilter

    for record in caplog.records:
        PrivateFilter().filter(record)
        assert "chuyện ở lớp" not in record.getMessage()
        assert record.exc_info is None
