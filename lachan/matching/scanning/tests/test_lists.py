"""Lists of hashes, addresses and numbers as CSV, row by row."""

import pytest

from lachan.matching.scanning.records import ScanUnreadable
from lachan.matching.scanning.tests.scans import SHA256, accounted, look


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
