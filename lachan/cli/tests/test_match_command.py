"""`lachan match` and `lachan collection`, from a list in a file to the answer."""

import gzip
import hashlib
import json
import resource

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.kernel.home import secret_keep, secret_new

PDQ = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6b39c4e9c9b22"
NEAR = PDQ[:-1] + "d"
WORDS = b"words of no importance\n"


@pytest.fixture
def run(home):
    secret_keep(home, secret_new())  # as where an instance has begun

    def run(*arguments, stdin=None):
        return CliRunner().invoke(cli, [str(a) for a in arguments], input=stdin)

    return run


@pytest.fixture
def filled(run, tmp_path):
    listed = tmp_path / "list.csv"
    digest = hashlib.md5(WORDS, usedforsecurity=False).hexdigest()
    listed.write_text(f"md5,url,pdq\n{digest},https://xau.example/a/,{PDQ}\nnone,,\n")
    done = run(
        "collection", "import", listed, "--category", "scam", "--source", "Danh sách", "--json"
    )
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.output)
    assert (told["rows"], told["taken"], told["empty"]) == (6, 3, 2)
    assert [line for line, _ in told["lines"]] == [3]
    return listed


def test_it_knows_a_file_an_address_and_a_picture_hash(run, filled, tmp_path):
    (tmp_path / "letter.txt").write_bytes(WORDS)
    done = run("match", tmp_path / "letter.txt", "http://xau.example/a/b", NEAR, "--json")
    assert done.exit_code == 1
    answers = [json.loads(line) for line in done.output.splitlines()]
    found = [[(m["algorithm"], m["distance"]) for m in a["matches"]] for a in answers]
    assert found[:2] == [[("md5", 0)], [("address", 0)]]
    assert found[2][0][0] == "pdq"
    assert found[2][0][1] > 0
    assert {m["source"] for a in answers for m in a["matches"]} == {"Danh sách"}
    assert "KNOWN" in run("match", NEAR).output


def test_it_ends_as_the_answer_is(run, filled, tmp_path):
    (tmp_path / "other.txt").write_bytes(b"others")
    assert run("match", tmp_path / "other.txt", "clean.example").exit_code == 0
    assert run("match", NEAR, "--radius", 0).exit_code == 0
    assert run("match", "!!").exit_code == 2
    assert run("match", "!!", PDQ).exit_code == 1
    assert run("match", "x.example", "--collection", tmp_path / "nowhere").exit_code == 2
    read = run("match", "-", stdin="clean.example\n\nhttps://xau.example/a/\n")
    assert read.exit_code == 1
    assert len([line for line in read.output.splitlines() if not line.startswith(" ")]) == 2


def test_it_takes_the_same_list_once_more_for_the_same(run, filled):
    before = json.loads(run("collection", "show", "--json").output)
    assert run("collection", "import", filled, "--source", "Danh sách").exit_code == 0
    assert run("collection", "compact").exit_code == 0
    after = json.loads(run("collection", "show", "--json").output)
    counts = [
        {name: shelf["entries"] for name, shelf in told["algorithms"].items()}
        for told in (before, after)
    ]
    assert counts[0] == counts[1] == {"address": 1, "md5": 1, "pdq": 1}


def test_it_says_which_file_is_damaged(run, filled, home):
    run("collection", "compact")
    assert run("collection", "verify").exit_code == 0
    path = next((home / "matching" / "md5").glob("*.facts"))
    raw = bytearray(path.read_bytes())
    raw[4100] ^= 1
    path.write_bytes(raw)
    done = run("collection", "verify")
    assert done.exit_code == 1
    assert path.name in done.output


def test_it_says_that_the_disk_is_full(run, filled):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        done = run("collection", "import", filled)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert done.exit_code == 1
    assert "full" in done.output
    assert run("match", PDQ).exit_code == 1


@pytest.mark.parametrize("name", ["letter.txt.gz", "letter"])
def test_it_says_of_a_packed_file_that_it_did_not_look_inside(run, filled, tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(WORDS))
    done = run("match", tmp_path / name, "--json")
    assert done.exit_code == 2
    assert "lachan scan" in json.loads(done.output)["reason"]
