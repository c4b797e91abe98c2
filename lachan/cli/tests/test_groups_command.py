"""`lachan collection groups`: what is alike in a collection, or in lists before they are imported."""

import csv
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from lachan.cli.grouping import report_write
from lachan.cli.main import cli
from lachan.formats.sharing import KEEPER, Level
from lachan.kernel.ids import uuid7
from lachan.matching.collection import Collection
from lachan.matching.records import Facts

ONE = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22"
OTHER = "5555555555555555aaaaaaaaaaaaaaaa3333333333333333cccccccccccccccc"
STRANGER = "0123456789abcdef" * 4


def near(value, bits):
    return f"{int(value, 16) ^ ((1 << bits) - 1):064x}"


@pytest.fixture
def run(home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, code=0):
        done = CliRunner().invoke(cli, ["collection", "groups", *map(str, arguments)])
        assert done.exit_code == code, done.output
        return done.output

    return run


@pytest.fixture
def lists(home):
    """Three alike, two alike, and one alone."""
    with Collection.create(home / "matching") as lists:
        for number, value in enumerate(
            [ONE, near(ONE, 9), OTHER, near(OTHER, 30), STRANGER, near(ONE, 40)]
        ):
            like = Facts(number, uuid7(), ("scam",), 90, source="=Danh sách")
            lists.add(value, like, algorithm="pdq")
        hidden = Facts(9, uuid7(), reach=Level.CIRCLE, circle=3)
        lists.add("111", hidden, algorithm="phone")
        yield lists


def test_it_shows_the_largest_groups_first(run, lists):
    said = run()
    assert "6 entries, pdq within 31: 2 groups" in said
    lines = [line.split() for line in said.splitlines()]
    assert lines[3:7] == [
        ["3", "ALIKE"],
        ["0", ONE, "scam", "=Danh", "sách"],
        ["9", near(ONE, 9), "scam", "=Danh", "sách"],
        ["40", near(ONE, 40), "scam", "=Danh", "sách"],
    ]
    assert "1 group" in run("--radius", 20)


def test_it_gives_machines_one_object(run, lists):
    told = json.loads(run("--json"))
    groups = told.pop("groups")
    assert [[member["sequence"] for member in group] for group in groups] == [[0, 1, 5], [2, 3]]
    assert groups[0][1].keys() >= {"value", "distance", "indicator", "categories", "source"}
    del told["collection"]
    assert told == {"algorithm": "pdq", "radius": 31, "entries": 6, "grouped": 5, "alone": 1}


def test_it_writes_every_group_into_a_report(run, lists, tmp_path):
    assert "report: found.csv" in run("--report", "found.csv")
    rows = list(csv.DictReader((tmp_path / "found.csv").read_text().splitlines()))
    assert [(row["group"], row["sequence"]) for row in rows] == [
        ("1", "0"), ("1", "1"), ("1", "5"), ("2", "2"), ("2", "3"),
    ]  # fmt: skip
    assert rows[0]["source"] == "'=Danh sách"  # no formula in a spreadsheet
    run("--report", "found.json")
    assert json.loads((tmp_path / "found.json").read_text()) == json.loads(run("--json"))
    assert sorted(path.suffix for path in tmp_path.glob("found.*")) == [".csv", ".json"]
    assert "cannot be written" in run("--report", "nowhere/found.csv", code=1)
    assert "ends with" in run("--report", "found.doc", code=2)


@pytest.mark.parametrize("name", ["found.csv", "found.json"])
def test_only_its_owner_may_read_a_report(lists, tmp_path, name):
    report = tmp_path / name
    before = os.umask(0)
    try:
        report_write(report, {}, lists.groups(viewer=KEEPER))
    finally:
        os.umask(before)
    assert report.stat().st_mode & 0o777 == 0o600


def test_it_says_how_many_more_there_are(run, lists, tmp_path):
    for group in range(14):
        for member in range(8):
            value = f"{group * 0x11111111:08x}" * 8
            lists.add(near(value, member), Facts(1, uuid7()), algorithm="pdq")
    said = run()
    assert "… and 3 more" in said
    assert "more groups: ask for a --report, or for --json" in said
    assert len(said.splitlines()) < 90


def test_it_teaches_what_to_do_where_nothing_is(run, home):
    assert "lachan collection import hashes.csv" in run(code=1)
    Collection.create(home / "matching").close()
    said = run()
    assert "nothing of pdq is in this collection yet" in said
    assert f"lachan collection import hashes.csv --collection {home / 'matching'}" in said
    assert json.loads(run("--json"))["groups"] == []
    assert "no such algorithm" in run("--algorithm", "nope", code=1)


def test_it_groups_the_rows_of_lists_and_accounts_for_each(run, tmp_path):
    (tmp_path / "one.csv").write_text(
        f"pdq,url\n{ONE},http://xau.example/\nnone,\n{STRANGER},\n{OTHER},\nPDQ:{ONE.upper()},\n"
    )
    (tmp_path / "two.tsv").write_text(f"value\tkind\n{near(ONE, 3)}\tpdq\n{OTHER}\tsha256\n")
    (tmp_path / "bare.csv").write_text(f"{near(OTHER, 12)}\nbad\n{OTHER[:-1]}\n")
    pq.write_table(pa.table({"pdq": [near(ONE, 5), None]}), tmp_path / "three.parquet")
    files = ["one.csv", "two.tsv", "bare.csv", "three.parquet"]
    told = json.loads(run(*files, "--json"))
    assert [[(member["place"], member["distance"]) for member in group] for group in told["groups"]] == [
        [("one.csv:2", 0), ("one.csv:6", 0), ("two.tsv:2", 3), ("three.parquet:1", 5)],
        [("one.csv:5", 0), ("bare.csv:1", 12)],
    ]  # fmt: skip
    assert [line["place"] for line in told["lines"]] == ["one.csv:3", "bare.csv:2", "bare.csv:3"]
    refused = sum(told["refused"].values())
    assert (told["grouped"], told["alone"], told["empty"], told["other"], refused) == (
        6,
        1,
        5,
        2,
        3,
    )
    assert told["rows"] == 6 + 1 + 5 + 2 + 3
    said = run(*files)
    assert "17 rows, pdq within 31: 2 groups" in said
    assert "one.csv:3: " in said
    assert "12  bare.csv:1" in said
    assert not (tmp_path / "var").exists()


def test_it_groups_equal_rows_of_other_kinds(run, tmp_path):
    (tmp_path / "urls.csv").write_text(
        "url\nhttp://xau.example/a\nhttps://xau.example/a\nhttp://tot.example/\n"
    )
    told = json.loads(run("urls.csv", "--algorithm", "address", "--json"))
    assert [[member["place"] for member in group] for group in told["groups"]] == [
        ["urls.csv:2", "urls.csv:3"]
    ]
    assert (told["alone"], told["radius"]) == (1, 0)
    assert "say which --column" in run("urls.csv")


def test_it_says_which_list_cannot_be_read(run, lists, tmp_path):
    (tmp_path / "good.csv").write_text(f"pdq\n{ONE}\n")
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    assert "bad.parquet: no Parquet file" in run("good.csv", "bad.parquet", code=1)
    assert "good.csv: there is no such column" in run("good.csv", "--column", "x", code=1)
    assert "not both" in run("good.csv", "--collection", "lists", code=2)
