"""One contract for every channel that is found: what it says is asked of its form, which reads what it wrote."""

import dataclasses
import io
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from lachan.formats.lists.parsing import read
from lachan.formats.lists.record import Entry
from lachan.formats.observables.parsing import kinds
from lachan.indicators import list_request, services
from lachan.indicators.channel import ListRequest, ListResponse, Settings, Way, channels
from lachan.indicators.ledger import head_lock, ledger_append
from lachan.indicators.lifecycle import change_of
from lachan.indicators.list_request import list_serve
from lachan.indicators.models import Indicator
from lachan.indicators.policy import Action
from lachan.indicators.records import PUBLIC_AUDIENCE, NoSuchChannel, SequenceAhead
from lachan.indicators.selectors import ledger_head
from lachan.kernel import clock
from lachan.kernel.errors import InvalidInput
from lachan.members.api_keys import api_key_create
from lachan.members.records import PUBLIC, Actor, ActorKind

pytestmark = pytest.mark.django_db
CHANNELS = sorted(channels())


def key_of(organisation, *scopes):
    return Actor(
        kind=ActorKind.API_KEY, organisation_id=organisation.pk, scopes=frozenset(scopes), label="k"
    )


def body(name, by=PUBLIC, **wanted):
    return b"".join(list_serve(by=by, name=name, wanted=ListRequest(**wanted)).pieces)


def entries(data, name="auto"):
    """What stands on a list, as the form of a channel reads it, or one that is looked for."""
    form = channels()[name].form.name if name in channels() else name
    return list(read(io.BytesIO(data), form=form))


def names(data, name="auto"):
    return [e.observable.value for e in entries(data, name) if isinstance(e, Entry)]


def changes(data, name="auto"):
    """What a list of changes adds and removes."""
    found = entries(data, name)
    added = [e.observable.value for e in found if isinstance(e, Entry)]
    refused = [e for e in found if not isinstance(e, Entry)]
    assert {e.reason for e in refused} <= {"removal"}
    # What came and went in one list is refused where it came, and names itself where it went.
    return added, [e.lets.text for e in refused if e.lets]


def test_it_finds_the_first_four():
    assert {"plain", "hosts", "adblock", "jsonl"} <= set(channels())


@pytest.mark.parametrize("name", CHANNELS)
def test_it_carries_its_examples(name, publish):
    channel = channels()[name]
    assert channel.label
    assert channel.file_name
    assert channel.examples()
    for example in channel.examples():
        publish(example.value, kind=example.kind)
        found = entries(body(name, kinds=frozenset({example.kind})), name)
        pairs = [(each.observable.kind, each.observable.value) for each in found]
        assert pairs == [(example.kind, example.value)]


@pytest.mark.parametrize("name", CHANNELS)
def test_it_can_be_read_back(name, publish):
    published = ["xau.example", "xn--v-d-rma6749a.vn", "a_b.xau.example"]
    for value in published:
        publish(value)
    assert names(body(name), name) == published


# What a guess would take for something else: a PDQ looks like a SHA-256, a profile's address is an account's.
TRICKY = {
    "domain": [
        "vn",
        "com.vn",
        "a_b.xau.example",
        "xn--v-d-rma6749a.vn",
        "0.xau.example",
        "dead.be",
    ],
    "url": [
        *("https://t.me/nguoi_la", "https://www.tiktok.com/@nguoi.la", "http://xau.example/"),
        *("http://192.0.2.1:8080/a;b", "http://[2001:db8::1]/", "https://xau.example/a?b=c,d|e"),
        *(
            "https://xau.example/a//b",
            "https://xau.example/*",
            "https://xau.example/?u=http://a.example/",
        ),
    ],
    "account": ["tiktok:nguoi.la", "zalo:+84912345678"],
    "phone": ["+84912345678", "111", "+8419001234"],
}


def kept_values(kind):
    return [e.value for e in kinds()[kind].examples() if not e.reason] + TRICKY.get(kind, [])


