import re
import threading

import pytest
from django.db import connection
from django.test import Client

from lachan.cases.models import CaseNote
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.opening import case_open
from lachan.indicators.models import Dispute, Indicator
from lachan.indicators.services import indicator_propose, indicator_review
from lachan.kernel.clock import held_at, now
from lachan.members.models import (
    ApiKey,
    Confirmation,
    DeskKey,
    Invitation,
    Organisation,
    Programme,
    RecoveryKey,
)
from lachan.members.records import PUBLIC, system
from lachan.members.services import confirmation_give, operator_link
from lachan.reports.records import ReportContent, Urgency
from lachan.reports.services import form_new, report_submit
from lachan.web.models import SentForm
from lachan.web.repeats import KEPT, sent_forms_purge
from lachan.web.sent import NUMBER, number_new
from tests.architecture.test_walk import PAGES, _address, _samples

pytestmark = pytest.mark.django_db

MARKS = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


def marks(page, address):
    """The hidden fields of the form on a page that goes to `address`."""
    for form in re.findall(r"<form.*?</form>", page.content.decode(), re.DOTALL):
        goes = re.search(r'action="([^"]*)"', form)
        if 'name="_once"' in form and (goes is None or goes[1] == address):
            return dict(MARKS.findall(form))
    raise AssertionError(f"no form with a number goes to {address}")


def case_address(personas):
    report = report_submit(
        by=PUBLIC, form=form_new(), category="contract.scam", urgency=Urgency.SOON,
        province="25", language="vi", content=ReportContent(words="chuyện ở lớp"),
    ).report  # fmt: skip
    uid = case_open(by=system("test"), report=report)
    case_claim(by=personas.analyst.actor, uid=uid)
    return f"/staff/cases/{uid}/"


HOME = "/staff/members/{home}/"
# page · where its form goes, from there · what is filled in · what it makes
FORMS = {
    "note": ("analyst", "{case}", "{case}note/", {"words": "đã đọc"}, CaseNote),
    "proposal": (
        "analyst", "/staff/indicators/new/", "/staff/indicators/new/",
        {"value": "xau.example", "category": "contract.scam", "confidence": "60", "tlp": "clear"},
        Indicator,
    ),
    "proposal of a case": (
        "analyst", "{case}", "{case}propose/",
        {"value-new": "xau.example", "category-new": "contract.scam", "confidence-new": "60",
         "tlp-new": "clear"}, Indicator,
    ),
    "invitation": (
        "administrator", HOME + "invite/", HOME + "invite/",
        {"name": "Bình", "email": "b@home.example", "roles": ["analyst"]}, Invitation,
    ),
    "API key": (
        "technical", "/staff/api-keys/", "/staff/api-keys/",
        {"name": "trường", "scopes": ["check.ask"], "days": "90"}, ApiKey,
    ),
    "organisation": (
        "administrator", "/staff/members/new/", "/staff/members/new/",
        {"name": "Trường mới", "type": "school", "status": "active"}, Organisation,
    ),
    "programme": (
        "administrator", "/staff/programmes/new/", "/staff/programmes/new/",
        {"name": "Mùa hè", "organisations": ["{home}"], "valid_from": "2027-01-01"}, Programme,
    ),
    "desk key": (
        "administrator", "/staff/members/desk-key/", "/staff/members/desk-key/fresh/", {}, DeskKey,
    ),
    "shares": (
        "administrator", "/staff/members/desk-key/shares/", "/staff/members/desk-key/shares/",
        {"needed": "2", "total": "3"}, RecoveryKey,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_it_takes_a_form_once_and_answers_alike(personas, name):
    who, page, address, fields, made = FORMS[name]
    places = {"home": personas.organisation.uid}
    if "{case}" in page:
        places["case"] = case_address(personas)
    page, address = page.format(**places), address.format(**places)
    fields = {
        key: [v.format(**places) for v in value] if isinstance(value, list) else value
        for key, value in fields.items()
    }
    client, before = getattr(personas, who).client(), made.objects.count()
    fields |= marks(client.get(page), address)
    first, second = client.post(address, fields), client.post(address, fields)
    assert first.status_code in {200, 302}
    assert made.objects.count() == before + 1
    assert (second.status_code, second.headers.get("Location")) == (
        first.status_code,
        first.headers.get("Location"),
    )
    assert second.content == first.content
    # On a fresh page the same is meant anew.
    if name in {"note", "API key", "programme"}:
        again = fields | marks(client.get(page), address)
        assert client.post(address, again).status_code == first.status_code
        assert made.objects.count() == before + 2


def test_it_says_again_what_it_said(personas):
    client, case = personas.analyst.client(), case_address(personas)
    fields = {"words": "đã đọc"} | marks(client.get(case), f"{case}note/")
    for _ in range(2):
        page = client.post(f"{case}note/", fields, follow=True)
        assert [str(m) for m in page.context["messages"]] == ["Ghi chú đã được lưu và niêm phong."]


def test_it_counts_a_public_dispute_once(personas):
    made = indicator_propose(
        by=personas.analyst.actor, value="xau.example", category="contract.scam"
    )
    indicator_review(by=personas.reviewer.actor, indicator=made.uid, decision="approve")
    client = Client()
    fields = {"value": "xau.example", "reason": "mistake"}
    fields |= marks(client.get("/dispute/"), "/dispute/")
    first, second = client.post("/dispute/", fields), client.post("/dispute/", fields)
    assert first.url == second.url
    assert Dispute.objects.get().times == 1


def test_it_loses_nothing_that_differs(personas):
    client, case = personas.analyst.client(), case_address(personas)
    fields = marks(client.get(case), f"{case}note/")
    for words in ("một", "hai", "một"):
        client.post(f"{case}note/", fields | {"words": words})
    assert CaseNote.objects.count() == 2


def test_a_form_that_was_refused_may_be_sent_again(personas):
    client, case = personas.analyst.client(), case_address(personas)
    fields = marks(client.get(case), f"{case}note/")
    assert client.post(f"{case}note/", fields | {"words": " "}).status_code == 422
    assert client.post(f"{case}note/", fields | {"words": "x"}).status_code == 302
    assert SentForm.objects.count() == 1


def test_it_shows_an_answer_to_nobody_else(personas):
    client, address = personas.technical.client(), "/staff/api-keys/"
    fields = {"name": "trường", "scopes": ["check.ask"], "days": "90"}
    fields |= marks(client.get(address), address)
    shown = client.post(address, fields).content.decode()
    key = re.search(r"lachan_\w+_[\w-]{20,}", shown)[0]
    for other in (personas.administrator.client(), Client()):
        assert key not in other.post(address, fields, follow=True).content.decode()
    rest = str(list(SentForm.objects.values()))
    assert key not in rest
    assert fields["_once"] not in rest
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/check/", {"value": "xau.example"}),
        ("/inbox/", {"receipt": "0" * 28}),
        ("/staff/sign-in/", {"username": "a@home.example", "password": "một hai ba"}),
    ],
)
def test_it_keeps_nothing_under_a_number_that_a_stranger_made_up(monkeypatch, address, fields):
    monkeypatch.setattr("lachan.web.repeats.durable", pytest.fail)  # the one turn to write
    assert Client().post(address, fields | {NUMBER: number_new()}).status_code in {200, 422}


