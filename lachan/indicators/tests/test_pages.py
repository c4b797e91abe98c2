import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from lachan.indicators.models import Dispute, Indicator, ListImport
from lachan.indicators.policy import Action
from lachan.indicators.records import Status
from lachan.indicators.selectors import indicator_get
from lachan.indicators.services import (
    dispute_open,
    disputes_settle,
    indicator_propose,
    indicator_review,
    indicator_withdraw,
    list_import,
)
from lachan.members.api_keys import api_key_actor, api_key_create
from lachan.members.models import RoleGrant
from lachan.members.records import PUBLIC, Role, system

pytestmark = pytest.mark.django_db
STAFF_PAGES = [
    "/staff/indicators/",
    "/staff/indicators/new/",
    "/staff/reviews/",
    "/staff/disputes/",
    "/staff/imports/",
]


@pytest.fixture
def published(personas):
    def make(value="xau.example", **facts):
        found = indicator_propose(
            by=personas.analyst.actor, value=value, **{"category": "scam", **facts}
        )
        return indicator_review(by=personas.reviewer.actor, indicator=found.uid, decision="approve")

    return make


def text_of(response, status=200):
    assert response.status_code == status
    return response.content.decode()


@pytest.mark.parametrize("page", STAFF_PAGES)
def test_a_stranger_is_sent_to_the_door(client, page):
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/staff/sign-in/")


def test_a_stranger_is_refused_on_every_page_of_a_thing(client, published, personas):
    found = published()
    dispute = dispute_open(by=PUBLIC, indicator=found.uid, reason="mine")
    brought = list_import(
        by=system("x"), stream=io.BytesIO(b"a.example"), file_name="a", category="scam"
    )
    pages = [
        *(reverse("indicator", args=[found.uid]), reverse("dispute-answer", args=[dispute.uid])),
        reverse("import", args=[brought.uid]),
    ]
    acts = [
        reverse(f"indicator-{act}", args=[found.uid]) for act in ("review", "withdraw", "share")
    ]
    nobody = personas.with_roles()
    for page in pages:
        assert client.get(page).status_code == 302
        assert nobody.client().get(page).status_code == 403
    for act in acts:
        assert client.post(act).status_code == 302
        assert nobody.client().post(act).status_code == 403
    assert Indicator.objects.get(uid=found.uid).status == Status.PUBLISHED


def test_it_goes_from_a_proposal_to_a_block_and_back_by_pages(personas):
    analyst, reviewer = personas.analyst.client(), personas.reviewer.client()
    sent = {"value": "hxxps://Xau[.]example/a", "category": "contract.scam", "confidence": "80"}
    sent |= {"tlp": "clear", "kind": "", "evidence": "seen twice"}
    made = analyst.post("/staff/indicators/new/", sent)
    indicator = Indicator.objects.get()
    assert made["Location"] == f"/staff/indicators/{indicator.uid}/"
    assert "https://xau.example/a" in text_of(reviewer.get("/staff/reviews/"))
    assert "Approve" not in text_of(analyst.get(made["Location"]))
    page = text_of(reviewer.get(made["Location"]))
    assert "hxxps://Xau[.]example/a" in page
    assert 'name="decision" value="approve"' in page
    review = reverse("indicator-review", args=[indicator.uid])
    assert reviewer.post(review, {"decision": "approve"}).status_code == 302
    indicator.refresh_from_db()
    assert indicator.status == Status.PUBLISHED
    withdraw = reverse("indicator-withdraw", args=[indicator.uid])
    assert text_of(reviewer.post(withdraw, {}), 422)
    reviewer.post(withdraw, {"withdraw-reason": "a mistake"})
    indicator.refresh_from_db()
    assert indicator.status == Status.WITHDRAWN
    assert "a mistake" in text_of(analyst.get(made["Location"]))


def test_it_shows_what_is_wrong_with_a_proposal(personas, published):
    analyst = personas.analyst.client()
    published("xau.example")
    base = {"category": "contract.scam", "confidence": "80", "tlp": "clear"}
    for value in ("khong phai", "http://", "xau.example"):
        page = text_of(analyst.post("/staff/indicators/new/", base | {"value": value}), 422)
        assert 'class="errorlist' in page
        assert value in page
    assert text_of(analyst.post("/staff/indicators/new/", {}), 422)


