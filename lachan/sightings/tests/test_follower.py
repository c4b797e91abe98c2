"""The collection in step with the ledger, whoever may see what."""

import shutil
import sys
from datetime import timedelta
from threading import Event, Thread

import msgspec
import pytest
from django.db import OperationalError, connection

from lachan.cli.check import Level
from lachan.cli.checks.matching import Matching
from lachan.formats.sharing import ANYBODY, KEEPER, SEVERAL, Viewer
from lachan.indicators.ledger import head_lock, ledger_append
from lachan.indicators.lifecycle import change_of
from lachan.indicators.models import Indicator
from lachan.indicators.records import UnfilteredEntry
from lachan.indicators.selectors import (
    ledger_checkpoint,
    ledger_head,
    ledger_unfiltered,
    projection_unfiltered,
)
from lachan.indicators.services import (
    indicator_expire_due,
    indicator_reshare,
    indicator_withdraw,
)
from lachan.kernel.clock import held_at, now
from lachan.kernel.errors import InvalidInput, Refused
from lachan.kernel.ids import uuid7
from lachan.matching.between.paths import collection_folder, damage_file
from lachan.matching.collection import Collection
from lachan.matching.records import Facts
from lachan.members.records import system
from lachan.sightings.checkpoint import Checkpoint, checkpoint_write
from lachan.sightings.follower import Follower
from lachan.sightings.services import _kinds, collection_rebuild, collection_sync
from lachan.sightings.shards import Shard

DIGESTS = [f"{number:064x}" for number in range(1, 9)]


@pytest.fixture
def find(place):
    """What a reader of its own sees."""

    def find(value, viewer=KEEPER):
        with Collection.open(collection_folder(place)) as reader:
            return reader.find(value, viewer=viewer)

    return find


@pytest.mark.parametrize(
    ("value", "asked"),
    [
        (DIGESTS[0], DIGESTS[0].upper()),
        ("xau.example", "http://a.xau.example/duong"),
        ("+84 912 345 678", "0912345678"),
        ("tiktok:@nguoi.la", "tiktok:@Nguoi.La"),
        ("192.0.2.7", "192.0.2.7"),
        ("la@xau.example", "LA@xau.example"),
    ],
)
def test_it_knows_every_kind_with_its_facts(publish, follower, find, personas, value, asked):
    until = now() + timedelta(days=3)
    made = publish(value, tlp="amber", confidence=70, valid_until=until)
    assert follower.step()
    (hit,) = [hit for hit in find(asked) if hit.facts.indicator == made.uid]
    facts = hit.facts
    assert (facts.sequence, facts.categories, facts.confidence) == (
        made.seq,
        ("contract.scam",),
        70,
    )
    assert (facts.reach, facts.circle) == (2, personas.organisation.pk)
    assert (facts.valid_until, facts.source) == (int(until.timestamp()), "Home")


@pytest.mark.parametrize(
    ("tlp", "level"), [("clear", 0), ("green", 1), ("amber", 2), ("amber+strict", 3), ("red", 3)]
)
def test_it_shows_each_viewer_what_is_for_him(publish, follower, find, personas, tlp, level):
    publish(DIGESTS[0], tlp=tlp)
    follower.step()
    own, other = personas.organisation.pk, personas.other.organisation.pk
    for viewer in (*map(Viewer, range(3)), Viewer.of(2, other)):
        assert bool(find(DIGESTS[0], viewer)) is (viewer.level >= level), viewer
    for viewer in (Viewer.of(1, own), Viewer.of(2, own)):
        assert find(DIGESTS[0], viewer)


def test_it_shows_a_circle_of_several_to_those_of_it(publish, follower, find, personas):
    made = publish(DIGESTS[0], tlp="amber")
    row = Indicator.objects.get(uid=made.uid)
    ended = change_of(row, live=False, was_tlp="amber")
    shared = msgspec.structs.replace(change_of(row, live=True), tlp="red", circle=SEVERAL)
    ledger_append(head_lock(), [ended, shared])
    follower.step()
    own, other = personas.organisation.pk, personas.other.organisation.pk
    for viewer in (Viewer.of(2, own), Viewer.of(2, other, SEVERAL + 1)):
        assert not find(DIGESTS[0], viewer)
    for viewer in (Viewer.of(0, SEVERAL), Viewer.of(2, other, SEVERAL)):
        assert find(DIGESTS[0], viewer)[0].facts.circle == SEVERAL


