"""Disks that are full or read-only, and logs without room: nothing is lost, and it goes on."""

import contextlib
import os
import resource
import signal

import pytest

from lachan.kernel.errors import InvalidInput
from lachan.matching.records import StoreUnwritable
from lachan.matching.store.tests.copies import ALL, VALUES, create, known, read, write
from lachan.matching.store.tests.toys import facts

pytestmark = pytest.mark.usefixtures("short_logs")


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
