"""`lachan match --turned` and `lachan scan --turned`, as people and scripts meet them."""

import json

import pytest
from click.testing import CliRunner
from PIL import ImageOps

from lachan.cli.main import cli
from lachan.kernel.ids import uuid7
from lachan.matching.algorithms.pdq.picture import picture_hash
from lachan.matching.algorithms.pdq.tests.files import picture, save
from lachan.matching.collection import Collection
from lachan.matching.records import Facts


def lachan(*arguments):
    return CliRunner().invoke(cli, list(map(str, arguments)), catch_exceptions=False)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A collection with one picture, and that picture as it looks in a mirror."""
    monkeypatch.chdir(tmp_path)
    image = picture(3, 640, 480)
    with Collection.create(tmp_path / "lists") as lists:
        facts = Facts(3, uuid7(), categories=("scam",), source="test")
        lists.add(picture_hash(save(image, "PNG")).stored.text, facts, algorithm="pdq")
        lists.commit(3)
    (tmp_path / "anh.png").write_bytes(save(ImageOps.mirror(image), "PNG"))
    return tmp_path


def test_it_matches_a_mirrored_file_where_asked(place):
    assert lachan("match", "anh.png", "--collection", "lists").exit_code == 0
    said = lachan("match", "anh.png", "--collection", "lists", "--turned")
    assert said.exit_code == 1, said.output
    assert "bits away, mirrored)" in said.output
    told = lachan("match", "anh.png", "--collection", "lists", "--turned", "--json")
    (match,) = json.loads(told.output)["matches"]
    assert match["turned"] == "mirrored"


def test_a_value_is_asked_as_it_stands(place):
    mirrored = picture_hash(place / "anh.png").stored.text
    said = lachan("match", mirrored, "--collection", "lists", "--turned")
    assert said.exit_code == 0, said.output


def test_it_scans_for_mirrored_files_where_asked(place):
    scan = ("scan", "anh.png", "--collection", "lists", "--jobs", 1)
    assert lachan(*scan).exit_code == 0
    said = lachan(*scan, "--turned")
    assert said.exit_code == 1, said.output
    assert ", mirrored: scam" in said.output
    assert lachan(*scan, "--turned", "--report", "found.csv").exit_code == 1
    assert (place / "found.csv").read_text().splitlines()[1].endswith(",mirrored")


@pytest.mark.parametrize("command", ["match", "scan"])
def test_its_help_says_what_it_costs(command):
    said = " ".join(lachan(command, "--help").output.split())
    assert "--turned" in said
    assert "eight look-ups" in said