def test_it_forgets_what_is_withdrawn(publish, follower, find, personas):
    withdrawn, kept = publish(DIGESTS[0]), publish(DIGESTS[1])
    follower.step()
    assert find(DIGESTS[0])
    indicator_withdraw(by=personas.reviewer.actor, indicator=withdrawn.uid, reason="another file")
    follower.step()
    assert not find(DIGESTS[0])
    assert find(DIGESTS[1])[0].facts.indicator == kept.uid


def test_it_says_nothing_of_what_has_expired_since(publish, follower, find):
    publish(DIGESTS[0], valid_until=now() + timedelta(hours=1))
    follower.step()
    assert find(DIGESTS[0])
    with held_at(now() + timedelta(hours=2)):
        assert not find(DIGESTS[0])  # before any task has looked
        indicator_expire_due()
    follower.step()
    assert not find(DIGESTS[0])


def test_it_follows_who_may_see(publish, follower, find, personas):
    made = publish(DIGESTS[0], tlp="clear")
    follower.step()
    assert find(DIGESTS[0], ANYBODY)
    indicator_reshare(by=personas.reviewer.actor, indicator=made.uid, tlp="amber")
    follower.step()
    assert not find(DIGESTS[0], ANYBODY)
    assert find(DIGESTS[0], Viewer(2))


def test_a_reader_sees_a_change_at_once(publish, follower, place, personas):
    follower.step()
    with Collection.open(collection_folder(place)) as reader:
        made = publish(DIGESTS[0])
        follower.step()
        assert reader.find(DIGESTS[0])
        indicator_withdraw(by=personas.reviewer.actor, indicator=made.uid, reason="another file")
        follower.step()
        assert not reader.find(DIGESTS[0])
        assert reader.sequence == ledger_head()


def test_it_takes_the_ledger_in_pieces(publish, follower, place, find):
    follower.step()
    follower.close()
    for digest in DIGESTS:
        publish(digest)
    with Collection.open(collection_folder(place), write=True) as collection:
        taken = [collection_sync(collection, place, limit=3) for _ in range(4)]
    assert taken == [3, 3, 2, 0]
    assert all(find(digest) for digest in DIGESTS)


def test_shards_together_hold_everything_once(publish, place, tmp_path):
    made = [publish(digest) for digest in DIGESTS[:4]]
    homes = [tmp_path / f"machine-{number}" for number in (1, 2, 3)]
    followers = []
    for number, home in enumerate(homes, 1):
        (home / "run").mkdir(parents=True)
        followers.append(Follower(home, shard=Shard(number, 3)))
        assert followers[-1].step()
    made += [publish(digest) for digest in DIGESTS[4:]]
    assert all(follower.step() for follower in followers)
    held = {home: set(known_of(home)) for home in homes}
    assert sum(map(len, held.values())) == len(DIGESTS)
    assert set.union(*held.values()) == {each.uid for each in made}
    # Another share of the same ledger: what is no longer its own goes.
    followers[0].close()
    followers[0] = Follower(homes[0], shard=Shard(2, 3))
    assert followers[0].step()
    assert set(known_of(homes[0])) == held[homes[1]]
    for follower in followers:
        follower.close()


def test_a_withdrawal_reaches_the_shard_that_holds_it(publish, place, personas):
    made = publish(DIGESTS[0])
    shard = Shard(made.uid.int % 2 + 1, 2)
    follower = Follower(place, shard=shard)
    assert follower.step()
    assert known_of(place) == [made.uid]
    indicator_withdraw(by=personas.reviewer.actor, indicator=made.uid, reason="another file")
    assert follower.step()
    assert known_of(place) == []
    follower.close()


@pytest.mark.parametrize("text", ["", "1", "0/1", "3/2", "1/0", "-1/2", "1/2/3", "a/b", "١/0"])
def test_it_refuses_what_is_no_shard(text):
    with pytest.raises(InvalidInput):
        Shard.parse(text)


def known_of(home):
    """The indicators of all digests that a reader of this home sees."""
    with Collection.open(collection_folder(home)) as reader:
        return [
            hit.facts.indicator for digest in DIGESTS for hit in reader.find(digest, viewer=KEEPER)
        ]


def stray(place, follower, *, sequence):
    """Put an entry in that no ledger knows, as a backup that was restored since would leave it."""
    follower.close()
    with Collection.open(collection_folder(place), write=True) as collection:
        collection.add(DIGESTS[7], Facts(sequence, uuid7()), algorithm="sha256")
        collection.commit(sequence)


def test_it_starts_anew_beside_a_ledger_that_was_set_back(publish, follower, find, place):
    publish(DIGESTS[0])
    follower.step()
    stray(place, follower, sequence=9)
    checkpoint_write(collection_folder(place), Checkpoint(_kinds(), 9, "ab" * 32))
    with Collection.open(collection_folder(place)) as stale:
        assert stale.find(DIGESTS[7])
        assert follower.step()
        assert find(DIGESTS[0])
        assert not find(DIGESTS[7])
        stale._reader._look_at = 0.0  # a second later
        assert not stale.find(DIGESTS[7])


