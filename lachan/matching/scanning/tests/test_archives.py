"""Inside zip and tar files, and no deeper or longer than is allowed."""

import bz2
import functools
import gzip
import lzma

import pytest

from lachan.matching.scanning.records import Limits
from lachan.matching.scanning.tests.scans import BAD, accounted, look, tarred, zipped


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.zip", zipped),
        ("a.tar", tarred),
        ("a.tgz", functools.partial(tarred, pack=gzip.compress)),
        ("a.tar.bz2", functools.partial(tarred, pack=bz2.compress)),
        ("a.tar.xz", functools.partial(tarred, pack=lzma.compress)),
    ],
)
def test_it_looks_inside_archives(tmp_path, name, pack):
    inner = zipped({"deep/known": BAD, "clean": b"x"})
    files = {"one": b"1", "two/known": BAD, "inner.zip": inner, "last": b"another"}
    (tmp_path / name).write_bytes(pack(files))
    summary, findings = look(tmp_path)
    top = f"{tmp_path}/{name}!"
    assert [found.path for found in findings] == [
        f"{top}/inner.zip!/deep/known",
        f"{top}/last",
        f"{top}/two/known",
    ]
    assert summary.counts.examined == 7
    assert accounted(summary.counts)
    assert look(tmp_path, open_archives=False)[0].counts.examined == 1


@pytest.mark.parametrize(
    ("ending", "pack"), [("gz", gzip.compress), ("bz2", bz2.compress), ("xz", lzma.compress)]
)
def test_it_opens_a_single_packed_file(tmp_path, ending, pack):
    (tmp_path / f"a.txt.{ending}").write_bytes(pack(BAD))
    (tmp_path / "b").write_bytes(pack(tarred({"c": BAD})))
    (tmp_path / f"d.{ending}").write_bytes(pack(BAD)[:-9])
    (tmp_path / "e.txt").write_bytes(b"BZhang")
    summary, findings = look(tmp_path)
    assert [(found.path, found.status) for found in findings] == [
        (f"{tmp_path}/a.txt.{ending}!/a.txt", "known"),
        (f"{tmp_path}/b!/b!/c", "known"),
        (f"{tmp_path}/d.{ending}!/d", "quarantined"),
    ]
    assert accounted(summary.counts)
    assert look(tmp_path, open_archives=False)[0].counts.examined == 4


def test_a_packed_bomb_is_set_aside(tmp_path):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(3 << 20)))
    _, findings = look(tmp_path, limits=Limits(memory=1 << 20, unpacked=2 << 20))
    assert [found.reason for found in findings] == ["the archive holds more than the limits allow"]


def test_it_shares_a_large_archive_among_processes(tmp_path):
    files = {f"{number:04}": BAD if number % 50 == 0 else b"%d" % number for number in range(400)}
    (tmp_path / "a.zip").write_bytes(zipped(files))
    summary, findings = look(tmp_path, jobs=2, report=tmp_path / "report.json")
    assert summary.counts.examined == 401
    assert summary.counts.known == len(findings) == 8


def test_it_opens_archives_only_so_deep(tmp_path):
    data = BAD
    for number in range(6):
        data = zipped({f"{number}.zip" if number else "known": data})
    (tmp_path / "a.zip").write_bytes(data)
    summary, findings = look(tmp_path)
    assert [found.reason for found in findings] == ["an archive too deep within others"]
    assert accounted(summary.counts)
    assert look(tmp_path, limits=Limits(depth=6))[0].counts.known == 1


@pytest.mark.parametrize("name", ["bomb.zip", "bomb.tar.gz"])
def test_it_stops_at_bombs(tmp_path, name):
    files = {"before": BAD, "bomb": b"\0" * 30_000_000, "behind": b"x"}
    pack = zipped if name.endswith("zip") else functools.partial(tarred, pack=gzip.compress)
    (tmp_path / name).write_bytes(pack(files))
    (tmp_path / "known").write_bytes(BAD)
    summary, findings = look(tmp_path, limits=Limits(unpacked=10_000_000, memory=1_000_000))
    assert "the archive holds more than the limits allow" in summary.reasons
    assert findings[-1].path.endswith("/known")
    assert accounted(summary.counts)


def test_it_stops_at_names_that_claim_gigabytes(tmp_path):
    header = bytearray(tarred({"x": b""})[:512])
    header[156:157] = b"L"  # a long name follows, of this length
    header[124:136] = b"%011o\0" % (1 << 32)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    (tmp_path / "a.tar").write_bytes(bytes(header) + b"name" * 1000)
    summary, _ = look(tmp_path)
    assert summary.reasons == {"the archive holds more than the limits allow": 1}


def test_it_counts_members_of_all_depths(tmp_path):
    inner = zipped({str(number): b"" for number in range(20)})
    (tmp_path / "a.zip").write_bytes(zipped({f"{number}.zip": inner for number in range(20)}))
    summary, _ = look(tmp_path, limits=Limits(members=100))
    assert "the archive holds more than the limits allow" in summary.reasons
    assert summary.counts.examined < 130


def test_it_sets_aside_damaged_members_alone(tmp_path):
    data = bytearray(zipped({"a": b"A" * 5000, "known": BAD, "z": b"Z"}))
    data[35:40] = b"\xff" * 5
    (tmp_path / "a.zip").write_bytes(data)
    summary, findings = look(tmp_path)
    assert [(found.path.rpartition("!/")[2], found.status) for found in findings] == [
        ("a", "quarantined"),
        ("known", "known"),
    ]
    assert accounted(summary.counts)


def test_it_says_where_a_tar_file_breaks_off(tmp_path):
    data = tarred({"known": BAD, "b": b"x" * 2000, "c": b"y"})
    (tmp_path / "cut.tar").write_bytes(data[:2048])
    altered = bytearray(data)
    altered[1024 + 148 : 1024 + 156] = b"7777777\0"
    (tmp_path / "altered.tar").write_bytes(altered)
    summary, findings = look(tmp_path)
    assert summary.counts.known == 2
    assert {found.path.split("/")[-2] for found in findings if found.reason} == {
        "cut.tar!", "altered.tar!",
    }  # fmt: skip


def test_it_sets_aside_locked_members(tmp_path):
    data = bytearray(zipped({"a": b"A", "known": BAD}))
    place = data.index(b"PK\x01\x02")
    data[6] |= 1
    data[place + 8] |= 1
    (tmp_path / "a.zip").write_bytes(data)
    summary, _ = look(tmp_path)
    assert summary.reasons == {"locked by a password": 1}
    assert summary.counts.known == 1
