import pytest
from django.contrib.messages import get_messages

from lachan.cases.records import CaseTaken, Pick
from lachan.cases.selectors.candidates import candidate_list
from lachan.cases.services.claiming import case_claim
from lachan.cases.services.proposing import indicators_propose
from lachan.cases.services.unsealing import case_report_open
from lachan.cases.views.case import WARNING_WORDS
from lachan.indicators.labels import RULES
from lachan.indicators.selectors import indicator_list
from lachan.indicators.services import indicator_review, indicator_withdraw
from lachan.kernel.errors import Refused
from lachan.kernel.events import HANDLERS, event_from_json
from lachan.outbox.models import OutboxEvent

pytestmark = pytest.mark.django_db


def pick(value, kind="", **changes):
    plain = {"category": "contract.scam", "confidence": 60, "tlp": "clear"}
    return Pick(kind=kind, value=value, **(plain | changes))


@pytest.fixture
def mine(case, personas):
    row = case(
        words="Trang hxxps://XAU[.]example/Qua lừa, người đó gọi từ 0912 345 678",
        traces="xau.example/Qua",
        contact="0987 654 321 hoặc co.giao@truong.example",
    )
    case_claim(by=personas.analyst.actor, uid=row.uid)
    return row


def test_it_tidies_what_the_report_names(mine, personas, keys):
    by = personas.analyst.actor
    opened = case_report_open(by=by, uid=mine.uid, keys=keys)
    found = {(c.kind, c.value) for c in candidate_list(by=by, opened=opened)}
    assert ("url", "https://xau.example/Qua") in found
    assert ("domain", "xau.example") in found  # DNS can block the site, not the path
    assert ("phone", "+84912345678") in found
    # The reporter's own number is in the contact field alone: nobody is asked to tick it.
    assert ("phone", "+84987654321") not in found


def test_it_keeps_what_names_somebody_among_members_at_first(mine, personas, keys):
    opened = case_report_open(by=personas.analyst.actor, uid=mine.uid, keys=keys)
    found = candidate_list(by=personas.analyst.actor, opened=opened)
    assert {c.kind: c.tlp for c in found} == {
        "url": "clear",
        "domain": "clear",
        "phone": "amber",
    }


def test_it_marks_the_reporters_own_when_the_words_name_it(case, personas, keys):
    by = personas.analyst.actor
    row = case(words="hãy gọi cho em 0987 654 321", contact="0987654321")
    opened = case_report_open(by=by, uid=row.uid, keys=keys)
    assert [c.own for c in candidate_list(by=by, opened=opened)] == [True]


def test_it_says_what_is_known_and_what_would_do_harm(case, personas, keys):
    by = personas.analyst.actor
    row = case(traces="xau.example moi.example https://www.google.com")
    case_claim(by=by, uid=row.uid)
    indicators_propose(by=by, uid=row.uid, picks=[pick("xau.example")])
    opened = case_report_open(by=by, uid=row.uid, keys=keys)
    found = {c.value: c for c in candidate_list(by=by, opened=opened)}
    assert found["xau.example"].known == "proposed"
    assert found["xau.example"].indicator is not None
    assert (found["moi.example"].known, found["moi.example"].warnings) == ("", ())
    assert any("well-known" in c.warnings for c in found.values())


def test_it_proposes_each_pick_by_itself(mine, personas):
    by = personas.analyst.actor
    done = indicators_propose(
        by=by,
        uid=mine.uid,
        picks=[
            pick("xau.example"),
            pick("not an address", "domain"),
            pick("khac.example", category="nonsense"),
            pick("khac.example", confidence=-1),
            pick("khac.example", tlp="blue"),
            pick("0912 345 678", "phone", confidence=85, tlp="amber"),
            pick("XAU.example."),
        ],
    )
    assert [p.fault for p in done] == [
        "",
        "invalid-observable",
        "unknown-category",
        "invalid-input",
        "invalid-input",
        "",
        "indicator-exists",
    ]
    assert done[6].indicator == done[0].indicator
    kept = {r.value: r for r in indicator_list(by=by, case_uid=mine.uid)}
    assert set(kept) == {"xau.example", "+84912345678"}
    assert (kept["+84912345678"].confidence, kept["+84912345678"].tlp) == (85, "amber")
    assert kept["xau.example"].organisation_id == personas.organisation.pk
    mine.refresh_from_db()
    assert mine.status == "in_progress"
    assert mine.timeline.filter(kind="proposed").count() == 2


