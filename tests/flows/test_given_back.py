"""Whatever refuses a form, what was typed comes back to who typed it, and to nobody else."""

import html
import re

import pytest
from django.db import OperationalError
from django.test import Client

from lachan.cases.models import CaseNote
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.opening import case_open
from lachan.members.models import AuditEntry, Organisation, Session
from lachan.members.records import PUBLIC, Role, system
from lachan.members.services import role_revoke
from lachan.reports.models import Message
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit
from lachan.web.models import SentForm

pytestmark = pytest.mark.django_db

WORDS = "Lời đã viết <b>lâu</b>,\nhai dòng"
ENGLISH = ("Forbidden", "CSRF", "You are seeing this message")
FIELD = re.compile(
    r'<input[^>]* name="([^"]+)" value="([^"]*)"|<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>',
    re.DOTALL,
)


def strict(client):
    """The same browser, before a server that looks at the token, as in life."""
    client.handler.enforce_csrf_checks = True
    return client


def forms(page):
    """Each form of a page: where it goes, and its fields as they stand."""
    for form in re.findall(r"<form.*?</form>", page.content.decode(), re.DOTALL):
        goes = re.search(r'action="([^"]*)"', form)
        found = {a or c: html.unescape(b or d) for a, b, c, d in FIELD.findall(form)}
        yield html.unescape(goes[1]) if goes else "", found


def form(page, address):
    return next(
        fields
        for goes, fields in forms(page)
        if goes in {address, ""} and "csrfmiddlewaretoken" in fields and "language" not in fields
    )


def text(page):
    return html.unescape(page.content.decode())


@pytest.fixture
def sent(personas):
    return report_submit(
        by=PUBLIC, form=form_new(), category="contract.scam", urgency=Urgency.SOON,
        province="25", language="vi", content=ReportContent(words="chuyện ở lớp"),
    )  # fmt: skip


@pytest.fixture
def case(personas, sent):
    uid = case_open(by=system("test"), report=sent.report)
    case_claim(by=personas.analyst.actor, uid=uid)
    return f"/staff/cases/{uid}/"


@pytest.fixture
def at_work(personas, case):
    """An analyst with the case open and words typed; the fields of the note."""
    client = strict(personas.analyst.client())
    return client, form(client.get(case), f"{case}note/") | {"words": WORDS}


def gone(page, status):
    """The answer refuses, in the reader's language, and holds the words."""
    assert page.status_code == status
    assert not any(word in text(page) for word in ENGLISH)
    assert WORDS in text(page)
    assert "<b>lâu</b>" not in page.content.decode()
    return page


def test_it_gives_words_back_when_the_session_is_over(personas, case, at_work):
    client, fields = at_work
    Session.objects.all().delete()
    page = gone(client.post(f"{case}note/", fields), 401)
    assert 'href="/staff/sign-in/"' in text(page)
    # Signed in again in another tab: the token is another now, and the words come back once more.
    client.force_login(personas.analyst.person)
    client.cookies.pop("csrftoken")
    page = gone(client.post(f"{case}note/", form(page, f"{case}note/")), 403)
    assert client.post(f"{case}note/", form(page, f"{case}note/")).url == case
    assert CaseNote.objects.count() == 1


@pytest.mark.parametrize("token", ["stale", "none", "no cookie"])
def test_it_gives_words_back_when_the_token_does_not_fit(case, at_work, token):
    client, fields = at_work
    if token == "no cookie":
        client.cookies.pop("csrftoken")
    fields["csrfmiddlewaretoken"] = "a" * 64 if token == "stale" else ""
    page = gone(client.post(f"{case}note/", fields), 403)
    assert client.post(f"{case}note/", form(page, f"{case}note/")).url == case
    assert CaseNote.objects.count() == 1


def test_it_gives_words_back_when_a_right_is_lost(personas, case, at_work):
    role_revoke(by=personas.administrator.actor, person=personas.analyst.person, role=Role.ANALYST)
    gone(at_work[0].post(f"{case}note/", at_work[1]), 403)


