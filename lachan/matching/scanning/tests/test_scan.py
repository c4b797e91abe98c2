import bz2
import csv
import functools
import gzip
import hashlib
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.records import ExtraMissing, SegmentCorrupt
from lachan.matching.scanning.journal import Journal
from lachan.matching.scanning.records import (
    Finding,
    Item,
    Limits,
    Outcome,
    ScanConflict,
    ScanUnreadable,
)
from lachan.matching.scanning.scan import Settings, journal_path, scan, weight
from lachan.matching.scanning.tests.known import KnownValues
from lachan.matching.video.tests.clips import clip, pictures

BAD = b"a listed file"
SHA256 = hashlib.sha256(BAD).hexdigest()
VALUES = [
    ("sha256", SHA256),
    ("md5", hashlib.md5(b"another", usedforsecurity=False).hexdigest()),
    ("address", "xau.example"),
    ("phone", "+84912345678"),
]


def known(**marks):
    return functools.partial(KnownValues, VALUES, marks)


def look(*paths, opener=None, jobs=1, report=None, **options):
    settings = Settings(paths=tuple(map(str, paths)), **options)
    return scan(settings, opener or known(), jobs=jobs, report=report)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def accounted(counts):
    return counts.examined == counts.known + counts.clean + counts.quarantined


@pytest.fixture
def folder(tmp_path):
    """Five clean files, two known ones, one that cannot be read as what it says it is."""
    top = tmp_path / "files"
    (top / "b").mkdir(parents=True)
    for number in range(5):
        (top / f"{number}.txt").write_text(f"clean {number}")
    (top / "b/known.bin").write_bytes(BAD)
    (top / "b/other.bin").write_bytes(b"another")
    (top / "broken.zip").write_bytes(b"PK\x03\x04 and nothing more")
    return top


def test_it_finds_what_is_known_and_accounts_for_everything(folder):
    (folder / "link").symlink_to(folder / "b/known.bin")
    os.mkfifo(folder / "pipe")
    summary, findings = look(folder)
    counts = summary.counts
    # The broken archive counts as a file, and its inside as what could not be examined.
    assert (counts.examined, counts.known, counts.clean, counts.quarantined) == (9, 2, 6, 1)
    assert accounted(counts)
    assert counts.skipped == 2
    assert summary.state == "sequence 7"
    assert [(found.path, found.status) for found in findings] == [
        (f"{folder}/b/known.bin", "known"),
        (f"{folder}/b/other.bin", "known"),
        (f"{folder}/broken.zip!/", "quarantined"),
    ]
    match = findings[0].matches[0]
    assert (match.algorithm, match.value, match.sequence, match.categories) == (
        "sha256", SHA256, 7, ("scam",),
    )  # fmt: skip
    assert findings[0].sha256 == SHA256
    assert summary.reasons == {"the archive is damaged": 1}


def test_it_says_what_cannot_be_read_and_goes_on(folder, tmp_path, monkeypatch):
    summary, findings = look(tmp_path / "absent", folder / "b")
    assert summary.counts.known == 2
    assert summary.reasons == {"unreadable": 1}
    assert "no such file" in findings[-1].reason or "no such file" in findings[0].reason


def test_it_names_what_is_clean_where_asked(folder):
    _, findings = look(folder / "0.txt", keep_clean=True)
    assert [(found.status, found.sha256) for found in findings] == [("clean", digest(b"clean 0"))]


def test_it_takes_names_that_are_no_text(folder):
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\n.bin")).write_bytes(BAD)
    _, findings = look(folder)
    assert findings[0].path == f"{folder}/\\xff\n.bin"


def zipped(files, **options):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def tarred(files, pack=lambda data: data):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return pack(data.getvalue())


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


