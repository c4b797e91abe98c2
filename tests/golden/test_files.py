"""Files of `v1`, as processes without a database read them."""

import tarfile
from pathlib import Path

import msgspec
import pytest

from lachan.formats.sharing import KEEPER
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.matching.between.keys import LookupKey, keys_read
from lachan.matching.between.spool import SightingBatch, SightingCount, spool_read
from lachan.matching.collection import Collection
from lachan.matching.scanning.journal import Journal, item_name
from tests.golden import contents
from tests.golden.contents import PICTURES, UIDS, facts


@pytest.fixture
def written(tmp_path):
    with tarfile.open(Path(__file__).parent / "v1/files.tar.xz") as tar:
        tar.extractall(tmp_path, filter="data")
    return tmp_path


def test_it_reads_the_snapshot(written):
    reader = SnapshotReader(written / "snapshot")
    assert (reader.status().state, reader.status().sequence) == ("good", 7)
    for verdict in [*contents.VERDICTS[:4], contents.LATER]:
        assert reader.get(verdict.kind, verdict.value) == verdict
    assert reader.get("ipv6", "2001:db8::1") is None


def test_it_goes_on_writing_the_snapshot(written):
    with SnapshotWriter(written / "snapshot") as writer:
        assert (writer.fault, writer.needs_rebuild, writer.sequence) == ("", False, 7)
        writer.put(contents.VERDICTS[4].kind, contents.VERDICTS[4].value, contents.VERDICTS[4])
    assert SnapshotReader(written / "snapshot").get("ipv6", "2001:db8::1") == contents.VERDICTS[4]


def test_it_reads_the_collection(written):
    lists = Collection.open(written / "collection")
    lists.verify()
    assert lists.sequence == 7
    _holds(lists)


def test_it_goes_on_writing_the_collection(written):
    with Collection.open(written / "collection", write=True) as lists:
        lists.compact()
        _holds(lists)
        assert lists.remove(UIDS[3]) == len(contents.NAMED)


def _holds(lists):
    for place, (value, uid) in enumerate(PICTURES, 1):
        hits = lists.find(value, viewer=KEEPER, algorithm="pdq", radius=0)
        assert [(hit.value, hit.facts) for hit in hits] == [(value, facts(uid, place))]
    for place, (algorithm, value) in enumerate(contents.NAMED, 3):
        (hit,) = lists.find(value, viewer=KEEPER, algorithm=algorithm)
        assert (hit.value, hit.facts) == (value, facts(UIDS[3], place))


def test_it_goes_on_with_the_scan(written):
    journal = Journal(written / "scan.journal", contents.SCAN)
    assert journal.state == "collection at 7"
    assert journal.done == {item_name(contents.ITEM): []}
    ((counts, (finding,)),) = journal.outcomes(set(journal.done))
    assert (counts.known, finding.matches[0].value) == (1, PICTURES[0][0])
    journal.close()


def test_it_reads_keys_and_sightings(written):
    key = LookupKey("abcdefgh", "00" * 32, 2, 7, 7, 1_900_000_000)
    assert keys_read(written / "keys.json") == {"abcdefgh": key}
    batch = SightingBatch(UIDS[3], [SightingCount(UIDS[0], 1_772_600_400, 7, 3)])
    assert spool_read(written / "sightings.json") == batch
    assert msgspec.json.encode(batch) == (written / "sightings.json").read_bytes()
