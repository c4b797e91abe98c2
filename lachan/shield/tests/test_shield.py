import pytest

from lachan.edge.dns.shelter import Shelter
from lachan.formats.observables.record import InvalidObservable
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.indicators.services import indicator_withdraw
from lachan.shield import selectors
from lachan.shield.services import shelter_keep, snapshot_rebuild, snapshot_sync


@pytest.fixture
def writer(settings, tmp_path):
    settings.LACHAN_HOME = tmp_path
    selectors._mine.__dict__.clear()
    with SnapshotWriter(tmp_path / "snapshots") as writer:
        yield writer
    selectors._mine.__dict__.clear()


@pytest.mark.parametrize(
    ("published", "asked"),
    [
        ("bad.example", "bad.example"),
        ("bad.example", "http://www.bad.example/play?x=1"),
        ("bad.example", "somebody@bad.example"),
        ("http://shop.example/free/", "https://shop.example/free/skins.html"),
        ("192.0.2.7", "http://192.0.2.7:8080/"),
        ("2001:db8::7", "2001:0db8:0:0::7"),
        ("+84 912 345 678", "0912345678"),
        ("tiktok:@some.body", "https://www.tiktok.com/@some.body"),
        ("tiktok:@some.body", "https://m.tiktok.com/@some.body/video/7?lang=vi"),
        (
            "http://bad.example/?next=http://ok.example/",
            "https://bad.example/?next=http://ok.example/",
        ),
        ("bad.example", "http://bad.example/?next=http://ok.example/"),
        ("bad.example", "\u2068bad\u200b。example\u2069"),
        ("d41d8cd98f00b204e9800998ecf8427f"[:-1] + "a", "D41D8CD98F00B204E9800998ECF8427A"),
    ],
)
def test_it_knows_what_was_published_however_it_is_written(writer, publish, published, asked):
    indicator = publish(published)
    assert selectors.value_check(asked).known is False
    snapshot_sync(writer)
    answer = selectors.value_check(asked)
    assert answer.known
    assert answer.action == "block"
    assert answer.indicator == str(indicator.uid)
    assert answer.source == "Home"
    assert answer.reason == "Lừa đảo"
    assert answer.published == answer.sequence == indicator.seq


@pytest.mark.parametrize(
    "message",
    [
        "“https://bad.example/a”.",
        "em vào http://ok.example/a rồi http://bad.example/b nhé",
        "http://bad.example/a nó gửi em",
        "nó bảo vào bad.example, còn ok.example thì được",
        "ok.example,bad.example",
    ],
)
def test_it_answers_a_message_with_the_worst_that_it_names(writer, publish, message):
    publish("bad.example")
    snapshot_sync(writer)
    answer = selectors.value_check(message)
    assert (answer.action, answer.matched_value) == ("block", "bad.example")
    assert "bad.example" in answer.value
    with pytest.raises(InvalidObservable):
        selectors.value_check("nó bảo em vào")


def test_it_takes_64_digits_for_a_picture_where_no_file_is_known_by_them(writer, publish):
    indicator = publish("5a" * 32, kind="pdq")
    snapshot_sync(writer)
    answer = selectors.value_check("5A" * 32)
    assert (answer.known, answer.kind, answer.indicator) == (True, "pdq", str(indicator.uid))
    assert not selectors.value_check("5a" * 32, "sha256").known
    assert selectors.value_check("a5" * 32).kind == "sha256"


@pytest.mark.parametrize(
    "asked",
    [
        "http://ok.test/?u=http://bad.example/",
        "bad.example.test",
        "ad.example",
        "example",
        "notbad.example",
    ],
)
def test_it_says_nothing_of_neighbours(writer, publish, asked):
    publish("bad.example")
    snapshot_sync(writer)
    assert not selectors.value_check(asked, "domain" if "." not in asked else None).known


def test_it_forgets_what_was_withdrawn(writer, publish, personas):
    indicator = publish("bad.example")
    snapshot_sync(writer)
    indicator_withdraw(by=personas.reviewer.actor, indicator=indicator.uid, reason="wrong site")
    snapshot_sync(writer)
    assert not selectors.value_check("bad.example").known
    assert writer.sequence == indicator.seq + 1


