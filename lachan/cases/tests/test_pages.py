import pytest
from django.test import Client

from lachan.cases.models import Case
from lachan.cases.services.claiming import case_claim
from lachan.cases.views.acts import ACTS
from lachan.members.models import AuditEntry
from lachan.members.records import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(case, personas):
    row = case(words="canary-lời-kể", traces="https://xau.example/qua", contact="canary-liên-lạc")
    case_claim(by=personas.analyst.actor, uid=row.uid)
    return row


def urls(row):
    return [
        "/staff/cases/",
        f"/staff/cases/{row.uid}/",
        f"/staff/cases/{row.uid}/report/",
        *(f"/staff/cases/{row.uid}/{act}/" for act in ACTS),
    ]


def test_it_sends_a_stranger_to_the_door(mine):
    for url in urls(mine):
        for answer in (Client().get(url), Client().post(url)):
            assert answer.status_code == 302, url
            assert answer["Location"].startswith("/staff/sign-in/"), url


@pytest.mark.parametrize("role", ["administrator", "technical", "auditor"])
def test_it_refuses_colleagues_without_the_role(mine, personas, role):
    client = getattr(personas, role).client()
    for url in urls(mine):
        assert client.get(url).status_code == 403, url
        assert client.post(url).status_code in {403, 405}, url


def test_it_refuses_another_organisations_analyst(mine, personas):
    client = personas.other.analyst.client()
    before = list(Case.objects.values())
    for url in urls(mine)[1:]:
        asked = client.get if url.count("/") == 4 or url.endswith("/report/") else client.post
        answer = asked(url, {"category": "other", "words": "x", "outcome": "helped"})
        assert answer.status_code in {404, 422}, url
        assert "canary" not in answer.content.decode()
    assert list(Case.objects.values()) == before
    assert str(mine.uid) not in client.get("/staff/cases/?status=all").content.decode()


def test_it_lets_a_reviewer_read_and_change_nothing(mine, personas):
    client = personas.reviewer.client()
    assert "canary-lời-kể" in client.get(f"/staff/cases/{mine.uid}/report/").content.decode()
    for act in ACTS:
        assert client.post(f"/staff/cases/{mine.uid}/{act}/").status_code == 403, act


def test_it_shows_the_report_to_its_holder(mine, personas):
    page = personas.analyst.client().get(f"/staff/cases/{mine.uid}/").content.decode()
    assert "canary-lời-kể" in page
    assert "canary-liên-lạc" in page


def test_it_shows_a_colleague_the_words_only_on_a_step_of_its_own(mine, personas):
    client = personas.officer.client()
    assert "canary" not in client.get(f"/staff/cases/{mine.uid}/").content.decode()
    assert not AuditEntry.objects.filter(action="report.open").exists()
    assert "canary-lời-kể" in client.get(f"/staff/cases/{mine.uid}/report/").content.decode()
    assert AuditEntry.objects.get(action="report.open").actor == str(personas.officer.person.uid)


def test_it_asks_for_the_password_when_the_key_is_locked(mine, personas):
    answer = personas.analyst.client(unlocked=False).get(f"/staff/cases/{mine.uid}/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/staff/unlock/?next=")


def test_it_says_so_when_a_person_has_no_copy_of_the_key(case, personas):
    late = personas.with_roles(Role.ANALYST)
    row = case()
    case_claim(by=late.actor, uid=row.uid)
    page = late.client().get(f"/staff/cases/{row.uid}/")
    assert page.status_code == 200
    assert page.context["is_key_missing"]


