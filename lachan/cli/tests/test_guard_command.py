"""`lachan guard`: what the operator gives the guard, and what it would hold back."""

import json

import pytest
from click.testing import CliRunner

from lachan.cli.main import cli

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def run(tmp_path, settings, monkeypatch):
    settings.LACHAN_HOME = tmp_path
    monkeypatch.setattr("lachan.cli.commands.guard.django_ready", lambda: None)

    def ask(*arguments):
        return CliRunner().invoke(cli, ["guard", *arguments], catch_exceptions=False)

    return ask


def test_it_brings_a_list_and_says_what_became_of_it(run, tmp_path):
    file = tmp_path / "top.csv"
    file.write_text("1,lon.example\n2,to.example\n3,khong phai ten\n")
    said = run("update", str(file)).output
    assert "2 names taken" in said
    assert "1 refused: bad-characters" in said
    assert "2 well-known names in all\n" in said
    assert "1 well-known names in all; 2 of " in run("update", str(file), "--top", "1").output
    assert "1 well-known names, brought " in run("lists").output
    told = json.loads(run("update", str(file), "--json").stdout)
    assert told["sites"]["files"][0]["taken"] == 2


def test_a_wrong_file_is_one_clear_line(run, tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<html>\n<p>not found</p>\n")
    failed = run("update", str(file))
    assert failed.exit_code == 1
    assert "page.html: it is no list of names" in failed.output
    assert "[unusable-list]" in failed.output
    assert "no list of well-known sites: lachan guard update FILE" in run("lists").output


def test_it_shows_why(run):
    said = run("show", "truong.edu.vn", "xau.example", "https://xau.example/a").output
    assert "truong.edu.vn: held back\n  government: it belongs to" in said
    assert "xau.example: nothing against it\n" in said
    (told,) = json.loads(run("show", "111", "--kind", "phone", "--json").stdout)["values"]
    assert [warning["rule"] for warning in told["warnings"]] == ["emergency-number"]
    assert run("show", "a..b").exit_code == 1


def test_it_lists_what_is_in_use_and_what_is_not(run, tmp_path):
    (tmp_path / "guard").mkdir()
    good = {
        "name": "x",
        "type": "string",
        "list": ["ab" * 16, "?"],
        "matching_attributes": ["md5", "ssdeep"],
    }
    (tmp_path / "guard" / "good.json").write_text(json.dumps(good))
    (tmp_path / "guard" / "bad.json").write_text("{")
    said = run("lists").output
    assert "good.json: 1 entries about md5\n         1 refused: other-kind\n" in said
    assert "no kind of ours: ssdeep" in said
    assert "bad.json: NOT in use: it is no JSON" in said
    told = json.loads(run("lists", "--json").stdout)
    assert [one["file"] for one in told["lists"]] == ["bad.json", "good.json"]
    assert told["sites"] is None
    (tmp_path / "guard" / "sites.bin").write_bytes(b"cut")
    assert "well-known sites is NOT in use: the file is cut short" in run("lists").output