def test_it_gives_words_back_when_an_organisation_may_not_act(personas, case, at_work):
    Organisation.objects.update(status=Organisation.Status.SUSPENDED)
    gone(at_work[0].post(f"{case}note/", at_work[1]), 403)


def test_it_gives_words_back_when_the_thing_is_gone(case, at_work):
    away = case[:-2] + ("0" if case[-2] != "0" else "1") + "/"
    gone(at_work[0].post(f"{away}note/", at_work[1]), 404)


@pytest.mark.parametrize("broken", [OperationalError, ZeroDivisionError])
def test_it_gives_words_back_when_something_breaks(case, at_work, monkeypatch, broken):
    def save(*args, **kwargs):
        raise broken

    client, fields = at_work
    client.raise_request_exception = False
    monkeypatch.setattr(CaseNote, "save", save)
    page = gone(client.post(f"{case}note/", fields), 503 if broken is OperationalError else 500)
    monkeypatch.undo()
    assert client.post(f"{case}note/", form(page, f"{case}note/")).url == case


def test_it_gives_words_back_when_the_database_cannot_be_written(case, at_work, monkeypatch):
    def save(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(SentForm, "save", save)
    gone(at_work[0].post(f"{case}note/", at_work[1]), 503)


def test_it_gives_words_back_when_the_key_is_locked(personas):
    client = personas.administrator.client(unlocked=False)
    at = f"/staff/members/{personas.organisation.uid}/invite/"
    fields = form(client.get(at), at) | {"name": WORDS.replace("\n", " ")}
    fields |= {"email": "b@home.example", "roles": ["analyst"]}
    page = client.post(at, fields)
    assert page.status_code == 403
    assert WORDS.replace("\n", " ") in text(page)
    assert 'href="/staff/unlock/"' in text(page)


def test_it_hands_words_to_nobody_else_at_the_same_machine(personas, case, at_work):
    browser, fields = at_work
    browser.force_login(personas.officer.person)
    page = browser.post(f"{case}note/", fields)
    assert page.status_code == 403
    assert WORDS not in text(page)
    assert not CaseNote.objects.exists()
    kept = form(page, f"{case}note/")
    assert WORDS not in text(browser.post(f"{case}note/", kept))
    Session.objects.all().delete()
    page = browser.post(
        f"{case}note/", kept
    )  # nobody's page now: it says what to do, and keeps the words
    assert page.status_code == 401
    assert form(page, f"{case}note/")["_sealed"] == kept["_sealed"]
    assert 'href="/staff/sign-in/"' in text(page)
    browser.force_login(personas.analyst.person)
    page = browser.post(f"{case}note/", kept)
    assert WORDS in text(page)
    page = browser.post(f"{case}note/", form(page, f"{case}note/"))
    assert CaseNote.objects.get().author == personas.analyst.person


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Referer": "https://evil.example/page"},
    ],
)
def test_it_gives_nothing_back_that_another_site_sent(case, at_work, headers):
    fields = {"words": WORDS, "outcome": "helped"}
    page = at_work[0].post(f"{case}close/", fields, headers=headers)
    assert page.status_code == 403
    assert WORDS not in text(page)
    assert not [goes for goes, _ in forms(page) if goes.startswith("/staff/cases/")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example", "Origin": "https://evil.example"},
        {"Host": "evil.example", "Referer": "https://evil.example/"},
        {"Origin": "http://[broken"},
    ],
)
def test_it_answers_in_plain_words_whatever_a_browser_says_of_itself(db, headers):
    page = strict(Client()).post("/check/", {"value": WORDS}, headers=headers)
    assert page.status_code in {400, 403}
    assert "<h1>" in text(page)
    assert not any(word in text(page) for word in ENGLISH)