def test_it_lets_only_the_holder_propose(mine, personas):
    with pytest.raises(CaseTaken):
        indicators_propose(by=personas.officer.actor, uid=mine.uid, picks=[pick("xau.example")])
    with pytest.raises(Refused):
        indicators_propose(by=personas.reviewer.actor, uid=mine.uid, picks=[pick("xau.example")])


def test_it_shows_what_became_of_an_indicator_once(mine, personas, deliver):
    by = personas.analyst.actor
    first, second = indicators_propose(
        by=by, uid=mine.uid, picks=[pick("xau.example"), pick("khac.example")]
    )
    reviewer = personas.reviewer.actor
    indicator_review(by=reviewer, indicator=first.indicator, decision="approve")
    indicator_review(by=reviewer, indicator=second.indicator, decision="reject", note="x")
    deliver()
    indicator_withdraw(by=reviewer, indicator=first.indicator, reason="x")
    deliver()
    kinds = list(mine.timeline.order_by("at").values_list("kind", flat=True))
    assert kinds[-3:] == ["published", "rejected", "withdrawn"]
    for row in OutboxEvent.objects.filter(topic__startswith="indicators."):
        for handler in HANDLERS.get(row.topic, ()):
            handler(event_from_json(row.topic, row.data))
    assert mine.timeline.count() == len(kinds)


def test_it_proposes_by_the_pages_form(mine, personas):
    client = personas.analyst.client()
    at = f"/staff/cases/{mine.uid}/"
    candidates = [one for one, *_ in client.get(at).context["candidates"]]
    number = 1 + next(i for i, c in enumerate(candidates) if c.kind == "url")
    form = {
        "pick": [str(number)],
        f"kind-{number}": "url",
        f"value-{number}": candidates[number - 1].value,
        f"category-{number}": "contract.scam",
        f"confidence-{number}": "85",
        f"tlp-{number}": "green",
        "value-new": "them.example",
        "category-new": "contract.scam",
        "confidence-new": "30",
        "tlp-new": "clear",
    }
    answer = client.post(f"{at}propose/", form, follow=True)
    assert answer.status_code == 200
    kept = {r.value: r.confidence for r in indicator_list(by=personas.analyst.actor)}
    assert kept == {candidates[number - 1].value: 85, "them.example": 30}
    assert client.post(f"{at}propose/", {}).status_code == 422


def test_it_says_what_could_not_be_proposed_without_its_value(mine, personas):
    client = personas.analyst.client()
    form = {
        "pick": ["1", "2"],
        "value-1": "bi mat cua em",
        "kind-1": "domain",
        "value-2": "khong doc duoc",
        "kind-2": "<b>made up",
    }
    for number in form["pick"]:
        form |= {f"category-{number}": "contract.scam", f"confidence-{number}": "60"}
        form |= {f"tlp-{number}": "clear"}
    answer = client.post(f"/staff/cases/{mine.uid}/propose/", form)
    assert answer.status_code == 302
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert [words.partition(" – ")[0] for words in said] == ["tên miền", "Mục bạn thêm"]
    kept = "".join([*said, *(cookie.OutputString() for cookie in answer.cookies.values())])
    for secret in ("bi mat", "khong doc", "made up"):
        assert secret not in kept


def test_it_keeps_a_refused_value_in_the_form(mine, personas):
    form = {"value-new": "not an address", "category-new": "contract.scam"}
    form |= {"confidence-new": "60", "tlp-new": "clear"}
    answer = personas.analyst.client().post(f"/staff/cases/{mine.uid}/propose/", form)
    assert answer.status_code == 422
    assert 'value="not an address"' in answer.content.decode()


def test_it_has_words_for_every_rule_of_the_guard():
    assert RULES.keys() <= WARNING_WORDS.keys()
