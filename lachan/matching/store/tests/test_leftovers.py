"""What a fault leaves behind: it is cleared away, named, or no hindrance."""

import errno
import os
from pathlib import Path

import pytest

from lachan.kernel.errors import Conflict, InvalidInput
from lachan.kernel.ids import uuid7
from lachan.matching.algorithms.algorithm import algorithms
from lachan.matching.algorithms.pdq import build as building
from lachan.matching.collection import Collection
from lachan.matching.records import (
    Facts,
    SegmentCorrupt,
    SegmentVersion,
    StoreLocked,
    StoreUnwritable,
)
from lachan.matching.store import log as logs
from lachan.matching.store.folder import Folder
from lachan.matching.store.tests.toys import TOYS, facts, uid

PDQ = algorithms()["pdq"].examples()[0]
DIGEST = algorithms()["sha256"].examples()[0]


@pytest.fixture(autouse=True)
def _short_logs(monkeypatch):
    monkeypatch.setattr(logs, "SIZE", 65536)


@pytest.fixture
def filled(tmp_path):
    """A segment of each sort of index."""
    with Collection.create(tmp_path / "lists") as lists:
        lists.add(PDQ, Facts(1, uuid7()), algorithm="pdq")
        lists.add(DIGEST, Facts(1, uuid7()), algorithm="sha256")
        lists.compact()
    return tmp_path / "lists"


def died(work):
    """Do it in a process that ends in the middle."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 9 << 8


def descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_it_sweeps_the_draft_of_an_index_that_a_kill_left(filled, monkeypatch):
    def kill(*_):
        os._exit(9)

    monkeypatch.setattr(building, "_fill_plain", kill)

    def merge():
        with Collection.open(filled, write=True) as lists:
            lists.add("0" * 64, Facts(2, uuid7()), algorithm="pdq")
            lists.compact()

    assert died(merge)
    assert list(filled.glob("pdq/.*.tmp"))
    Collection.open(filled, write=True).close()
    assert list(filled.glob("pdq/.*.tmp")) == []
    assert len(Collection.open(filled).find("0" * 64, algorithm="pdq")) == 1


@pytest.mark.parametrize("step", ["log_create", "manifest_write", "fsync"])
@pytest.mark.parametrize("kill", [False, True])
def test_it_makes_a_collection_where_one_was_cut_off(tmp_path, monkeypatch, step, kill):
    def fail(*_, **__):
        if kill:
            os._exit(9)
        raise OSError(errno.ENOSPC, "no room")

    with monkeypatch.context() as patched:
        owner = {"log_create": logs, "manifest_write": Folder, "fsync": os}[step]
        patched.setattr(owner, step, fail)
        if kill:
            assert died(lambda: Collection.create(tmp_path / "lists"))
        else:
            with pytest.raises(StoreUnwritable, match="full"):
                Collection.create(tmp_path / "lists")
    with Collection.create(tmp_path / "lists", algorithms=TOYS) as lists:
        lists.add("01010101", facts())
    with pytest.raises(Conflict, match="lists is not empty"):
        Collection.create(tmp_path / "lists")


def test_it_numbers_on_whatever_drafts_are_called(filled):
    folder = Folder(filled)
    number = folder.next_number(folder.manifest_read())
    (filled / ".manifest.json.99999999.tmp").touch()
    assert folder.next_number(folder.manifest_read()) == number
    (filled / f".log-{number:08d}.99999999.tmp").touch()
    assert folder.next_number(folder.manifest_read()) == number + 1


def test_it_lets_one_process_make_a_collection(tmp_path):
    held = Folder(tmp_path).lock()
    with pytest.raises(StoreLocked):
        Collection.create(tmp_path)
    os.close(held)
    Collection.create(tmp_path).close()


def test_it_leaves_no_descriptor_open_where_it_cannot_open(filled):
    (path,) = filled.glob("pdq/*.facts")
    path.write_bytes(path.read_bytes()[:-1])
    before = descriptors()
    for _ in range(5):
        with pytest.raises(SegmentCorrupt):
            Collection.open(filled, write=True)
    assert descriptors() == before


def test_it_leaves_no_descriptor_open_where_the_disk_is_full(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "no room")

    with Collection.create(tmp_path / "lists", algorithms=TOYS) as lists:
        lists.add("01010101", facts())
        monkeypatch.setattr(Folder, "manifest_write", full)
        before = descriptors()
        for _ in range(5):
            with pytest.raises(StoreUnwritable, match="full"):
                lists.compact()
        assert descriptors() == before
        assert lists.add("02020202", facts(2)) is None


@pytest.mark.parametrize("name", ["pdq", "sha256"])
@pytest.mark.parametrize(("place", "error"), [(8, SegmentVersion), (15, SegmentVersion), (24, SegmentCorrupt)])  # fmt: skip
def test_it_names_the_index_that_cannot_be_used(filled, name, place, error):
    (path,) = filled.glob(f"{name}/*.index")
    raw = bytearray(path.read_bytes())
    raw[place] ^= 0x40
    path.write_bytes(raw)
    with pytest.raises(error, match=rf"{name}/\d+\.index: "):
        Collection.open(filled)


def test_it_refuses_labels_that_no_log_can_hold(tmp_path):
    with Collection.create(tmp_path / "lists", algorithms=TOYS) as lists:
        with pytest.raises(InvalidInput, match="too long"):
            lists.add("01010101", facts(categories=("",) * 70_000))
        lists.add("02020202", facts(2, categories=("scam",)))
    (hit,) = Collection.open(tmp_path / "lists", algorithms=TOYS).find("02020202")
    assert hit.facts.indicator == uid(2)
