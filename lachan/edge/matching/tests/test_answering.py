"""Bodies, quotas and keys, without a process."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lachan.edge.matching import answering
from lachan.edge.matching.answering import MOST_VALUES, question_answer, question_read
from lachan.edge.matching.keyring import Keyring
from lachan.edge.matching.problems import Problem
from lachan.edge.matching.quotas import DAY, MINUTE, Quota, Quotas
from lachan.edge.matching.settings import settings_make
from lachan.edge.matching.sightings import Sightings
from lachan.formats.sharing import Viewer
from lachan.kernel.bearer import bearer_make, bearer_opens, bearer_prefix
from lachan.kernel.env import EnvError
from lachan.kernel.files import file_write
from lachan.kernel.ids import uuid7
from lachan.matching.between.keys import LookupKey, keys_encode
from lachan.matching.between.paths import spool_folder
from lachan.matching.between.spool import SightingCount, spool_list, spool_read
from lachan.matching.collection import Collection
from lachan.matching.records import Facts

FIRST = "ab" * 32


@pytest.fixture
def collection(tmp_path):
    with Collection.create(tmp_path / "matching") as collection:
        yield collection


def ask(collection, *values, kind="sha256", viewer=Viewer(), **more):  # noqa: B008  immutable
    body = json.dumps({"kind": kind, "values": values, **more}).encode()
    return list(question_answer(question_read(body), collection, viewer))


def test_it_says_where_and_what(collection):
    uid = uuid7()
    collection.add(
        FIRST, Facts(7, uid, categories=("contract.scam",), confidence=60), algorithm="sha256"
    )
    (answer,) = ask(collection, "cd" * 32, FIRST.upper(), "no hash", "x" * 100_000)
    assert (answer.values, answer.unread) == (4, [2, 3])
    (hit,) = answer.hits
    assert (hit.index, hit.distance, hit.sequence, hit.indicator) == (1, 0, 7, uid)
    assert (hit.categories, hit.confidence) == (("contract.scam",), 60)


def test_it_counts_on_from_piece_to_piece(collection):
    collection.add(FIRST, Facts(1, uuid7()), algorithm="sha256")
    pieces = ask(collection, *["cd" * 32] * 250, FIRST, "?")
    assert [piece.values for piece in pieces] == [100, 100, 52]
    assert (pieces[2].hits[0].index, pieces[2].unread) == (250, [251])


def test_it_gives_no_answer_without_end(collection, monkeypatch):
    """A picture that is listed many times, asked for many times."""
    monkeypatch.setattr(answering, "MOST_HITS", 1000)
    collection.add_many(
        [(FIRST, Facts(1, uuid7(), reach=n % 2)) for n in range(20)], algorithm="sha256"
    )
    (answer,) = ask(collection, *[FIRST] * 100)
    assert len(answer.hits) == 1000  # of what is for others nothing counts
    with pytest.raises(Problem) as raised:
        ask(collection, *[FIRST] * 101)
    assert (raised.value.status, raised.value.code) == (422, "too-many-hits")


@pytest.mark.parametrize("level", range(3))
@pytest.mark.parametrize("reach", range(4))
def test_it_shows_what_the_asker_may_see(collection, level, reach):
    collection.add(FIRST, Facts(1, uuid7(), reach=reach, circle=5), algorithm="sha256")
    (other,) = ask(collection, FIRST, viewer=Viewer.of(level, 6))
    (own,) = ask(collection, FIRST, viewer=Viewer.of(level, 5))
    assert bool(other.hits) is (reach <= level)
    assert own.hits


@pytest.mark.parametrize(
    "body",
    [
        b"", b"\xff", b"[]", b"{}", b'{"kind":"sha256"}', b'{"kind":"phone","values":[]}',
        b'{"kind":"url","values":[]}', b'{"kind":"sha256","values":[1]}',
        b'{"kind":"sha256","values":["a"],"more":1}', b'{"kind":"sha256","values":[],"radius":-1}',
        b'{"kind":"sha256","values":[],"radius":32}',
        json.dumps({"kind": "sha256", "values": ["a"] * (MOST_VALUES + 1)}).encode(),
    ],
)  # fmt: skip
def test_it_says_what_it_cannot_read(body):
    with pytest.raises(Problem) as raised:
        question_read(body)
    assert (raised.value.status, raised.value.code) == (422, "invalid-input")


@given(st.binary(max_size=200))
def test_it_never_breaks_on_a_body(body):
    with pytest.raises(Problem) as raised:
        question_read(body)
    assert json.loads(raised.value.body())["code"] == "invalid-input"


def test_it_refuses_beyond_the_quota_and_says_until_when():
    quotas = Quotas(Quota(minute=100, day=250))
    noon = 10 * DAY + 12 * 3600 + 20
    assert quotas.take("a", 100, noon) == 0
    assert quotas.take("a", 1, noon) == MINUTE - 20
    assert quotas.take("b", 100, noon) == 0
    assert quotas.take("a", 100, noon + MINUTE) == 0
    assert quotas.take("a", 60, noon + 2 * MINUTE) == 12 * 3600 - 20 - 2 * MINUTE
    assert quotas.take("a", 50, noon + 2 * MINUTE) == 0
    assert quotas.take("a", 100, noon + DAY) == 0


def test_an_empty_call_is_not_free():
    quotas = Quotas(Quota(minute=2, day=9))
    assert [quotas.take("a", 0, 0) for _ in range(3)] == [0, 0, MINUTE]


@pytest.mark.parametrize("quota", [Quota(minute=7, day=9), Quota(minute=9, day=7)])
def test_it_knows_what_never_fits(quota):
    quotas = Quotas(quota)
    assert quotas.most == 7
    assert quotas.take("a", 7, 0) == 0


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 40)), max_size=60))
def test_no_minute_and_no_day_gets_more_than_its_quota(asked):
    quotas, moment, taken = Quotas(Quota(minute=100, day=300)), 0, {}
    for seconds, values in asked:
        moment += seconds
        if quotas.take("a", values, moment):
            continue
        for length in (MINUTE, DAY):
            window = (length, moment // length)
            taken[window] = taken.get(window, 0) + values
    assert all(count <= {MINUTE: 100, DAY: 300}[length] for (length, _), count in taken.items())


def key_file(path, *, expires=3600.0, level=2):
    prefix, text, kept = bearer_make()
    key = LookupKey(prefix, kept.hex(), level, 5, 5, int(time.time() + expires))
    file_write(path, keys_encode([key]))
    return text


def refused(ring, authorization):
    with pytest.raises(Problem) as raised:
        ring.open(authorization)
    return raised.value.status == 401 and raised.value.code == "api-key-refused"


def test_it_opens_by_key_and_follows_the_file(tmp_path):
    path = tmp_path / "keys.json"
    ring = Keyring(path)
    assert refused(ring, "Bearer lachan_abc_def")
    text = key_file(path)
    assert path.stat().st_mode & 0o777 == 0o600
    ring._look_at = 0
    assert ring.open(f"Bearer {text}").viewer == Viewer.of(2, 5)
    assert ring.open(f"bearer {text}").owner == 5
    for wrong in (
        None,
        "",
        text,
        f"Basic {text}",
        f"Bearer {text}x",
        "Bearer lachan_é_\x00",
        "Bearer",
    ):
        assert refused(ring, wrong)
    path.write_bytes(b"[{")
    ring._look_at = 0
    assert ring.open(f"Bearer {text}")
    file_write(path, keys_encode([]))
    ring._look_at = 0
    assert refused(ring, f"Bearer {text}")


def test_a_key_ends_by_itself(tmp_path):
    path = tmp_path / "keys.json"
    text = key_file(path, expires=-1)
    assert refused(Keyring(path), f"Bearer {text}")


def test_a_key_is_its_whole_text():
    prefix, text, kept = bearer_make()
    assert (bearer_prefix(text), bearer_opens(text, kept)) == (prefix, True)
    assert not bearer_opens(text, None)
    assert not bearer_opens(text.replace("lachan_", "other_"), kept)
    assert not bearer_opens(text[:-1], kept)


def test_it_puts_down_counts_and_nothing_else(tmp_path):
    sightings, one, two = Sightings(tmp_path), uuid7(), uuid7()
    sightings.put_down()
    assert spool_list(tmp_path) == []
    sightings.see([one, two, one], 5)
    sightings.see([one], 6)
    sightings.put_down()
    (path,) = spool_list(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    counts = {(met.indicator, met.organisation): met.count for met in spool_read(path).met}
    assert counts == {(one, 5): 2, (two, 5): 1, (one, 6): 1}
    assert all(met.hour % 3600 == 0 for met in spool_read(path).met)
    assert SightingCount.__struct_fields__ == ("indicator", "hour", "organisation", "count")


def test_it_keeps_its_counts_while_the_disk_will_not(tmp_path):
    sightings = Sightings(tmp_path)
    sightings.see([uuid7()], 5)
    # Not by rights, which do not hold root up.
    spool_folder(tmp_path).write_text("a file where the folder should be")
    sightings.put_down()
    spool_folder(tmp_path).unlink()
    sightings.put_down()
    assert len(spool_list(tmp_path)) == 1


def test_its_settings_are_checked(monkeypatch):
    assert settings_make({"listen": "[::1]:80"}).listen == ("::1", 80)
    assert (
        settings_make({"listen": "0.0.0.0:1", "workers": "4", "per_minute": "8"}).share.minute == 2
    )
    for name in ("minute", "day"):
        assert settings_make({"workers": "4", f"per_{name}": "4"}).share
        with pytest.raises(EnvError, match=f"PER_{name.upper()} is divided among 4 workers"):
            settings_make({"workers": "4", f"per_{name}": "3"})
    monkeypatch.setenv("LACHAN_MATCH_LISTEN", "nowhere")
    with pytest.raises(EnvError):
        settings_make()