@pytest.mark.parametrize("name", CHANNELS)
def test_every_kind_reads_back_as_what_it_was(name):
    carried = channels()[name].kinds or frozenset(kinds())
    for kind in sorted(carried):
        values = dict.fromkeys(kept_values(kind))
        for value in values:
            row = Indicator.objects.create(
                kind=kind, value=value, category="contract", confidence=90, tlp="clear"
            )
            ledger_append(head_lock(), [change_of(row, live=True)])
        for form in ("auto", name):
            found = list(read(io.BytesIO(body(name, kinds=frozenset({kind}))), form=form))
            pairs = [(e.observable.kind, e.observable.value) for e in found if isinstance(e, Entry)]
            assert pairs == [(kind, value) for value in values], found
            assert len(found) == len(pairs)
    everything = list(read(io.BytesIO(body(name, kinds=carried))))
    assert all(isinstance(e, Entry) for e in everything)
    assert len(everything) == sum(len(set(kept_values(k))) for k in carried)


@pytest.mark.parametrize("name", CHANNELS)
def test_a_withdrawal_reaches_it(name, publish, reviewer):
    found = publish("xau.example")
    publish("xau2.example")
    before = list_serve(by=PUBLIC, name=name, wanted=ListRequest())
    services.indicator_withdraw(by=reviewer, indicator=found.uid)
    assert names(body(name), name) == ["xau2.example"]
    assert changes(body(name, since=before.sequence), name) == ([], ["xau.example"])
    after = list_serve(by=PUBLIC, name=name, wanted=ListRequest())
    assert after.validator != before.validator


@pytest.mark.parametrize("name", CHANNELS)
def test_its_changes_read_back_as_what_they_were(name, publish, reviewer):
    gone = publish("xau.example")
    before = list_serve(by=PUBLIC, name=name, wanted=ListRequest())
    publish("xau2.example")
    services.indicator_withdraw(by=reviewer, indicator=gone.uid)
    for since, added in ((before.sequence, ["xau2.example"]), (0, ["xau2.example"])):
        for form in ("auto", name):
            assert changes(body(name, since=since), form) == (added, ["xau.example"])
    for form in ("auto", name):
        assert changes(body(name, since=before.sequence + 1), form) == ([], ["xau.example"])


@pytest.mark.parametrize("name", CHANNELS)
def test_it_sends_not_one_byte_to_whom_it_is_not_for(name, publish, hotline, enterprise, reviewer):
    tlps = ("clear", "green", "amber", "amber+strict", "red")
    values = [f"canary-{tlp.replace('+', '-')}.example" for tlp in tlps]
    for value, tlp in zip(values, tlps, strict=True):
        publish(value, tlp=tlp)
    raised = publish("raised.example")
    services.indicator_reshare(by=reviewer, indicator=raised.uid, tlp="red")
    school = type(hotline).objects.create(name="School", type="school")
    audiences = [
        (PUBLIC, 1),
        (key_of(hotline), 1),  # a key without the right counts as nobody's
        (key_of(school, "list.read"), 2),
        (key_of(enterprise, "list.read"), 3),
        (key_of(hotline, "list.read"), 5),
    ]
    raised_to = {5: ["raised.example"]}
    for by, number in audiences:
        own = raised_to.get(number, [])
        assert names(body(name, by), name) == values[:number] + own
        assert names(body(name, by, at=5), name) == values[:number]
        assert changes(body(name, by, since=0, at=5), name) == (values[:number], [])
        # Public once, one organisation's own now: a delta says that it came, and to others that it left.
        told = (values[:number] + own * 2, [] if own else ["raised.example"])
        assert changes(body(name, by, since=0), name) == told
        for wanted in ({}, {"since": 0}, {"at": 5}, {"since": 0, "at": 5}):
            text = body(name, by, **wanted).decode()
            assert not [value for value in values[number:] if value in text]
    assert "raised.example" not in body(name).decode()
    assert '"tlp":"red"' not in body(name, since=0).decode()


@pytest.mark.parametrize("name", CHANNELS)
def test_it_leaves_out_a_bad_record_alone(name, publish, caplog):
    publish("xau.example")
    for value in ("xau\n0.0.0.0 tot.example", "xau tot.example", ""):
        bad = Indicator.objects.create(
            kind="domain", value=value, category="content", confidence=1, tlp="clear"
        )
        ledger_append(head_lock(), [change_of(bad, live=True)])
    publish("xau2.example")
    assert names(body(name), name) == ["xau.example", "xau2.example"]
    assert "tot.example" not in body(name, since=0).decode()
    assert "is left out" in caplog.text