def test_it_reads_lists(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(
        "id,sha256,phone\n1," + SHA256.upper() + ",0912 345 678\n2," + "0" * 64 + ",\n3,xyz,\n"
    )
    summary, findings = look(path)
    assert [(found.path.rpartition(":")[2], found.status) for found in findings] == [
        ("2", "known"),
        ("2", "known"),
        ("4", "quarantined"),
    ]
    assert (summary.counts.examined, summary.counts.skipped) == (4, 2)
    assert accounted(summary.counts)


@pytest.mark.parametrize(
    ("text", "options", "found"),
    [
        (f"{SHA256}\n\nhttp://a.xau.example/b\nxau.example\nla@xau.example\n", {}, [1, 3, 4, 5]),
        (f"kind;value\nSHA-256;{SHA256}\nphone;0912345678\npin;1234\n", {}, [2, 3]),
        ("number\n0912345678\n", {"column": "number", "kind": "phone"}, [2]),
        (f"x\ty\n1\t{SHA256}\n", {"column": "2"}, [2]),
        (f'"{SHA256}","a\nb"\n{SHA256},\n', {}, [2, 3]),
        (f"﻿sha256\r\n{SHA256}\r\n", {}, [2]),
    ],
)
def test_it_understands_columns(tmp_path, text, options, found):
    path = tmp_path / "list.csv"
    path.write_text(text, newline="")
    _, findings = look(path, **options)
    lines = [int(each.path.rpartition(":")[2]) for each in findings if each.status == "known"]
    assert lines == found


def test_it_takes_a_list_in_a_folder_for_a_file(tmp_path):
    (tmp_path / "list.csv").write_text(SHA256)
    assert look(tmp_path)[0].counts.known == 0


def test_it_refuses_a_column_that_is_not_there(tmp_path):
    (tmp_path / "list.csv").write_text(SHA256)
    with pytest.raises(ScanUnreadable, match="column"):
        look(tmp_path / "list.csv", column="nothing")
    with pytest.raises(ScanUnreadable, match="ends with"):
        look(tmp_path, report=tmp_path / "report.doc")


@pytest.mark.parametrize("mark", ["crash", "hang", "error"])
def test_it_outlives_files_that_crash_hang_or_surprise(folder, mark):
    opener = known(**{digest(b"clean 2"): mark})
    summary, findings = look(folder, opener=opener, jobs=2, limits=Limits(seconds=2))
    aside = {found.path: found.reason for found in findings if found.status == "quarantined"}
    reason = aside.pop(f"{folder}/2.txt")
    assert reason in {
        "the process that examined it crashed",
        "it takes too long",
        "failed: RuntimeError",
    }
    assert len(aside) == 1
    assert (summary.counts.examined, summary.counts.known) == (9, 2)


def image(picture, form, **options):
    file = io.BytesIO()
    Image.fromarray(picture).save(file, form, **options)
    return file.getvalue()


def test_it_knows_pictures_and_frames_of_videos(tmp_path):
    shown = list(pictures(40))
    listed = image(shown[20], "PNG")
    values = [("pdq", picture_hash(listed).stored.text)]
    sideways = Image.Exif()
    sideways[0x0112] = 6  # the camera lay on its side: turn it right to see it
    (tmp_path / "a.jpg").write_bytes(image(shown[20], "JPEG", quality=60))
    (tmp_path / "b.jpg").write_bytes(image(np.rot90(shown[20]), "JPEG", exif=sideways))
    (tmp_path / "cut.jpg").write_bytes(image(shown[20], "JPEG")[:2000])
    (tmp_path / "flat.png").write_bytes(image(np.full((90, 90), 128, np.uint8), "PNG"))
    (tmp_path / "other.png").write_bytes(image(next(pictures(1, seed=5)), "PNG"))
    clip(tmp_path / "clip.mp4", shown)
    (tmp_path / "in.zip").write_bytes(zipped({"clip.mp4": (tmp_path / "clip.mp4").read_bytes()}))
    (tmp_path / "cut.mkv").write_bytes(b"\x1aE\xdf\xa3" + bytes(2000))
    summary, findings = look(tmp_path, opener=functools.partial(KnownValues, values))
    assert [(found.path.removeprefix(f"{tmp_path}/"), found.status) for found in findings] == [
        ("a.jpg", "known"),
        ("b.jpg", "known"),
        ("clip.mp4", "known"),
        ("cut.jpg", "quarantined"),
        ("cut.mkv", "quarantined"),
        ("in.zip!/clip.mp4", "known"),
    ]
    still, video = findings[0].matches[0], findings[2].matches[0]
    assert (still.second, still.share) == (None, None)
    assert 3 <= video.second <= 5
    assert 0 < video.share < 1
    assert summary.counts.flat == 1
    assert accounted(summary.counts)


def corrupt():
    raise SegmentCorrupt("the segment is cut")


def test_it_gives_no_answer_without_its_lists(folder):
    with pytest.raises(SegmentCorrupt):
        look(folder, opener=corrupt)


def test_it_reads_and_writes_parquet(folder, tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    columns = {"n": [1, 2, 3], "sha256": [SHA256, "0" * 64, None], "md5": ["", "3f" * 16, "x"]}
    pq.write_table(pa.table(columns), folder / "l.parquet")
    report = tmp_path / "report.parquet"
    summary, _ = look(folder / "l.parquet", folder / "b", report=report)
    counts = summary.counts
    assert (counts.examined, counts.known, counts.quarantined, counts.skipped) == (6, 3, 1, 2)
    rows = pq.read_table(report).to_pylist()
    assert [row["status"] for row in rows] == ["known", "known", "known", "quarantined"]
    assert rows[0]["categories"] == ["scam"]
    assert [row["path"].rpartition(":")[2] for row in rows[2:]] == ["1", "3"]
    (folder / "cut.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ScanUnreadable, match="Parquet"):
        look(folder / "cut.parquet")


def test_it_says_which_extra_is_missing(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExtraMissing, match=r"lachan\[parquet\]"):
        look(folder, report=tmp_path / "report.parquet")


@pytest.mark.parametrize("suffix", ["json", "csv"])
def test_it_writes_a_report(folder, tmp_path, suffix):
    (folder / "=1+1.bin").write_bytes(BAD)
    report = tmp_path / f"report.{suffix}"
    look("b/../b", folder, report=report)
    text = report.read_text()
    assert "a listed file" not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files", report.name]
    if suffix == "json":
        whole = json.loads(text)
        assert whole["summary"]["counts"]["known"] == len(whole["known"]) == 3
        assert len(whole["quarantined"]) == 2
        assert whole["known"][0]["matches"][0]["value"] == SHA256
    else:
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["status"] for row in rows].count("known") == 3
        assert rows[-1]["sha256"] == ""


def test_it_disarms_formulas_in_a_spreadsheet(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    Path("=cmd.bin").write_bytes(BAD)
    look("=cmd.bin", report=tmp_path / "report.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text())))
    assert rows[0]["path"] == "'=cmd.bin"


def killed(folder, report):
    """A scan in a process of its own, killed once its journal holds some items."""
    code = (
        "import functools, sys; from pathlib import Path\n"
        "from lachan.matching.scanning.scan import Settings, scan\n"
        "from lachan.matching.scanning.tests.known import KnownValues\n"
        f"opener = functools.partial(KnownValues, {VALUES!r}, {{}}, 0.02)\n"
        "scan(Settings(paths=(sys.argv[1],)), opener, report=Path(sys.argv[2]), jobs=1)\n"
    )
    # A file without `if __name__ == "__main__"`: its processes must not run it again.
    program = report.with_name("program.py")
    program.write_text(code)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[4])}
    process = subprocess.Popen([sys.executable, program, folder, report], env=environment)
    journal = journal_path(report)
    while not journal.exists() or journal.read_bytes().count(b"\n") < 20:
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    return journal.read_bytes().count(b"\n") - 1


def test_it_goes_on_after_a_kill_without_repeating(tmp_path):
    folder, report = tmp_path / "files", tmp_path / "report.json"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}").write_bytes(BAD if number % 20 == 0 else b"%d" % number)
    noted = killed(folder, report)
    assert 19 <= noted < 200
    with journal_path(report).open("ab") as file:
        file.write(b'{"item":"0123')  # as a torn write leaves it
    (folder / "000").write_bytes(b"changed meanwhile")
    summary, findings = look(folder, report=report, opener=functools.partial(KnownValues, VALUES))
    assert summary.resumed == noted - 1
    assert (summary.counts.examined, summary.counts.known) == (200, 9)
    assert len({found.path for found in findings}) == len(findings) == 9
    assert not journal_path(report).exists()
    assert json.loads(report.read_text())["summary"]["resumed"] == noted - 1


def test_it_keeps_journals_apart(folder, tmp_path):
    report = tmp_path / "report.json"
    item = Item("x", 1, 2)
    first = Journal(journal_path(report), "one")
    first.note(Outcome(item))
    with pytest.raises(ScanConflict, match="now"):
        look(folder, report=report)
    first.close()
    with pytest.raises(ScanConflict, match="another scan"):
        look(folder, report=report)
    settings = Settings(paths=(str(folder),))
    scan(settings, known(), jobs=1, report=report, restart=True)
    assert report.exists()


def test_it_ignores_whatever_a_torn_journal_ends_with(tmp_path):
    path = tmp_path / "journal"
    journal = Journal(path, "one")
    for number in range(3):
        journal.note(Outcome(Item(str(number), 1, 2)))
    journal.close()
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        again = Journal(path, "one")
        assert len(again.done) == max(whole[:end].count(b"\n") - 1, 0)
        again.note(Outcome(Item("more", 1, 2)))
        again.close()
        last = Journal(path, "one")
        assert len(last.done) == max(whole[:end].count(b"\n") - 1, 0) + 1
        last.close()


def test_it_shows_progress_to_the_end(folder):
    (folder / "list.csv").write_text(f"{SHA256}\n" * 2500)
    settings, done = Settings(paths=(str(folder / "b"), str(folder / "list.csv"))), []
    scan(settings, known(), jobs=2, progress=done.append)
    assert sum(done) == weight(settings)


def test_it_counts_a_path_that_is_named_twice_once(folder):
    assert look(folder, folder / "b")[0].counts.examined == 9


def test_it_takes_findings_through_json_unchanged(folder):
    _, findings = look(folder)
    raw = msgspec.json.encode(findings)
    assert msgspec.json.decode(raw, type=list[Finding]) == findings