def test_it_starts_anew_beside_another_ledger_of_the_same_length(publish, follower, find, place):
    publish(DIGESTS[0])
    follower.step()
    stray(place, follower, sequence=1)
    checkpoint_write(collection_folder(place), Checkpoint(_kinds(), 1, "ab" * 32))
    assert follower.step()
    assert [bool(find(digest)) for digest in (DIGESTS[0], DIGESTS[7])] == [True, False]


@pytest.fixture
def taking_turns():
    """Threads take turns a hundred times as often: more looks meet more moments, and nobody waits for a turn."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    yield
    sys.setswitchinterval(usual)


def test_a_rebuild_never_leaves_a_reader_without_a_collection(
    publish, follower, place, taking_turns
):
    publish(DIGESTS[0])
    follower.step()
    follower.close()
    stop, failed = Event(), []

    def look():
        while not stop.is_set():
            try:
                assert Collection.open(collection_folder(place)).find(DIGESTS[0], viewer=KEEPER)
            except Exception as error:  # noqa: BLE001  whatever it is
                failed.append(repr(error))

    looking = Thread(target=look)
    looking.start()
    for _ in range(20):
        collection_rebuild(place).close()
    stop.set()
    looking.join()
    assert failed == []


def test_it_starts_anew_when_it_learns_another_kind(publish, follower, find, place):
    publish(DIGESTS[0])
    follower.step()
    stray(place, follower, sequence=1)
    checkpoint_write(collection_folder(place), Checkpoint(("md5",), 1, ledger_checkpoint(1)))
    assert follower.step()
    assert not find(DIGESTS[7])


def test_it_keeps_what_it_has_beside_an_empty_database(db, place, follower, find):
    follower.step()
    stray(place, follower, sequence=7)
    assert follower.step()
    assert find(DIGESTS[7])


def test_it_goes_on_when_the_database_comes_back(publish, follower, find, caplog):
    publish(DIGESTS[0])
    follower.step()

    def gone(*_):
        raise OperationalError

    with connection.execute_wrapper(gone):
        assert not follower.step()
        assert not follower.step()
        assert find(DIGESTS[0])
    assert sum("does not answer" in line for line in caplog.messages) == 1
    publish(DIGESTS[1])
    assert follower.step()
    assert find(DIGESTS[1])


def test_it_heals_damaged_files(publish, follower, find, place):
    publish(DIGESTS[0])
    follower.step()
    follower.close()
    manifest = collection_folder(place) / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-20])
    assert not follower.step()
    assert follower.step()
    assert find(DIGESTS[0])


def test_it_looks_when_a_reader_says_that_something_is_damaged(publish, follower, find, place):
    for digest in DIGESTS:
        publish(digest)
    follower.step()
    follower.close()
    with Collection.open(collection_folder(place), write=True) as collection:
        collection.compact()
    index = next(collection_folder(place).glob("sha256/*.index"))
    raw = bytearray(index.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    index.write_bytes(raw)
    damage_file(place).touch()
    assert not follower.step()
    assert follower.step()
    assert not damage_file(place).exists()
    assert all(find(digest) for digest in DIGESTS)


def test_nobody_but_the_system_reads_the_whole_ledger(publish, personas):
    publish(DIGESTS[0], tlp="red")
    for read in (
        lambda by: ledger_unfiltered(by=by, after=0),
        lambda by: projection_unfiltered(by=by, sequence=1),
    ):
        assert [type(row) for row in read(system("x"))] == [UnfilteredEntry]
        with pytest.raises(Refused):
            read(personas.administrator.actor)


def test_the_doctor_sees_how_it_stands(publish, follower, place, monkeypatch):
    monkeypatch.setattr("lachan.cli.follower._PATIENCE", 0)
    look = lambda: Matching().look(place, lambda _: None)  # noqa: E731
    assert look().level is Level.WARNING
    publish(DIGESTS[0])
    follower.step()
    assert (look().level, look().says) == (Level.WELL, "1 entries at sequence 1")
    publish(DIGESTS[1])
    assert look().level is Level.WARNING
    follower.close()
    with Collection.open(collection_folder(place), write=True) as collection:
        collection.commit(9)
    assert look().level is Level.FAULT
    shutil.copy(__file__, collection_folder(place) / "manifest.json")
    found = look()
    assert found.level is Level.FAULT
    assert "--rebuild" in found.way
