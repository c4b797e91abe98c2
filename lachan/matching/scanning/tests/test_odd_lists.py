"""Lists as people have them: of other encodings, without lines, asked for columns that are not there."""

import contextlib
import gzip

import pytest

from lachan.formats.lists.columns import typed
from lachan.kernel.ids import uuid7
from lachan.matching.collection import Collection
from lachan.matching.filling import collection_fill
from lachan.matching.records import Facts, InvalidHash
from lachan.matching.scanning.examining import Examiner
from lachan.matching.scanning.lists import list_items, row_read
from lachan.matching.scanning.records import Limits, Outcome, Row, ScanUnreadable
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
    monkeypatch.setattr("lachan.matching.scanning.rows._LONGEST", 1000)
    path = tmp_path / "binary.csv"
    path.write_bytes(b"a.example\n" + bytes(5000))
    with pytest.raises(ScanUnreadable, match="from line 1 on: a line of more than 1,000 letters"):
        rows(path)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (f"{'0f' * 32}  a, b.png\n{'1e' * 16} *c.png\n", ["0f" * 32, "1e" * 16]),
        (f"# ghi chú\nSHA256 (a, b.png) = {'0f' * 32}\n", ["", "0f" * 32]),
        ("0.0.0.0 a.example\n||b.example^\naddress=/c.example/\n", ["a.example", "b.example", "c.example"]),
        ("0912 345 678\nhai tu\n", ["0912 345 678", "hai tu"]),
        ('sha256,note\na,"hở\nb,x\nc,"hai\ndòng"\n', ["a", "b", "c"]),
        ("sha256,note\ra,x\rb,y\r", ["a", "b"]),
        (f"sha256,note\na,{'x' * 200_000}\nb,\n", ["a", "b"]),
        (f'sha256,note\na,"{"x" * 200_000}"\nb,\n', ["a", "b"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [False, True])
def test_it_reads_lines_of_other_forms_and_broken_rows(tmp_path, lines, wanted, packed):
    path = tmp_path / ("list.csv.gz" if packed else "list.csv")
    path.write_bytes(gzip.compress(lines.encode()) if packed else lines.encode())
    assert [row.text for row in rows(path)] == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("FileHash-MD5", "0f" * 16, ("md5", "0f" * 16)),
        ("filename|sha1", f"a|{'0f' * 20}", ("sha1", "0f" * 20)),
        ("domain|ip", "a.example|192.0.2.1", ("address", "a.example")),
        ("ip-dst", "192.0.2.1", ("ipv4", "192.0.2.1")),
    ],
)
def test_it_understands_the_types_of_others(kind, text, wanted):
    assert row_read(Row(1, text, kind))[0] == wanted


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PK\x03\x04", "zip archive"),
        ("a.example".encode("utf-16"), "UTF-16"),
        (gzip.compress(b"a.example\n" * 99, mtime=0)[:-20], "cut off"),
    ],
)
def test_it_says_what_to_do_with_a_file_that_is_no_list(tmp_path, data, said):
    path = tmp_path / "list.csv"
    path.write_bytes(data)
    with pytest.raises(ScanUnreadable, match=f"list.csv: .*{said}"):
        rows(path)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ('local-zone: "ok.example" transparent\nlocal-zone: "xau.example" refuse\n', ["xau.example"]),
        ("||ok.example^\n||xau.example^\n@@||ok.example^\n", ["xau.example"]),
        ("||g.example^\n@@||ok.g.example^\n||xau.example^\n", ["xau.example"]),
        ("domain,url\nforum.example,https://forum.example/t/9\n", ["https://forum.example/t/9"]),
        ("#domain,#severity\nok.example,noop\nxau.example,suspend\n", ["xau.example"]),
        ("type,value,to_ids\ndomain,ok.example,0\ndomain|ip,xau.example|192.0.2.1,1\n", ["xau.example"]),
        ("type,value\nhostname|port,xau.example|80\n", ["xau.example"]),
        ('####\n# "id","ioc_value","ioc_type"\n"1","https://xau.example/a","url"\n', ["https://xau.example/a"]),
    ],
)  # fmt: skip
def test_it_takes_the_rows_that_an_import_of_block_lists_takes(tmp_path, lines, wanted):
    path = tmp_path / "list.csv"
    path.write_text(lines)
    taken = []
    for row in rows(path):
        with contextlib.suppress(InvalidHash):
            taken += [row.text for _ in row_read(row)[:1]] if row.text else []
    assert [typed(text, "")[0] for text in taken] == wanted
