from datetime import timedelta
from itertools import count

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from lachan.indicators import services, weighing
from lachan.indicators.models import Dispute, Indicator
from lachan.indicators.selectors import dispute_rows
from lachan.kernel.clock import held_at, now
from lachan.kernel.sealing.work import LIFETIME, pow_zeros
from lachan.members.records import PUBLIC

pytestmark = pytest.mark.django_db


def solved(challenge):
    bits = int(challenge.split(".")[1])
    return next(str(n) for n in count() if pow_zeros(challenge, str(n)) >= bits)


@pytest.fixture
def easy(monkeypatch):
    monkeypatch.setattr(weighing, "WORK_BITS", 4)


def names(rows):
    return [row.indicator.value for row in rows]


def test_a_flood_hides_nothing(publish, reviewer, outsider):
    blocked = [publish(f"ten{n:02}.example") for n in range(24)]
    real, member, warned = blocked[20:23]
    Indicator.objects.filter(uid=warned.uid).update(warnings=[{"rule": "well-known"}])
    for one in blocked[:20]:
        services.dispute_open(by=PUBLIC, indicator=one.uid, reason="mistake")
    services.dispute_open(by=PUBLIC, indicator=real.uid, reason="mine", proven=True)
    services.dispute_open(by=outsider, indicator=member.uid, reason="help")
    services.dispute_open(by=PUBLIC, indicator=warned.uid, reason="mistake")
    shown = names(dispute_rows(by=reviewer, aside=False))
    assert shown[:3] == [member.value, warned.value, real.value]
    aside = names(dispute_rows(by=reviewer, aside=True))
    assert sorted(shown + aside) == sorted(one.value for one in blocked[:23])
    assert len(aside) == 20 - weighing.BUSY_PER_MINUTE
    # What was set aside comes up when somebody proves that he means it.
    late = next(one for one in blocked if one.value == aside[-1])
    services.dispute_open(by=PUBLIC, indicator=late.uid, reason="mine", proven=True)
    assert late.value in names(dispute_rows(by=reviewer, aside=False))
    assert Dispute.objects.get(indicator__uid=late.uid).times == 2


def test_nobody_is_refused_in_a_flood(client, publish):
    for n in range(weighing.BUSY_PER_MINUTE + 3):
        publish(f"ten{n:02}.example")
        sent = client.post("/dispute/", {"value": f"ten{n:02}.example", "reason": "mistake"})
        assert sent.status_code == 302
    assert Dispute.objects.filter(weight=0).count() == 3


def test_the_page_carries_the_work_and_takes_its_proof(client, publish, easy):
    for _ in range(weighing.BUSY_PER_MINUTE):
        weighing.arrivals.note()
    for n in range(3):
        publish(f"ten{n:02}.example")
    page = client.get("/dispute/").content.decode()
    challenge = page.split('name="form" value="')[1].split('"')[0]
    fields = {"form": challenge, "work": solved(challenge), "reason": "mine"}
    for n in range(3):
        client.post("/dispute/", fields | {"value": f"ten{n:02}.example"})
    # One proof, one dispute.
    assert list(Dispute.objects.order_by("id").values_list("weight", flat=True)) == [2, 0, 0]


def test_a_proof_is_good_once_and_for_a_while(easy):
    challenge = weighing.challenge_new()
    answer = solved(challenge)
    wrong = next(str(n) for n in count() if pow_zeros(challenge, str(n)) < 4)
    assert not weighing.work_spend(challenge, wrong)
    assert not weighing.work_spend(challenge[:-1] + "x", answer)
    assert not weighing.work_spend("", "")
    with held_at(now() + LIFETIME + timedelta(seconds=1)):
        assert not weighing.work_spend(challenge, answer)
    assert weighing.work_spend(challenge, answer)
    assert not weighing.work_spend(challenge, answer)


@given(st.booleans(), st.booleans(), st.integers(0, 40))
def test_the_weights_keep_their_order(warned, proven, before):
    weighing.arrivals.forget()
    for _ in range(before):
        weighing.arrivals.note()
    weight = weighing.dispute_weight(member=False, warned=warned, proven=proven)
    busy = before >= weighing.BUSY_PER_MINUTE
    assert (weight == 0) == (busy and not warned and not proven)
    assert weight < weighing.dispute_weight(member=True, warned=False, proven=False)


@pytest.mark.parametrize("which", ["", "?all=1", "?aside=1"])
def test_every_dispute_can_be_reached(personas, which):
    analyst, reviewer = personas.analyst.actor, personas.reviewer.actor
    made = services.indicator_propose(by=analyst, value="xau.example", category="scam")
    services.indicator_review(by=reviewer, indicator=made.uid, decision="approve")
    found = Indicator.objects.get(uid=made.uid)
    people = {"indicator": found, "organisation_id": found.organisation_id, "due_at": now()}
    weight = 0 if "aside" in which else 8
    Dispute.objects.bulk_create(
        [Dispute(reason="help", weight=weight, **people) for _ in range(230)]
    )
    client, seen, address = personas.reviewer.client(), [], reverse("disputes") + which
    while address:
        page = client.get(address)
        seen += [row["it"].pk for row in page.context["rows"]]
        html = " ".join(page.content.decode().split())
        nexts = html.split('rel="next" href="')[1:]
        address = (
            reverse("disputes") + nexts[0].split('"')[0].replace("&amp;", "&") if nexts else ""
        )
    assert sorted(seen) == sorted(Dispute.objects.values_list("pk", flat=True))
