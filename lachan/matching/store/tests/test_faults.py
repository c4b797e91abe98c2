"""Files cut, flipped, torn and swapped; disks that fill up: the right answer or a clear error, nothing else."""

import contextlib
import os
import resource
import shutil
import signal
import struct
from pathlib import Path

import pytest

from lachan.kernel.errors import Conflict, InvalidInput, Refused
from lachan.matching.collection import Collection
from lachan.matching.records import (
    KEEPER,
    MatchingError,
    NoCollection,
    SegmentCorrupt,
    SegmentVersion,
    StoreLocked,
    StoreUnwritable,
)
from lachan.matching.store import layout as ly
from lachan.matching.store import log as logs
from lachan.matching.store.tests.toys import TOYS, facts, uid

VALUES = [f"{number * 0x01010101:08x}" for number in range(1, 11)]


@pytest.fixture(autouse=True)
def _short_logs(monkeypatch):
    monkeypatch.setattr(logs, "SIZE", 8192)


def create(folder):
    return Collection.create(folder, algorithms=TOYS)


def read(folder):
    return Collection.open(folder, algorithms=TOYS)


def write(folder):
    return Collection.open(folder, write=True, algorithms=TOYS)


def known(collection):
    """Which of VALUES it knows."""
    return [v for v in VALUES if collection.find(v, viewer=KEEPER, radius=0)]


@pytest.fixture
def folder(tmp_path):
    """Five values in a segment, of which one is gone; three in the log, the last two not synced."""
    with create(tmp_path / "lists") as lists:
        for number, value in enumerate(VALUES[:5]):
            lists.add(value, facts(number, source="segment", categories=("scam",)))
        lists.add("w:word", facts(20))
        lists.compact()
        lists.remove(uid(2))
        lists.compact(whole=False)
        lists.add(VALUES[5], facts(5, source="log"))
        lists.commit(5)
        lists.add(VALUES[6], facts(6, source="log"))
        lists.add(VALUES[7], facts(7, source="log"))
        # A copy, as the disk would be if the process ended here.
        shutil.copytree(tmp_path / "lists", tmp_path / "copy")
    return tmp_path / "copy"


SYNCED = VALUES[:2] + VALUES[3:6]
ALL = VALUES[:2] + VALUES[3:8]


def the_log(folder):
    return max(folder.glob("log-*"))


def outcome(open_, folder):
    """What a collection knows, or the error that it gives."""
    try:
        with contextlib.closing(open_(folder)) as lists:
            return known(lists)
    except MatchingError as error:
        return type(error)


def test_it_knows_everything_after_a_kill(folder):
    assert outcome(read, folder) == ALL
    assert outcome(write, folder) == ALL
    assert outcome(write, folder) == ALL
    assert read(folder).sequence == 5


def content(raw):
    """Places of a file that hold something."""
    return [place for place, byte in enumerate(raw) if byte]


@pytest.mark.parametrize("pattern", ["log-*", "manifest.json", "bits/*.facts", "bits/*.gone-*"])
def test_it_never_believes_a_flipped_bit(folder, tmp_path, pattern):
    """Each byte of each file in turn. What is beside the point (a boot number, padding) may change."""
    path = max(folder.glob(pattern))
    raw = path.read_bytes()
    seen = []
    for place in content(raw):
        altered = bytearray(raw)
        altered[place] ^= 1 << place % 8
        path.write_bytes(altered)
        found = outcome(read, folder)
        assert found in (ALL, SegmentCorrupt, SegmentVersion), place
        seen.append(found)
        if pattern == "log-*":
            shutil.rmtree(tmp_path / "other", ignore_errors=True)
            shutil.copytree(folder, tmp_path / "other")
            assert outcome(write, tmp_path / "other") in (ALL, SegmentCorrupt, SegmentVersion)
    path.write_bytes(raw)
    assert seen.count(ALL) < len(seen) / 5
    assert outcome(write, folder) == ALL


def test_it_loses_nothing_that_was_synced_when_the_power_fails(folder):
    """The machine stops: of what was not synced, each byte may or may not be on the disk."""
    path = the_log(folder)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<Q", raw, 8 * logs._BOOT, 12345)
    end = len(bytes(raw).rstrip(b"\0"))
    synced = struct.unpack_from("<I", raw, 8 * logs._SYNCED)[0]
    assert ly.HEAD_SIZE < synced < end
    results = []
    for cut in range(ly.HEAD_SIZE, end + 1):
        torn = raw[:cut] + bytes(len(raw) - cut)
        path.write_bytes(torn)
        found = outcome(read, folder)
        if cut % 7 == 0:
            assert outcome(write, folder) == outcome(read, folder) == found
        if cut < synced and found == SegmentCorrupt:
            continue
        assert found in (SYNCED, ALL[:-1], ALL), cut
        results.append(found)
    assert SYNCED in results
    assert ALL in results