def test_it_goes_once_round_by_its_buttons(case, personas, keys):
    row, client = case(traces="https://xau.example/qua"), personas.analyst.client()
    at = f"/staff/cases/{row.uid}/"
    for act, data in (
        ("claim", {}),
        ("answer", {"words": "Cảm ơn bạn", "token": "t", "question": "1"}),
        ("note", {"words": "đã đọc"}),
        ("move", {"to": "in_progress"}),
        ("classify", {"category": "contract.phishing"}),
        ("priority", {"priority": "77", "words": "vì thế"}),
        ("priority", {"priority": ""}),
        ("release", {}),
        ("claim", {}),
        ("hand-over", {"to": str(personas.officer.person.uid)}),
        ("hand-over", {"to": str(personas.analyst.person.uid), "words": "trả lại"}),
        ("close", {"outcome": "helped"}),
        ("reopen", {}),
    ):
        answer = client.post(f"{at}{act}/", data)
        assert (answer.status_code, answer.headers.get("Location")) == (302, at), act
        assert client.get(at).status_code == 200
    row.refresh_from_db()
    assert (row.status, row.category) == ("claimed", "contract.phishing")


def test_it_links_and_takes_back_by_its_buttons(case, personas):
    one, two, client = case(), case(), personas.analyst.client()
    at = f"/staff/cases/{one.uid}/"
    page = client.get(at)
    assert [s[0].uid for s in page.context["suggestions"]] == [two.uid]
    client.post(f"{at}link/", {"other": str(two.uid), "kind": "duplicate"})
    link = client.get(at).context["links"][0][0]
    assert client.post(f"{at}unlink/", {"link": str(link.uid)}).status_code == 302
    assert client.get(at).context["links"] == []


def test_it_loses_no_words_when_something_is_wrong(mine, personas):
    client = personas.officer.client()
    answer = client.post(f"/staff/cases/{mine.uid}/answer/", {"words": "lời đã viết", "token": "t"})
    assert answer.status_code == 409
    assert "lời đã viết" in answer.content.decode()
    answer = client.post(f"/staff/cases/{mine.uid}/propose/", {"value-new": "viết-tay.example"})
    assert answer.status_code == 409
    assert "viết-tay.example" in answer.content.decode()
    endless = "x" * 20_001
    answer = personas.analyst.client().post(f"/staff/cases/{mine.uid}/note/", {"words": endless})
    assert answer.status_code == 422
    assert endless in answer.content.decode()


@pytest.mark.parametrize(
    ("act", "data"),
    [
        ("move", {"to": "gone"}),
        ("clock", {"clock": "x"}),
        ("classify", {"category": "x"}),
        ("priority", {"priority": "-1", "words": "x"}),
        ("priority", {"priority": "9" * 400, "words": "x"}),
        ("hand-over", {"to": "x"}),
        ("link", {"other": "x", "kind": "related"}),
        ("unlink", {"link": ""}),
        ("close", {"outcome": ""}),
    ],
)
def test_it_answers_bad_input_with_plain_words(mine, personas, act, data):
    answer = personas.analyst.client().post(f"/staff/cases/{mine.uid}/{act}/", data)
    assert answer.status_code == 422
    assert answer.context["fault"]


def test_it_comes_back_to_the_case_after_unlocking(mine, personas):
    answer = personas.analyst.client().get(f"/staff/cases/{mine.uid}/note/")
    assert answer["Location"] == f"/staff/cases/{mine.uid}/"


def test_it_teaches_on_an_empty_desk(personas):
    page = personas.analyst.client().get("/staff/cases/")
    assert page.context["is_empty_desk"]
    assert 'href="/"' in page.content.decode()


@pytest.mark.parametrize(
    "query", ["?status=x", "?category=x&mine=1", "?province=04", "?status=all"]
)
def test_it_bears_any_filter(mine, personas, query):
    assert personas.analyst.client().get(f"/staff/cases/{query}").status_code == 200


def test_it_refuses_a_broken_position(personas):
    assert personas.analyst.client().get("/staff/cases/?after=zzz").status_code == 422


def test_it_has_no_case_of_an_unknown_uid(personas):
    url = "/staff/cases/01890000-0000-7000-8000-000000000000/"
    assert personas.analyst.client().get(url).status_code == 404
