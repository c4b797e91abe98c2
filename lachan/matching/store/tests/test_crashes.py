"""Its process is killed, or the power fails: nothing that was acknowledged, or synced, is lost."""

import struct
from pathlib import Path

from lachan.matching.records import SegmentCorrupt
from lachan.matching.store import layout as ly
from lachan.matching.store import log as logs
from lachan.matching.store.tests.copies import (
    ALL,
    SYNCED,
    VALUES,
    known,
    outcome,
    read,
    the_log,
    write,
)
from lachan.matching.store.tests.toys import facts


def test_it_knows_everything_after_a_kill(folder):
    assert outcome(read, folder) == ALL
    assert outcome(write, folder) == ALL
    assert outcome(write, folder) == ALL
    assert read(folder).sequence == 5


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
