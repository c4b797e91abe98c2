"""`lachan collection import`, and what it, `scan` and `groups` say of lists that are not as they should be."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli
from lachan.matching.collection import Collection

DIGEST = "ab" * 32
GUESSED = "list.csv: no column has the name of a kind (account, address, domain, "


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(Path.cwd())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(f"sha256\n{DIGEST}\n")
    assert run_("collection", "import", "good.csv", "--collection", "good").exit_code == 0
    return run_


def run_(*arguments):
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (("collection", "import", "list.csv", "--collection", "new"), 1),
        (("collection", "groups", "list.csv", "--algorithm", "sha256"), 0),
        (("scan", "list.csv", "--collection", "good", "--jobs", "1"), 3),
    ],
)
def test_it_says_which_column_is_read_where_none_names_a_kind(run, tmp_path, command, code):
    (tmp_path / "list.csv").write_text(f"name,hash_sha256\nmột hai,{DIGEST}\n")
    said = run(*command)
    assert said.exit_code == code, said.output
    assert said.stderr.startswith(GUESSED)
    assert "only the first of 2 is read; --column reads another" in said.stderr
    assert run(*command, "--column", "2").stderr == ""
    (tmp_path / "list.csv").write_text(f"\nname,sha256\na,{DIGEST}\n")
    assert run(*command).stderr == ""


@pytest.mark.parametrize(
    "option", [("--column", "nothing"), ("--kind", "md6"), ("--category", "?")]
)
def test_nothing_is_made_where_an_option_is_wrong(run, tmp_path, option):
    failed = run("collection", "import", "good.csv", "--collection", "new", *option)
    assert failed.exit_code == 1, failed.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("bad.parquet", b"no parquet", "bad.parquet: no Parquet file"),
        ("long.csv", b"sha256\n" + b"a" * (1 << 20), "long.csv: no CSV from line 1 on"),
    ],
)
def test_nothing_is_made_of_a_list_that_cannot_be_read(run, tmp_path, name, data, reason):
    (tmp_path / name).write_bytes(data)
    failed = run("collection", "import", name, "--collection", "new")
    assert failed.exit_code == 1
    assert reason in failed.output
    assert not (tmp_path / "new").exists()


def test_a_bad_list_among_good_ones_is_named_before_anything_is_put_in(run, tmp_path):
    (tmp_path / "bad.parquet").write_bytes(b"no parquet")
    failed = run("collection", "import", "good.csv", "bad.parquet", "--collection", "new")
    assert "bad.parquet: no Parquet file" in failed.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("command", "code"), [(("collection", "import"), 1), (("scan", "--jobs", "1"), 2)]
)
def test_an_unknown_kind_is_refused_at_once_with_those_that_there_are(run, tmp_path, command, code):
    failed = run(*command, "good.csv", "--collection", "good", "--kind", "md6")
    assert failed.exit_code == code
    assert "no such kind of values; there are: account, address, domain, " in failed.output
    assert "sha256, url" in failed.output
    (tmp_path / "bare.csv").write_text(DIGEST)
    for kind in ("SHA-256", "sha256"):
        taken = run(
            "collection", "import", "bare.csv", "--collection", "good", "--kind", kind, "--json"
        )
        assert json.loads(taken.stdout)[0]["taken"] == 1


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("phone.zip", b"PK\x03\x04", "phone.zip: the file is a zip archive"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + bytes(99), "photo.jpg: none of its 1 values can be read; line 1"),
        ("empty.csv", b"", "empty.csv: no value stands in it"),
        ("head.csv", b"sha256,note\n", "head.csv: no value stands in it"),
        ("words.txt", b"hai tu\nba tu nua\n", "words.txt: none of its 2 values can be read; line 1: it is no"),
    ],
)  # fmt: skip
def test_an_intake_of_nothing_is_a_failure_before_anything_is_made(run, tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    failed = run("collection", "import", "good.csv", name, "--collection", "new")
    assert (failed.exit_code, said in failed.stderr) == (1, True), failed.output
    assert not (tmp_path / "new").exists()


def test_it_reads_a_packed_list_and_what_sha256sum_prints(run, tmp_path):
    (tmp_path / "SHA256SUMS.gz").write_bytes(gzip.compress(f"{DIGEST} *a b.png\n".encode()))
    taken = run("collection", "import", "SHA256SUMS.gz", "--collection", "new", "--json")
    assert json.loads(taken.stdout)[0]["taken"] == 1


def test_the_collection_of_a_running_instance_names_the_way_out(run, tmp_path, monkeypatch):
    monkeypatch.setenv("LACHAN_HOME", str(tmp_path / "home"))
    held = Collection.create(tmp_path / "home/matching")
    failed = run("collection", "import", "good.csv")
    assert failed.exit_code == 1
    assert "`lachan import` publishes a list there" in failed.stderr
    assert "--collection" in failed.stderr
    held.close()