def test_it_makes_no_strange_form_ready_to_be_sent(case, at_work):
    page = at_work[0].post(f"{case}close/", {"words": WORDS, "outcome": "helped"})
    assert page.status_code == 403
    assert WORDS in text(page)
    assert "<button>Gửi lại</button>" not in text(page)


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/check/", {"value": "xau.example lạ"}),
        ("/dispute/", {"value": "Truong.example/bài", "reason": "mistake"}),
        ("/inbox/write/", {"words": "xau.example lạ", "token": "t"}),
        ("/inbox/", {"words": "xau.example lạ", "receipt": "1" * 28}),
    ],
)
def test_it_gives_a_child_the_words_back_in_plain_vietnamese(db, address, fields):
    browser = strict(Client())
    page = browser.post(address, fields)
    typed = fields.get("words") or fields["value"]
    assert page.status_code == 403
    assert typed in text(page)
    assert "Gửi lại" in text(page)
    assert "111" in text(page)
    assert not any(word in text(page) for word in ENGLISH)
    # The receipt is not written onto a screen a second time.
    assert "1" * 28 not in text(page)
    # With a cookie, the next press goes through.
    again = browser.post(address, form(page, address))
    assert again.status_code in {200, 302, 422}


# What a child, or who helps it, may write, and looks like something of ours.
BARE = [
    "0912345678",
    "113",
    "khong",
    "a",
    "0",
    "٠٩١٢",
    "-",
    "helped",
    "0190d1c2-7b1e-7c3a-9d2e-0123456789ab",
    "contract.scam",
]


@pytest.mark.parametrize("words", BARE)
def test_it_gives_back_whatever_was_typed_in_a_field_for_words(sent, case, at_work, words):
    browser = strict(Client())
    fields = {"words": words, "token": "0190d1c2-7b1e-7c3a-9d2e-0123456789ab"}
    for sent_fields in (fields, {"words": words}):
        page = browser.post("/inbox/write/", sent_fields)
        assert page.status_code == 403
        assert f"\n{words}</textarea>" in text(page)
        assert form(page, "/inbox/write/")["words"] == words
    client, note = at_work
    Session.objects.all().delete()
    page = client.post(f"{case}note/", note | {"words": words})
    assert page.status_code == 401
    assert form(page, f"{case}note/")["words"] == words


def test_it_leads_back_to_the_page_where_nothing_can_be_given_back(db):
    browser = strict(Client())
    for headers in ({}, {"Referer": "http://testserver/inbox/"}):
        page = browser.post("/inbox/", {"receipt": "1" * 28}, headers=headers)
        assert page.status_code == 403
        assert 'href="/inbox/"' in text(page)
        assert "Mở lại trang" in text(page)
        assert "1" * 28 not in text(page)


def test_it_keeps_what_a_child_adds_when_its_cookie_is_gone(sent):
    browser = strict(Client())
    page = browser.get("/inbox/")
    fields = form(page, "/inbox/") | {"receipt": sent.receipt}
    assert browser.post("/inbox/", fields).status_code == 302
    fields = form(browser.get("/inbox/"), "/inbox/write/") | {"words": WORDS}
    browser.cookies.pop("csrftoken")
    page = gone(browser.post("/inbox/write/", fields), 403)
    browser.post("/inbox/write/", form(page, "/inbox/write/"))
    browser.post("/inbox/write/", form(page, "/inbox/write/"))
    assert Message.objects.count() == 1


@pytest.mark.parametrize(
    "address", ["/staff/sign-in/", "/staff/unlock/", "/staff/account/password/"]
)
def test_it_writes_no_password_onto_the_page(personas, address):
    browser = strict(personas.analyst.client() if "sign-in" not in address else Client())
    secrets = {"password": "Canary-One lạ", "old": "Canary-Two lạ", "again": "Canary-One lạ"}
    page = browser.post(address, secrets | {"name": "An Bình"})
    assert page.status_code == 403
    assert "An Bình" in text(page)
    assert "Canary" not in text(page)


def test_it_writes_nothing_down_that_it_gives_back(case, at_work):
    def rest():
        return [list(model.objects.values()) for model in (Session, SentForm, CaseNote, AuditEntry)]

    client, fields = at_work
    before = rest()
    gone(client.post(f"{case}note/", fields | {"csrfmiddlewaretoken": ""}), 403)
    assert rest() == before