def test_it_warns_the_reviewer_and_wants_a_reason(personas):
    found = indicator_propose(by=personas.analyst.actor, value="vnexpress.net", category="scam")
    reviewer = personas.reviewer.client()
    page = reverse("indicator", args=[found.uid])
    assert 'name="review-override_reason"' in text_of(reviewer.get(page))
    review = reverse("indicator-review", args=[found.uid])
    assert 'role="alert"' in text_of(reviewer.post(review, {"decision": "approve"}), 422)
    sent = {"decision": "approve", "review-override_reason": "hacked, its owner agrees"}
    assert reviewer.post(review, sent).status_code == 302
    assert "hacked, its owner agrees" in text_of(reviewer.get(page))
    # It belongs to everybody's day: a reviewer of another organisation decides.
    assert indicator_get(by=personas.analyst.actor, indicator=found.uid).status == "proposed"
    assert 'role="alert"' in text_of(reviewer.post(review, sent), 422)
    other = personas.other.reviewer.client()
    assert "hacked, its owner agrees" in text_of(other.get(page))
    assert other.post(review, sent).status_code == 302
    assert indicator_get(by=personas.analyst.actor, indicator=found.uid).status == "published"


def test_it_warns_whoever_shares_more_widely_and_wants_a_reason(personas, published):
    found = published("xau.example", tlp="red")
    personas.organisation.domains = ["xau.example"]
    personas.organisation.save()
    reviewer = personas.reviewer.client()
    page = reverse("indicator", args=[found.uid])
    assert 'name="share-override_reason"' in text_of(reviewer.get(page))
    share = reverse("indicator-share", args=[found.uid])
    assert 'role="alert"' in text_of(reviewer.post(share, {"share-tlp": "clear"}), 422)
    sent = {"share-tlp": "clear", "share-override_reason": "sold, its owner agrees"}
    assert 'role="alert"' in text_of(reviewer.post(share, sent), 422)
    RoleGrant.objects.filter(person__organisation=personas.other.organisation).delete()
    assert reviewer.post(share, sent).status_code == 302
    assert "sold, its owner agrees" in text_of(reviewer.get(page))


def test_nobody_reviews_his_own_by_the_page(personas):
    both = personas.with_roles(Role.ANALYST, Role.REVIEWER)
    found = indicator_propose(by=both.actor, value="xau.example", category="scam")
    review = reverse("indicator-review", args=[found.uid])
    assert text_of(both.client().post(review, {"decision": "approve"}), 422)
    assert 'name="decision"' not in text_of(
        both.client().get(reverse("indicator", args=[found.uid]))
    )


def test_the_list_marks_what_one_s_key_proposed_as_one_s_own(personas):
    both = personas.with_roles(Role.TECHNICAL, Role.REVIEWER)
    _row, text = api_key_create(
        by=both.actor, organisation=personas.organisation, name="feed",
        scopes=[Action.INDICATOR_PROPOSE], life=timedelta(days=1),
    )  # fmt: skip
    indicator_propose(by=api_key_actor(text), value="xau.example", category="scam")
    assert [row["own"] for row in both.client().get("/staff/reviews/").context["rows"]] == [True]
    other = personas.reviewer.client().get("/staff/reviews/")
    assert [row["own"] for row in other.context["rows"]] == [False]


def test_it_hides_what_is_another_organisation_s_own(personas, published):
    found = published(tlp="red")
    other = personas.other.reviewer.client()
    assert other.get(reverse("indicator", args=[found.uid])).status_code == 404
    withdraw = reverse("indicator-withdraw", args=[found.uid])
    assert other.post(withdraw, {"withdraw-reason": "x"}).status_code == 404
    assert "xau.example" not in text_of(other.get("/staff/indicators/?status=all"))


def test_it_filters_and_turns_pages(personas, monkeypatch, published):
    from lachan.indicators.views import desk

    monkeypatch.setattr(desk, "PAGE", 2)
    for number in range(3):
        published(f"xau{number}.example")
    client = personas.auditor.client()
    first = text_of(client.get("/staff/indicators/"))
    assert ("xau2.example" in first, "xau0.example" in first) == (True, False)
    older = Indicator.objects.get(value="xau1.example").pk
    assert f"after={older}" in first
    assert "xau0.example" in text_of(client.get(f"/staff/indicators/?after={older}"))
    assert "xau1.example" in text_of(client.get("/staff/indicators/?text=XAU1"))
    assert "xau1.example" not in text_of(client.get("/staff/indicators/?kind=url"))
    assert text_of(client.get("/staff/indicators/?kind=nonsense&after=x&status=y"))