@pytest.mark.parametrize("name", CHANNELS)
def test_it_rebuilds_every_past(name, publish, reviewer):
    served, when = {}, {}

    def keep():
        now = list_serve(by=PUBLIC, name=name, wanted=ListRequest())
        served[ledger_head()] = (now.validator, b"".join(now.pieces))
        when[ledger_head()] = clock.now()

    keep()
    for number in range(4):
        found = publish(f"xau{number}.example", tlp="amber" if number == 1 else "clear")
        keep()
        if number % 2 == 0:
            services.indicator_withdraw(by=reviewer, indicator=found.uid)
            keep()
    for sequence, (validator, data) in served.items():
        for wanted in (ListRequest(at=sequence), ListRequest(as_of=when[sequence])):
            past = list_serve(by=PUBLIC, name=name, wanted=wanted)
            assert (past.validator, b"".join(past.pieces)) == (validator, data)
    with pytest.raises(SequenceAhead):
        body(name, at=ledger_head() + 1)
    with pytest.raises(SequenceAhead):
        body(name, since=ledger_head() + 1)
    with pytest.raises(SequenceAhead):
        body(name, as_of=clock.now() + timedelta(seconds=9))


def test_it_tells_nobody_how_far_the_ledger_reaches_for_others(publish, hotline):
    publish("mot.example")
    publish("hai.example", tlp="red")
    for wanted in ({"since": 2}, {"at": 2}):
        with pytest.raises(SequenceAhead):
            body("plain", **wanted)
    assert body("plain", since=1) == b""
    own = Actor(kind=ActorKind.PERSON, organisation_id=hotline.pk)
    assert list_serve(by=own, name="plain", wanted=ListRequest(at=2)).sequence == 2


@pytest.mark.parametrize("name", CHANNELS)
def test_it_never_names_what_would_be_a_directory_to_the_public(name, publish, enterprise):
    publish("xau.example", category="csam")
    assert "xau.example" not in body(name).decode()
    assert "xau.example" not in body(name, since=0).decode()
    assert "xau.example" in body(name, key_of(enterprise, "list.read")).decode()


def test_it_takes_options(publish):
    publish("xau.example", category="gambling", confidence=90)
    publish("xau2.example", category="scam", confidence=40)
    publish("https://xau3.example/a", category="scam")
    assert names(body("plain"), "plain") == ["xau.example", "xau2.example"]
    assert names(body("plain", kinds=frozenset({"url"})), "plain") == ["https://xau3.example/a"]
    assert names(body("jsonl", category="contract"), "jsonl") == [
        "xau.example",
        "xau2.example",
        "https://xau3.example/a",
    ]
    assert names(body("plain", category="scam"), "plain") == ["xau2.example"]
    assert names(body("plain", confidence=50), "plain") == ["xau.example"]
    with pytest.raises(InvalidInput):
        body("hosts", kinds=frozenset({"url"}))
    with pytest.raises(InvalidInput):
        body("plain", at=1, as_of=clock.now())
    with pytest.raises(NoSuchChannel):
        body("pdf")


def test_a_channel_is_asked_by_its_own_way_within_its_own_settings(monkeypatch):
    class Sure(Settings):
        def checked(self, wanted, *, carried):
            return dataclasses.replace(wanted, kinds=carried, confidence=80)

    class Told(Way):
        def serve(self, channel, audience, wanted):
            return ListResponse(channel, audience, 7, "told", iter([wanted, audience]))

    class Odd(channels()["hosts"].__class__):
        way, settings = Told(), Sure()

    monkeypatch.setattr(list_request, "channels", lambda: {"odd": Odd()})
    served = list_serve(by=PUBLIC, name="odd", wanted=ListRequest(since=3))
    assert (served.sequence, served.validator) == (7, "told")
    asked = ListRequest(since=3, kinds=frozenset({"domain"}), confidence=80)
    assert list(served.pieces) == [asked, PUBLIC_AUDIENCE]


def test_it_asks_the_database_little(publish):
    for number in range(5):
        publish(f"xau{number}.example")
    with CaptureQueriesContext(connection) as queries:
        body("plain")
    assert len(queries) == 2


def test_json_lines_say_since_when(publish, hotline, reviewer):
    found = publish("xau.example", tlp="red")
    services.indicator_reshare(by=reviewer, indicator=found.uid, tlp="clear")
    own, public = (json.loads(body("jsonl", by)) for by in (key_of(hotline, "list.read"), PUBLIC))
    assert own["first_published"] < own["published"] == public["published"]
    # When it was kept from somebody is not told to him.
    assert public["first_published"] == public["published"]
    assert own["valid_from"] == public["valid_from"] < own["first_published"]
    with CaptureQueriesContext(connection) as queries:
        body("jsonl")
    assert len(queries) == 3


