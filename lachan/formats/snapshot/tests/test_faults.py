"""Files cut, flipped and half written; writers killed. Never a false verdict, always a good one left."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lachan.formats.snapshot import layout as ly
from lachan.formats.snapshot.reader import SnapshotReader
from lachan.formats.snapshot.records import SnapshotCorrupt, SnapshotLocked
from lachan.formats.snapshot.tests.strategies import verdict
from lachan.formats.snapshot.writer import SnapshotWriter
from lachan.kernel.errors import InvalidInput

OLD = verdict("domain", "old.test", categories=("scam",), reason="old")
NEW = verdict("domain", "new.test", categories=("scam",), reason="new")


@pytest.fixture
def folder(tmp_path):
    with SnapshotWriter(tmp_path / "snap") as writer:
        writer.rebuild([OLD], 4)
    return tmp_path / "snap"


def current(folder: Path, role: str) -> Path:
    return max(folder.glob(f"{role}-*.snap"))


def test_it_refuses_a_second_writer(folder):
    with SnapshotWriter(folder), pytest.raises(SnapshotLocked):
        SnapshotWriter(folder)
    SnapshotWriter(folder).close()


def test_it_sweeps_the_drafts_that_a_kill_left_and_nobody_elses(folder):
    left = {
        ".base-00000007.snap.0a1b2c3d.tmp",
        ".manifest.json.0a1b2c3d.tmp",
        "delta-00000007.snap.tmp",
    }
    others = {".members.json.0a1b2c3d.tmp", "members.json"}
    for name in left | others:
        (folder / name).touch()
    before = os.umask(0o022)
    try:
        with SnapshotWriter(folder) as writer:
            writer.rebuild([NEW], 5)
    finally:
        os.umask(before)
    names = {path.name for path in folder.iterdir()}
    assert others <= names
    assert not left & names
    assert current(folder, "base").stat().st_mode & 0o777 == 0o644


def test_it_starts_before_there_is_a_snapshot(tmp_path):
    reader = SnapshotReader(tmp_path / "later")
    assert reader.status().state == "absent"
    assert reader.check_domain("old.test") is None
    with SnapshotWriter(tmp_path / "later") as writer:
        writer.put("domain", "old.test", OLD)
        reader.refresh()
        assert reader.check_domain("a.old.test") == OLD
        assert reader.status().state == "good"


def test_it_never_believes_a_torn_insert(folder, tmp_path):
    """Each byte that one insert changed, put back alone: the old world or the new, nothing else."""
    before = current(folder, "delta").read_bytes()
    with SnapshotWriter(folder) as writer:
        writer.put("domain", "new.test", NEW)
    after = bytearray(current(folder, "delta").read_bytes())
    changed = [at for at in range(len(after)) if after[at] != before[at]]
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    reader_seen = set()
    for at in changed:
        with current(copy, "delta").open("r+b") as file:
            file.seek(at)
            file.write(before[at : at + 1])
        reader = SnapshotReader(copy)
        assert reader.check_domain("old.test") == OLD
        reader_seen.add(reader.check_domain("new.test"))
        SnapshotWriter(copy).close()
        with current(copy, "delta").open("r+b") as file:
            file.write(after)
    assert reader_seen <= {None, NEW}
    assert reader_seen == {None, NEW}


def test_it_asks_for_a_rebuild_after_a_power_cut_and_gets_one(folder):
    with SnapshotWriter(folder) as writer:
        writer.put("domain", "new.test", NEW)
    path = current(folder, "delta")
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"\x03new\x04test")
    raw[at + 1] ^= 1
    path.write_bytes(raw)
    with SnapshotWriter(folder) as writer:
        assert writer.needs_rebuild
        assert writer.sequence == 0
        with pytest.raises(SnapshotCorrupt):
            writer.put("domain", "new.test", NEW)
        reader = SnapshotReader(folder)
        assert reader.check_domain("new.test") is None
        assert reader.check_domain("old.test") == OLD
        writer.rebuild([OLD, NEW], 5)
        assert not writer.needs_rebuild
        assert reader.check_domain("new.test") == NEW


def test_it_notices_that_the_machine_stopped_in_between(folder):
    with SnapshotWriter(folder) as writer:
        assert not writer.needs_rebuild
    with current(folder, "delta").open("r+b") as file:
        file.seek(8 * ly.W_BOOT)
        file.write((12345).to_bytes(8, "little") + bytes(8))
    with SnapshotWriter(folder) as writer:
        assert "machine stopped" in writer.fault


def damages():
    def cut(path):
        os.truncate(path, path.stat().st_size // 2)

    def flip(path):
        with path.open("r+b") as file:
            file.seek(path.stat().st_size - 16)
            byte = file.read(1)
            file.seek(-1, 1)
            file.write(bytes([byte[0] ^ 0x40]))

    def version(path):
        with path.open("r+b") as file:
            file.seek(8)
            file.write(b"\x09")

    def order(path):
        with path.open("r+b") as file:
            file.seek(12)
            file.write(b"\x0a\x0b\x0c\x0d")

    def other(path):
        path.write_bytes(b"not a snapshot\n" * 1000)

    def header(path):
        with path.open("r+b") as file:
            file.seek(40)
            byte = file.read(1)
            file.seek(40)
            file.write(bytes([byte[0] ^ 0xFF]))

    return [cut, flip, version, order, other, header]


@pytest.mark.parametrize("damage", damages(), ids=lambda damage: damage.__name__)
def test_it_falls_back_to_the_last_good_generation(folder, damage):
    stayed = SnapshotReader(folder)
    with SnapshotWriter(folder) as writer:
        writer.rebuild([OLD, NEW], 5)
    damage(current(folder, "base"))
    assert stayed.check_domain("old.test") == OLD
    assert stayed.status().state == "stale"
    fresh = SnapshotReader(folder)
    assert fresh.check_domain("old.test") == OLD
    assert fresh.check_domain("new.test") is None
    assert fresh.status().fault
    with SnapshotWriter(folder) as writer:
        assert writer.needs_rebuild
        writer.rebuild([OLD, NEW], 6)
    fresh.refresh()
    assert fresh.check_domain("new.test") == NEW
    assert fresh.status().state == "good"


@pytest.mark.parametrize("raw", [b"", b"{", b'{"version":1}', b'{"version":9,"generation":1}'])
def test_it_survives_a_garbled_manifest(folder, raw):
    (folder / "manifest.json").write_bytes(raw)
    reader = SnapshotReader(folder)
    assert reader.check_domain("old.test") == OLD
    assert reader.status().state == "stale"
    with SnapshotWriter(folder) as writer:
        assert writer.needs_rebuild


def test_it_never_goes_back_in_sequence(folder):
    with SnapshotWriter(folder) as writer, pytest.raises(InvalidInput):
        writer.commit(3)


KILLED = """
import sys
from lachan.formats.snapshot.tests.strategies import verdict
from lachan.formats.snapshot.writer import SnapshotWriter
with SnapshotWriter(sys.argv[1]) as writer:
    assert not writer.needs_rebuild, writer.fault
    for number in range(writer.sequence + 1, 10**6):
        writer.put("phone", f"+{number}", verdict("phone", "", sequence=number))
        if number % 2 == 0:
            writer.remove("phone", f"+{number - 1}")
        writer.commit(number)
        if number % 10 == 0:
            writer.compact()
        if number == 1 or number % 7 == 0:
            print(number, flush=True)
"""


@pytest.mark.faults
def test_it_is_harmless_to_kill_the_writer(tmp_path):
    chance = random.Random(7)
    reader = SnapshotReader(tmp_path)
    for _ in range(8):
        child = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE
        )
        child.stdout.readline()
        time.sleep(chance.random() * 0.3)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        reader.refresh()
        last = reader.sequence
        assert reader.status().state == "good"
        for number in range(1, last + 1):
            found = reader.get("phone", f"+{number}")
            gone = number % 2 == 1 and number < last
            assert (found is None) == gone or number >= last - 1, number
            assert found is None or found.sequence == number
    assert last > 8