def test_it_keeps_the_twin_of_a_withdrawn_address(writer, publish, personas):
    publish("https://bad.example/x")
    plain = publish("http://bad.example/x")
    snapshot_sync(writer)
    indicator_withdraw(by=personas.reviewer.actor, indicator=plain.uid, reason="wrong site")
    snapshot_sync(writer)
    assert selectors.value_check("http://bad.example/x").matched_value == "https://bad.example/x"


@pytest.mark.parametrize("tlp", ["green", "amber", "amber+strict", "red"])
def test_it_shows_the_public_only_what_is_public(writer, publish, tlp):
    publish("bad.example", tlp=tlp)
    publish("open.example")
    snapshot_sync(writer)
    assert not selectors.value_check("bad.example").known
    assert selectors.value_check("open.example").known


def test_it_rebuilds_the_same(writer, publish, personas, tmp_path):
    kept = [publish(f"n{number}.example") for number in range(5)]
    indicator_withdraw(by=personas.reviewer.actor, indicator=kept[2].uid, reason="wrong site")
    while snapshot_sync(writer, limit=2):
        pass
    reader = SnapshotReader(tmp_path / "snapshots")
    before = [reader.get("domain", f"n{number}.example") for number in range(5)]
    assert snapshot_rebuild(writer) == 4
    reader.refresh()
    assert [reader.get("domain", f"n{number}.example") for number in range(5)] == before
    assert [v is None for v in before] == [False, False, True, False, False]


def test_it_follows_a_ledger_that_was_set_back(writer, publish, personas):
    """A restored backup: what follows gets numbers that the snapshot has seen."""
    publish("one.example")
    writer.put("domain", "lost.example", Verdict(kind="domain", value="lost.example"))
    writer.commit(7)
    assert snapshot_sync(writer) == 0
    publish("two.example")
    assert snapshot_sync(writer) == 1
    known = {
        name: selectors.value_check(f"{name}.example").known for name in ("one", "two", "lost")
    }
    assert known == {"one": True, "two": True, "lost": False}


def test_it_keeps_the_last_snapshot_beside_an_empty_database(writer, db):
    writer.put("domain", "kept.example", Verdict(kind="domain", value="kept.example"))
    writer.commit(7)
    assert snapshot_sync(writer) == 0
    assert selectors.value_check("kept.example").known


def test_it_asks_the_database_nothing_to_answer(writer, publish, django_assert_num_queries):
    publish("bad.example")
    snapshot_sync(writer)
    with django_assert_num_queries(0):
        assert selectors.value_check("x.bad.example").known


def test_it_answers_the_api(writer, publish, client):
    indicator = publish("bad.example")
    snapshot_sync(writer)
    answer = client.get("/v1/check", {"value": "hxxp://www.bad[.]example/x"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["known"], body["matched_value"], body["categories"]) == (
        True,
        "bad.example",
        ["contract.scam"],
    )
    assert body["dispute"].endswith(str(indicator.uid))
    assert "111" in body["advice"]


@pytest.mark.parametrize("value", ["", "…", "\x00", "a b c", "x" * 9000])
def test_it_tells_the_api_what_it_cannot_read(writer, db, client, value):
    answer = client.get("/v1/check", {"value": value})
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] in {"invalid-observable", "invalid-input"}
    assert not value or value not in answer.content.decode()


def test_it_answers_people_and_keeps_the_question_out_of_the_address(writer, publish, client):
    publish("bad.example")
    snapshot_sync(writer)
    page = client.post("/check/", {"value": "www.bad.example"})
    assert page.status_code == 200
    assert "Không an toàn: đã có cảnh báo" in page.content.decode()
    assert "Lừa đảo" in page.content.decode()


def test_it_asks_people_again_when_it_cannot_read(writer, db, client):
    page = client.post("/check/", {"value": "???"})
    assert 'role="alert"' in page.content.decode()


def test_it_keeps_the_members_domains_where_edges_shelter_them(writer, personas, settings):
    personas.organisation.domains = ["hotline.test"]
    personas.organisation.save(update_fields=["domains"])
    shelter_keep()
    shelter = Shelter(settings.LACHAN_HOME)
    assert shelter.covers(b"\3www\7hotline\4test")
    personas.organisation.domains = []
    personas.organisation.save(update_fields=["domains"])
    shelter_keep()
    shelter.refresh()
    assert not shelter.covers(b"\3www\7hotline\4test")
