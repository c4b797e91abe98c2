"""What is built to be installed: the product, whole and nothing else; it runs from there (deploy/check_wheel.py)."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def found():
    ran = subprocess.run(
        [sys.executable, "deploy/check_wheel.py"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_it_holds_every_file_of_the_product_and_no_test(found):
    tracked = subprocess.run(
        ["git", "ls-files", "lachan"], capture_output=True, text=True, check=True
    )
    there = {name for name in tracked.stdout.splitlines() if Path(name).exists()}
    inside = set(found["files"])
    assert {name for name in there - inside if "tests" not in Path(name).parts} == set()
    assert {name for name in inside if "tests" in Path(name).parts} == set()
    assert {name for name in inside if not name.startswith("lachan/")} == set()


def test_it_runs_where_nothing_but_the_wheel_is(found):
    number = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    assert found["version"] == f"lachan, version {number}"
    assert found["link"].startswith("http://127.0.0.1:8000/staff/join/")


def test_it_says_its_version_where_it_was_never_installed():
    number = tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"]
    ran = subprocess.run(
        [sys.executable, "-m", "lachan", "--version"], capture_output=True, text=True, check=False
    )
    assert ran.stdout == f"lachan, version {number}\n"