def test_it_does_not_wake_what_a_crash_left_behind_the_end(folder):
    """A torn change, and behind it a whole one: writing the first again must not bring back the second."""
    path = the_log(folder)
    raw = bytearray(path.read_bytes())
    struct.pack_into("<Q", raw, 8 * logs._BOOT, 12345)
    synced = struct.unpack_from("<I", raw, 8 * logs._SYNCED)[0]
    raw[synced] ^= 1
    path.write_bytes(raw)
    with write(folder) as lists:
        assert known(lists) == SYNCED
        lists.add(VALUES[6], facts(6, source="log"))
    raw = bytearray(path.read_bytes())
    struct.pack_into("<Q", raw, 8 * logs._BOOT, 12345)
    path.write_bytes(raw)
    assert outcome(write, folder) == ALL[:-1]


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.index", "bits/*.gone-*"])
@pytest.mark.parametrize("size", [0, 100, 4095, -1])
def test_it_says_that_a_file_is_cut_off(folder, pattern, size):
    path = max(folder.glob(pattern))
    os.truncate(path, size if size >= 0 else path.stat().st_size - 1)
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentCorrupt


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.index", "bits/*.gone-*"])
def test_it_says_that_a_file_is_missing(folder, pattern):
    max(folder.glob(pattern)).unlink()
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentCorrupt


@pytest.mark.parametrize("pattern", ["log-*", "bits/*.facts", "bits/*.gone-*"])
@pytest.mark.parametrize(("place", "word"), [(8, 2), (12, 0x0D0C0B0A)], ids=["version", "order"])
def test_it_refuses_another_version_and_byte_order_by_name(folder, pattern, place, word):
    path = max(folder.glob(pattern))
    raw = bytearray(path.read_bytes())
    struct.pack_into("<I", raw, place, word)
    path.write_bytes(raw)
    for open_ in (read, write):
        assert outcome(open_, folder) == SegmentVersion


def test_it_refuses_a_manifest_of_another_version(folder):
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"version":1', b'"version":2'))
    assert outcome(read, folder) == SegmentVersion


def test_it_refuses_files_of_another_collection(folder, tmp_path):
    with create(tmp_path / "other") as other:
        other.add(VALUES[0], facts(1))
        other.compact()
    for pattern in ("log-*", "bits/*.facts"):
        mine, theirs = max(folder.glob(pattern)), max((tmp_path / "other").glob(pattern))
        raw = mine.read_bytes()
        shutil.copy(theirs, mine)
        assert outcome(read, folder) == SegmentCorrupt
        mine.write_bytes(raw)
    assert outcome(read, folder) == ALL


def test_it_refuses_an_algorithm_that_it_does_not_know(folder):
    with pytest.raises(SegmentVersion):
        Collection.open(folder, algorithms={"bits": TOYS["bits"]})


def test_it_has_no_answer_where_there_is_no_collection(tmp_path):
    for path in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(NoCollection):
            read(path)
        with pytest.raises(NoCollection):
            write(path)
    assert list(tmp_path.iterdir()) == []


def test_it_makes_no_collection_among_other_files(tmp_path):
    (tmp_path / "letter.txt").touch()
    with pytest.raises(Conflict):
        create(tmp_path)


def test_it_lets_one_process_write(folder):
    with write(folder), pytest.raises(StoreLocked):
        write(folder)
    write(folder).close()


def test_it_lets_a_reader_change_nothing(folder):
    with pytest.raises(Refused):
        read(folder).add(VALUES[0], facts(1))


def test_it_tells_a_running_reader_of_damage(folder):
    reader = read(folder)
    with write(folder) as lists:
        assert known(reader) == ALL
        lists.add(VALUES[8], facts(8))
        with the_log(folder).open("r+b") as file:
            end = len(file.read().rstrip(b"\0"))
            file.seek(end - 1)
            file.write(b"\0")
        with pytest.raises(SegmentCorrupt):
            known(reader)
        with pytest.raises(SegmentCorrupt):
            known(reader)


def test_it_never_goes_back_in_sequence(folder):
    with write(folder) as lists, pytest.raises(InvalidInput):
        lists.commit(4)


@contextlib.contextmanager
def full_disk(room):
    """No file of this process may grow beyond `room` bytes: what a full disk does, without one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)


@pytest.mark.parametrize("room", [0, 300, 4096, 4200, 4500, 5000, 8192, 8500])
def test_it_loses_nothing_on_a_full_disk_and_goes_on(folder, room):
    with write(folder) as lists:
        there = known(lists)
        acts = [
            lambda: lists.add(VALUES[8], facts(8)),
            lambda: lists.add_many([(VALUES[9], facts(9, source="another"))]),
            lists.compact,
            lambda: lists.commit(6),
        ]
        reader = read(folder)
        refused = 0
        for act, more in zip(acts, [VALUES[8:9], VALUES[9:], [], []], strict=True):
            with full_disk(room):
                try:
                    act()
                except StoreUnwritable:
                    refused += 1
                else:
                    there += more
            assert sorted(known(lists)) == sorted(known(reader)) == sorted(there)
        assert refused or room >= 8192
        for act in acts:
            act()
        assert known(lists) == known(reader) == sorted({*there, *VALUES[8:]})
        assert not list(folder.rglob("*.tmp"))
    with write(folder) as lists:
        assert known(lists) == known(read(folder)) == [v for v in VALUES if v != VALUES[2]]
        assert lists.sequence == 6


def _fill(lists, there):
    for number in range(100_000):
        value = f"{number * 2654435761 % (1 << 32):08x}"
        lists.add_many([(value, facts(number, source=f"list {number}"))])
        there.add(value)


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk takes root")
def test_it_loses_nothing_on_a_small_disk_that_is_full(tmp_path):
    import subprocess

    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=160k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounts are not allowed here")
    try:
        with create(small / "lists") as lists:
            there = set()
            with pytest.raises(StoreUnwritable):
                _fill(lists, there)
            assert len(there) > 20
            for store in (lists, read(small / "lists")):
                assert {hit.value for hit in store.find("0" * 8, radius=32)} == there
            subprocess.run(["mount", "-o", "remount,size=2m", str(small)], check=True)
            lists.compact()
            lists.add("ffffffff", facts(99))
            assert {hit.value for hit in lists.find("0" * 8, radius=32)} == {*there, "ffffffff"}
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_it_gives_no_number_that_the_log_does_not_know(tmp_path):
    """A new source, a log without room and a disk without room for another: then a value that still fits."""
    with create(tmp_path / "lists") as lists:
        number = 0
        while lists._writer._journal._log.at < 7600:
            lists.add(f"w:{number:050}", facts(number, source="one"))
            number += 1
        with full_disk(8000), pytest.raises(StoreUnwritable):
            lists.add("w:" + "x" * 2000, facts(900, source="two"))
        lists.add("w:short", facts(901, source="two"))
        (hit,) = read(tmp_path / "lists").find("w:short")
        assert hit.facts == facts(901, source="two")
    with write(tmp_path / "lists") as lists:
        assert lists.find("w:short") == [hit]


def test_it_takes_more_at_once_than_a_log_holds(tmp_path):
    with create(tmp_path / "lists") as lists:
        entries = [(value, facts(n, source=f"{n}" * 900)) for n, value in enumerate(VALUES)]
        with pytest.raises(InvalidInput):
            lists.add("w:" + "y" * 9000, facts(50))
        assert lists.add_many([*entries, ("w:z", facts(51, source="last"))]).taken == 11
        lists.add("w:zz", facts(52, source="last"))
        assert known(read(tmp_path / "lists")) == VALUES


def test_it_starts_no_collection_on_a_full_disk(tmp_path):
    with full_disk(1000), pytest.raises(StoreUnwritable):
        create(tmp_path / "lists")
    assert not (tmp_path / "lists" / "manifest.json").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a read-only disk takes root")
def test_it_reads_a_read_only_disk_and_says_that_it_cannot_write(folder):
    import subprocess

    mount = ["mount", "--bind", "-o", "ro", str(folder), str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounts are not allowed here")
    try:
        assert known(read(folder)) == ALL
        with pytest.raises(StoreUnwritable):
            write(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_it_names_no_file_of_its_own_for_good(folder):
    """What nobody names is swept: drafts, and what a crash left between two manifests."""
    for name in ("log-00000099", "bits/00000098.facts", "bits/00000098.index.tmp", "x.tmp"):
        (folder / name).write_bytes(b"left over")
    stranger = folder / "notes.txt"
    stranger.touch()
    write(folder).close()
    names = {path.name for path in Path(folder).rglob("*")}
    assert not {"log-00000099", "00000098.facts", "00000098.index.tmp", "x.tmp"} & names
    assert stranger.exists()


def test_it_does_not_go_on_behind_a_change_that_it_could_not_take_in(folder):
    """A row that a change replaces is damaged: the reader says so at each question, whatever comes next."""
    reader = read(folder)
    path = max(folder.glob("bits/*.facts"))
    with write(folder) as lists:
        lists.add(VALUES[0], facts(0, sequence=77))
        with path.open("r+b") as file:
            file.seek(ly.HEAD_SIZE)
            file.write(b"altered")
        for value in VALUES[8:]:
            with pytest.raises(SegmentCorrupt):
                reader.find(value)
            lists.add(value, facts(60))
