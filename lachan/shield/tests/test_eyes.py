"""The check page and `/v1/check` answer with the eyes of whoever asks, and the public as packets are answered."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.formats.observables.lookups import parents
from lachan.formats.observables.parsing import parse
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import Verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.indicators.services import indicator_withdraw
from lachan.kernel.ids import uuid7
from lachan.matching.algorithms.algorithm import algorithm_of
from lachan.matching.collection import Collection
from lachan.matching.covering import covering_list
from lachan.matching.records import Facts
from lachan.members.records import PUBLIC
from lachan.shield import selectors
from lachan.shield.services import snapshot_sync
from lachan.sightings import selectors as sightings
from lachan.sightings.follower import Follower
from lachan.sightings.shards import WHOLE, Shard

LISTED = [
    "xau.example", "a.xau.example", "http://xau.example/", "https://xau.example/",
    "http://xau.example/a/", "https://xau.example/a/b?c=1", "https://xau.example:8443/a/", "http://192.0.2.7/",
    "192.0.2.7", "2001:db8::7", "nguoi@xau.example", "0912345678", "+84383456789", "tiktok:@nguoi.la",
    "facebook:nguoi.la", "https://www.tiktok.com/", "d41d8cd98f00b204e9800998ecf8427a", "5a" * 20, "5a" * 32,
]  # fmt: skip
ASKED = [
    *LISTED, "b.a.xau.example", "http://xau.example/a/b?c=1", "https://xau.example/a/b?c=1&d=2",
    "http://a.xau.example/a/c.html", "https://xau.example:8443/a/d", "https://xau.example:443/a/", "xau.example:80/a/",
    "http://192.0.2.7:8080/x", "http://[2001:db8::7]/x", "nguoi@a.xau.example", "+84 912 345 678", "0168 345 6789",
    "https://www.tiktok.com/@nguoi.la/video/7", "https://m.tiktok.com/@nguoi.la", "fb.com/nguoi.la",
    "zalo.me/0912345678", "https://www.tiktok.com/@ai.khac", "https://xau.example/a/b?c=1).", "khac.test",
]  # fmt: skip
PDQ = ["5a" * 32, "5a" * 31 + "5b"]


@given(st.sets(st.sampled_from(range(len(LISTED)))), st.sampled_from([*PDQ, ""]))
@settings(deadline=None, max_examples=25)
def test_both_engines_say_the_same_to_the_public(chosen, picture):
    entries = [parse(LISTED[number]) for number in sorted(chosen)]
    entries += [parse(picture, "pdq")] if picture else []
    folder = Path(tempfile.mkdtemp())
    try:
        with (
            SnapshotWriter(folder / "snapshots") as writer,
            Collection.create(folder / "matching") as collection,
        ):
            for number, entry in enumerate(entries, 1):
                writer.put_all([Verdict(kind=entry.kind, value=entry.value, sequence=number)])
                name = algorithm_of(entry.kind).name
                collection.add(entry.value, Facts(number, uuid7()), algorithm=name)
            reader = SnapshotReader(folder / "snapshots")
            for text, kind in [*((text, None) for text in ASKED), *((text, "pdq") for text in PDQ)]:
                asked = parse(text, kind)
                verdict = selectors._covering(reader, parents(asked))
                found = covering_list(collection, asked)
                said = (found[0].kind, found[0].hit.value) if found else None
                assert said == (verdict and (verdict.kind, verdict.value)), text
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def home(settings, tmp_path):
    (tmp_path / "run").mkdir()
    settings.LACHAN_HOME = tmp_path
    selectors._mine.__dict__.clear()
    sightings._collection.cache_clear()
    yield tmp_path
    selectors._mine.__dict__.clear()
    sightings._collection.cache_clear()


@pytest.fixture
def follow(home):
    """Bring snapshot and collection, or one of them, up to the ledger."""

    def follow(*, snapshot=True, collection=True, shard=WHOLE):
        if snapshot:
            with SnapshotWriter(home / "snapshots") as writer:
                snapshot_sync(writer)
        if collection:
            follower = Follower(home, shard=shard)
            assert follower.step()
            follower.close()

    return follow


def test_it_answers_each_with_their_own_eyes(follow, publish, personas):
    mine = publish("rieng.example", tlp="amber")
    publish("chung.example")
    follow()
    own = selectors.value_check("http://www.rieng.example/a", by=personas.analyst.actor)
    assert (own.known, own.indicator, own.matched_value) == (True, str(mine.uid), "rieng.example")
    assert own.reason == "Lừa đảo"
    for by in (PUBLIC, personas.analyst.actor):
        assert selectors.value_check("chung.example", by=by).known
    stranger = selectors.value_check("rieng.example", by=PUBLIC)
    assert not stranger.known
    assert selectors.value_check("rieng.example") == stranger


def test_its_pages_ask_with_the_eyes_of_whoever_is_signed_in(follow, publish, personas, client):
    publish("rieng.example", tlp="amber")
    follow()
    said = "Đừng mở, đừng trả lời"
    assert said not in client.post("/check/", {"value": "rieng.example"}).content.decode()
    client = personas.analyst.client()
    assert said in client.post("/check/", {"value": "rieng.example"}).content.decode()


def test_it_tells_the_public_nothing_of_how_many_are_hidden(follow, publish):
    shown = publish("chung.example")
    publish("rieng.example", tlp="amber")
    follow()
    assert selectors.value_check("khac.example").sequence == shown.seq


@pytest.mark.parametrize("shard", [None, Shard(1, 2)])
def test_it_tells_what_is_public_without_a_whole_collection(follow, publish, shard):
    publish("mot.example")
    publish("hai.example")
    follow(collection=shard is not None, shard=shard)
    assert all(selectors.value_check(f"{name}.example").known for name in ("mot", "hai"))


def test_it_needs_no_snapshot(follow, publish):
    publish("mot.example")
    follow(snapshot=False)
    assert selectors.value_check("mot.example").known


def test_it_says_what_is_public_now_while_the_collection_is_behind(follow, publish, personas):
    gone = publish("mot.example")
    publish("rieng.example", tlp="amber")
    follow()
    publish("hai.example")
    indicator_withdraw(by=personas.reviewer.actor, indicator=gone.uid, reason="mistake")
    follow(collection=False)
    assert selectors.value_check("hai.example").known
    assert not selectors.value_check("mot.example").known
    assert selectors.value_check("rieng.example", by=personas.analyst.actor).known
