"""Lists as people have them: of other encodings, without lines, asked for columns that are not there."""

import pytest

from lachan.kernel.ids import uuid7
from lachan.matching.collection import Collection
from lachan.matching.filling import collection_fill
from lachan.matching.records import Facts
from lachan.matching.scanning import lists
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.lists import list_items
from lachan.matching.scanning.records import Limits, Outcome, ScanUnreadable
from lachan.matching.scanning.tests.known import KnownValues


def rows(path, **options):
    return [row for item in list_items(path, **options) for row in item.rows]


@pytest.fixture
def latin(tmp_path):
    """Names, of which one was written in another encoding."""
    names = [b"xau.example"] * 5 + [b"caf\xe9.example"] + [b"tot.example"] * 5
    path = tmp_path / "latin.csv"
    path.write_bytes(b"\n".join(names))
    return path


def test_bytes_that_are_no_text_spoil_their_own_row_alone(latin):
    (item,) = list_items(latin)
    outcome = Outcome(item)
    Examiner(KnownValues([("address", "xau.example")]), Limits()).examine(outcome)
    counts = outcome.counts
    assert (counts.examined, counts.known, counts.clean, counts.quarantined) == (11, 5, 5, 1)
    assert [(found.path, found.reason) for found in outcome.findings if found.reason] == [
        (f"{latin}:6", "it holds characters that do not belong there")
    ]


def test_bytes_that_are_no_text_do_not_keep_a_list_out(latin, tmp_path):
    with Collection.create(tmp_path / "lists") as held:
        filled = collection_fill(held, rows(latin), Facts(0, uuid7()))
    assert (filled.rows, filled.taken) == (11, 10)
    assert filled.lines == ((6, "it holds characters that do not belong there"),)


@pytest.mark.parametrize("column", ["0", "3", "99"])
def test_it_refuses_a_number_of_no_column(tmp_path, column):
    path = tmp_path / "list.csv"
    path.write_text("name,sha256\na," + "0" * 64 + "\n")
    with pytest.raises(ScanUnreadable, match="the first row has 2"):
        rows(path, column=column)
    assert [row.text for row in rows(path, column="2")] == ["0" * 64]


def test_it_looks_for_a_column_with_the_name_of_a_strange_number(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("name,²\na," + "0" * 64 + "\n")
    assert [row.text for row in rows(path, column="²")] == ["0" * 64]
    with pytest.raises(ScanUnreadable, match="column"):
        rows(path, column="³")


def test_it_holds_no_more_than_a_line_of_a_file_that_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(lists, "_LONGEST", 1000)
    path = tmp_path / "binary.csv"
    path.write_bytes(b"a.example\n" + bytes(5000))
    with pytest.raises(ScanUnreadable, match="from line 1 on: a line of more than 1,000 letters"):
        rows(path)