def test_its_lists_ask_the_database_little(personas, published):
    client = personas.reviewer.client()
    client.get("/staff/indicators/")
    for number in range(2):
        published(f"a{number}.example")
    with CaptureQueriesContext(connection) as few:
        client.get("/staff/indicators/")
    for number in range(8):
        published(f"b{number}.example")
    with CaptureQueriesContext(connection) as many:
        client.get("/staff/indicators/")
    assert len(many) == len(few)


def test_it_shows_an_import_and_its_bad_lines(personas):
    data = io.BytesIO(b"xau.example\nkhong phai ten\nvnexpress.net\n")
    report = list_import(by=system("x"), stream=data, file_name="l.txt", category="gambling")
    client = personas.auditor.client()
    assert "l.txt" in text_of(client.get("/staff/imports/"))
    page = text_of(client.get(reverse("import", args=[report.uid])))
    assert "khong phai ten" in page
    ListImport.objects.update(finished_at=None)
    assert "notice warning" in text_of(client.get(reverse("import", args=[report.uid])))
    missing = reverse("import", args=[Indicator.objects.first().uid])
    assert client.get(missing).status_code == 404


def test_a_child_disputes_without_a_name_and_reads_the_answer(client, personas, published):
    found = published()
    page = text_of(client.get(f"/dispute/?indicator={found.uid}"))
    assert "xau.example" in page
    assert 'name="value"' not in page
    sent = client.post(f"/dispute/?indicator={found.uid}", {"reason": "help"})
    status = sent["Location"]
    assert "xau.example" in text_of(client.get(status))
    reviewer = personas.reviewer.client()
    assert "xau.example" in text_of(reviewer.get("/staff/disputes/"))
    answer = reverse("dispute-answer", args=[Dispute.objects.get().uid])
    assert text_of(reviewer.get(answer))
    assert text_of(reviewer.post(answer, {"outcome": "kept"}), 422)
    reviewer.post(answer, {"outcome": "withdrawn", "answer": "You were right."})
    assert "You were right." in text_of(client.get(status))
    assert "You were right." in text_of(reviewer.get(answer))
    assert "xau.example" in text_of(reviewer.get("/staff/disputes/?all=1"))
    gone = client.post(f"/dispute/?indicator={found.uid}", {"reason": "help"})
    assert gone.status_code == 422  # asked for the address: nothing is known under that name now


def test_a_child_disputes_by_the_address(client, published):
    published("xau.example")
    published("kin.example", tlp="amber")
    sent = client.post("/dispute/", {"value": "http://xau.example/bai-hoc", "reason": "mistake"})
    assert sent["Location"] == reverse("dispute-status", args=[Dispute.objects.get().uid])
    answers = [
        client.post("/dispute/", {"value": value, "reason": "mistake"})["Location"]
        for value in ("kin.example", "khac.example")
    ]
    assert answers == ["/dispute/noted/"] * 2
    assert text_of(client.get("/dispute/noted/"))
    assert text_of(client.post("/dispute/", {"value": "khong phai", "reason": "mistake"}), 422)
    assert text_of(client.post("/dispute/", {}), 422)
    disputes_settle(by=system("test"))
    hidden = Dispute.objects.get(indicator__value="kin.example").uid
    assert client.get(reverse("dispute-status", args=[hidden])).status_code == 404


def test_a_member_disputes_by_the_page(personas, published):
    found = published()
    other = personas.other.analyst.client()
    sent = {"dispute-reason": "fixed", "dispute-note": "clean since Monday"}
    other.post(reverse("indicator-dispute", args=[found.uid]), sent)
    assert Dispute.objects.get().note == "clean since Monday"
    share = reverse("indicator-share", args=[found.uid])
    assert other.post(share, {"share-tlp": "red"}).status_code == 403
    personas.reviewer.client().post(share, {"share-tlp": "red"})
    assert Indicator.objects.get().tlp == "red"


def test_forms_from_elsewhere_are_refused(personas, published):
    found = published()
    client = Client(enforce_csrf_checks=True)
    assert client.post("/dispute/", {"value": "xau.example", "reason": "mine"}).status_code == 403
    indicator_withdraw(by=personas.reviewer.actor, indicator=found.uid)