def test_it_knows_every_public_form_with_a_number(personas):
    samples, stranger = _samples(personas), Client()
    link = operator_link()
    waits = Confirmation.objects.get(invitation__uid=link.uid)
    confirmation_give(by=personas.second.actor, confirmation=waits)
    samples["join"] = {"token": link.path.split("/")[3]}
    answers = {
        where: (pattern, stranger.get(_address(where, pattern, samples)[0]))
        for where, pattern in PAGES
    }
    shown = {where for where, (_, answer) in answers.items() if NUMBER in answer.content.decode()}
    # An address that takes forms alone is sent one by the page that shows it.
    assert shown == {
        where
        for where, (pattern, answer) in answers.items()
        if getattr(pattern.callback, "is_marked", False) and answer.status_code != 405
    }
    assert len(shown) == 6


def test_it_forgets_forms_after_a_day(personas):
    client, case = personas.analyst.client(), case_address(personas)
    client.post(f"{case}note/", {"words": "x"} | marks(client.get(case), f"{case}note/"))
    assert sent_forms_purge() == 0
    with held_at(now() + 2 * KEPT):
        assert sent_forms_purge() == 1


@pytest.mark.django_db(transaction=True)
def test_it_takes_a_double_click_once(personas):
    client, case = personas.analyst.client(), case_address(personas)
    fields = {"words": "đã đọc"} | marks(client.get(case), f"{case}note/")
    start, answers = threading.Barrier(4), []

    def press():
        thumb = personas.analyst.client()
        start.wait()
        try:
            answers.append(thumb.post(f"{case}note/", fields).status_code)
        finally:
            connection.close()

    thumbs = [threading.Thread(target=press) for _ in range(4)]
    for thumb in thumbs:
        thumb.start()
    for thumb in thumbs:
        thumb.join()
    assert answers == [302] * 4
    assert CaseNote.objects.count() == 1
