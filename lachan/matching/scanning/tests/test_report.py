"""Reports as JSON, CSV and Parquet."""

import csv
import io
import json
import os
import sys
from pathlib import Path

import msgspec
import pytest

from lachan.matching.records import ExtraMissing
from lachan.matching.scanning.journal import Journal
from lachan.matching.scanning.records import Finding, ScanUnreadable
from lachan.matching.scanning.scan import journal_path
from lachan.matching.scanning.tests.scans import BAD, SHA256, look


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
    with pytest.raises(ExtraMissing, match=r"pip install pyarrow"):
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


def test_only_its_owner_may_read_what_a_scan_writes(folder, tmp_path, monkeypatch):
    report, other = tmp_path / "report.json", tmp_path / "other"
    other.touch(mode=0o644)
    (tmp_path / "report.json.tmp").symlink_to(other)
    report.touch(mode=0o644)
    journals = []

    def outcome_noted(journal, outcome):
        journals.append(journal_path(report).stat().st_mode & 0o777)
        note(journal, outcome)

    note = Journal.note
    monkeypatch.setattr(Journal, "note", outcome_noted)
    before = os.umask(0)
    try:
        look(folder, report=report)
    finally:
        os.umask(before)
    assert set(journals) == {0o600}
    assert report.stat().st_mode & 0o777 == 0o600
    assert other.read_bytes() == b""


def test_it_disarms_formulas_in_a_spreadsheet(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    Path("=cmd.bin").write_bytes(BAD)
    look("=cmd.bin", report=tmp_path / "report.csv")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "report.csv").read_text())))
    assert rows[0]["path"] == "'=cmd.bin"


def test_it_takes_findings_through_json_unchanged(folder):
    _, findings = look(folder)
    raw = msgspec.json.encode(findings)
    assert msgspec.json.decode(raw, type=list[Finding]) == findings
