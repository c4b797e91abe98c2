"""What a scan finds, says and withstands, whatever its files hold."""

import os
from pathlib import Path

import pytest

from lachan.matching.records import SegmentCorrupt
from lachan.matching.scanning.records import Limits
from lachan.matching.scanning.scan import Settings, scan, weight
from lachan.matching.scanning.tests.scans import BAD, SHA256, accounted, digest, known, look


def test_it_finds_what_is_known_and_accounts_for_everything(folder):
    (folder / "link").symlink_to(folder / "b/known.bin")
    os.mkfifo(folder / "pipe")
    summary, findings = look(folder)
    counts = summary.counts
    # The broken archive counts as a file, and its inside as what could not be examined.
    assert (counts.examined, counts.known, counts.clean, counts.quarantined) == (9, 2, 6, 1)
    assert accounted(counts)
    assert counts.skipped == 2
    assert summary.state == summary.state_end == "sequence 7"
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


def corrupt():
    raise SegmentCorrupt("the segment is cut")


def test_it_gives_no_answer_without_its_lists(folder):
    with pytest.raises(SegmentCorrupt):
        look(folder, opener=corrupt)


def test_it_shows_progress_to_the_end(folder):
    (folder / "list.csv").write_text(f"{SHA256}\n" * 2500)
    settings, done = Settings(paths=(str(folder / "b"), str(folder / "list.csv"))), []
    scan(settings, known(), jobs=2, progress=done.append)
    assert sum(done) == weight(settings)


def test_it_counts_a_path_that_is_named_twice_once(folder):
    assert look(folder, folder / "b")[0].counts.examined == 9