def test_it_serves_over_http(client, publish, reviewer):
    found = publish("xau.example")
    index = client.get("/v1/lists").json()
    assert (index["audience"], index["sequence"]) == ("public", 1)
    assert {each["href"] for each in index["lists"]} >= {"/v1/lists/plain", "/v1/lists/jsonl"}
    first = client.get("/v1/lists/plain")
    assert b"".join(first.streaming_content).endswith(b"xau.example\n")
    assert first["X-Lachan-Sequence"] == "1"
    assert first["Cache-Control"] == "public, no-cache"
    same = client.get("/v1/lists/plain", headers={"If-None-Match": f'W/"x", {first["ETag"]}'})
    assert (same.status_code, same.content) == (304, b"")
    assert "Content-Type" not in same
    services.indicator_withdraw(by=reviewer, indicator=found.uid)
    changed = client.get("/v1/lists/plain", headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    delta = client.get("/v1/lists/jsonl?since=1")
    (line,) = b"".join(delta.streaming_content).splitlines()
    assert json.loads(line)["effect"] == "remove"
    before = client.get("/v1/lists/jsonl?as_of=1999-12-31T23:59:59Z")
    assert (b"".join(before.streaming_content), before["X-Lachan-Sequence"]) == (b"", "0")
    for address, status, code in (
        ("/v1/lists/pdf", 404, "no-such-channel"),
        ("/v1/lists/plain?at=99", 422, "sequence-ahead"),
        ("/v1/lists/plain?since=-1", 422, "invalid-input"),
        ("/v1/lists/plain?as_of=2199-01-01T00:00:00Z", 422, "sequence-ahead"),
        ("/v1/lists/plain?as_of=2026-01-01T00:00:00", 422, "invalid-input"),
        ("/v1/lists/plain?at=1&as_of=2026-01-01T00:00:00Z", 422, "invalid-input"),
        ("/v1/lists/plain?category=x", 422, "unknown-category"),
    ):
        answer = client.get(address)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_tells_strangers_nothing_over_http(client, publish):
    uid = publish("xau.example", tlp="amber").uid
    for address in ("/v1/indicators", f"/v1/indicators/{uid}"):
        assert client.get(address).status_code == 401
    proposal = {"value": "tot.example", "category": "scam"}
    for address, sent in (("/v1/indicators", proposal), (f"/v1/indicators/{uid}/withdraw", {})):
        answer = client.post(address, sent, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in-needed")
    said = {"reason": "mistake"}
    answer = client.post(f"/v1/indicators/{uid}/dispute", said, content_type="application/json")
    assert answer.status_code == 404


def test_a_key_opens_what_its_organisation_may_see(client, personas):
    made = api_key_create(
        by=personas.technical.actor,
        organisation=personas.organisation,
        name="feed",
        scopes=[Action.LIST_READ, Action.INDICATOR_READ, Action.INDICATOR_PROPOSE],
        life=timedelta(days=1),
    )
    bearer = {"Authorization": f"Bearer {made[1]}"}
    sent = {"value": "hxxp://xau[.]example/a", "category": "scam", "tlp": "amber"}
    answer = client.post("/v1/indicators", sent, content_type="application/json", headers=bearer)
    assert (answer.status_code, answer.json()["value"]) == (201, "http://xau.example/a")
    again = client.post("/v1/indicators", sent, content_type="application/json", headers=bearer)
    assert (again.status_code, again.json()["code"]) == (409, "indicator-exists")
    uid = answer.json()["uid"]
    assert client.get(f"/v1/indicators/{uid}", headers=bearer).json()["status"] == "proposed"
    assert len(client.get("/v1/indicators?status=proposed", headers=bearer).json()) == 1
    services.indicator_review(by=personas.reviewer.actor, indicator=uid, decision="approve")
    feed = client.get("/v1/lists/plain?kind=url", headers=bearer)
    assert b"http://xau.example/a" in b"".join(feed.streaming_content)
    assert feed["Cache-Control"] == "private, no-cache"
    public = client.get("/v1/lists/plain?kind=url")
    assert b"xau.example" not in b"".join(public.streaming_content)
    assert feed["ETag"] != public["ETag"]
    assert client.get("/v1/lists/plain", headers={"Authorization": "Bearer x"}).status_code == 401
