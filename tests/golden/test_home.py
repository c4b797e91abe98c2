"""A home that an earlier version made, with a row in every table, is upgraded and opens; on either database."""

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

pytestmark = pytest.mark.django_db  # so that it is asked on PostgreSQL, too

HERE = Path(__file__).parent
HOMES = sorted(path.relative_to(HERE).as_posix() for path in HERE.glob("v*/home.json"))
TRIED = [
    "full", "doctor_at_once", "delivered", "lists", "disputes", "receipts", "cases", "people", "session",
    "pages", "api_keys", "shares", "links", "acts", "goes_on", "lists_of_then",
    "followed", "doctor_at_last",
]  # fmt: skip


@pytest.fixture(scope="module", params=HOMES)
def wrong(request, tmp_path_factory):
    """What is wrong with an upgraded home, by what was tried."""
    home = tmp_path_factory.mktemp("home")
    given = {"LACHAN_HOME": str(home), "GOLDEN": str(HERE / request.param)}
    if url := os.environ.get("DATABASE_URL"):
        given["DATABASE_URL"] = _database_new(url)
    command = [sys.executable, "-m", "tests.golden.home_open"]
    done = subprocess.run(
        command, env=os.environ | given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _database_new(url):
    """An empty database on the tests' server; it goes with the server."""
    name = f"golden_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.mark.parametrize("what", TRIED)
def test_it_upgrades_a_home_of_before(wrong, what):
    assert "\n".join(wrong[what]) == ""


def test_it_leaves_nothing_untried(wrong):
    assert sorted(wrong) == sorted(TRIED)
