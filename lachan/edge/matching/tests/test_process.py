"""The process as platforms meet it: a real server, real HTTP."""

import os
import subprocess
import sys
import time

import pytest

from lachan.edge.matching.tests.server import Server, question
from lachan.kernel.bearer import bearer_make
from lachan.kernel.files import file_write
from lachan.kernel.ids import uuid7
from lachan.matching.between.keys import LookupKey, keys_encode
from lachan.matching.between.lookup_status import status_sum
from lachan.matching.between.paths import collection_folder, damage_file, keys_file, status_files
from lachan.matching.between.spool import spool_list, spool_read
from lachan.matching.collection import Collection
from lachan.matching.records import Facts

KNOWN, HIDDEN, UID = "ab" * 32, "cd" * 32, uuid7()
CANARY = "f00dfeed" * 8


def give_keys(home, *levels):
    """A key of organisation 5 for each level; their texts."""
    made = [bearer_make() for _ in levels]
    end = int(time.time()) + 600
    keys = [
        LookupKey(prefix, kept.hex(), level, 5, 5, end)
        for (prefix, _, kept), level in zip(made, levels, strict=True)
    ]
    file_write(keys_file(home), keys_encode(keys))
    return [text for _, text, _ in made]


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("match")
    (home / "run").mkdir()
    with Collection.create(collection_folder(home)) as lists:
        facts = Facts(3, UID, categories=("contract.scam",), confidence=80)
        lists.add(KNOWN, facts, algorithm="sha256")
        lists.add(HIDDEN, Facts(4, uuid7(), reach=2, circle=9), algorithm="sha256")
    return home


@pytest.fixture(scope="module")
def server(home):
    server = Server(home, LACHAN_MATCH_PER_MINUTE="40000")
    yield server
    server.stop()


def test_it_answers_and_forgets(server, home):
    public, member = give_keys(home, 0, 2)
    server.until(lambda: server.ask(body=question(), key=member)[0] == 200)
    status, answer, headers = server.ask(body=question(CANARY, KNOWN, HIDDEN, "?"), key=public)
    assert status == 200
    hit = {
        "index": 1, "distance": 0, "categories": ["contract.scam"], "sequence": 3,
        "indicator": str(UID), "confidence": 80,
    }  # fmt: skip
    assert answer == {"values": 4, "hits": [hit], "unread": [3]}
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")
    _, answer, _ = server.ask(body=question(HIDDEN), key=member)
    assert [hit["sequence"] for hit in answer["hits"]] == [4]
    server.until(lambda: status_sum(home).values >= 5)
    server.until(lambda: spool_list(home))
    met = [met for path in spool_list(home) for met in spool_read(path).met]
    assert (met[0].organisation, {one.count for one in met}) == (5, {1})
    written = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    for secret in (CANARY, public, public.split("_", 2)[2]):
        assert secret.encode() not in written
    assert bytes.fromhex(CANARY) not in written


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"path": "/", "body": question()}, 404, "not-found"),
        ({"method": "GET"}, 405, "wrong-method"),
        ({"body": question(), "key": "lachan_a_b"}, 401, "api-key-refused"),
        ({"body": question(), "key": ""}, 401, "api-key-refused"),
        ({"body": b"{"}, 422, "invalid-input"),
        ({"body": question(kind="phone")}, 422, "invalid-input"),
        ({"body": b" " * 2_000_001}, 413, "body-too-large"),
    ],
)
def test_it_says_what_is_wrong(server, home, asked, status, code):
    (key,) = give_keys(home, 0)
    server.until(lambda: server.ask(body=question(), key=key)[0] == 200)
    found, answer, headers = server.ask(**({"key": key} | asked))
    assert (found, answer["code"], answer["status"]) == (status, code, status)
    assert headers["Content-Type"] == "application/problem+json"


def test_it_counts_values_and_says_when_to_come_back(server, home):
    (key,) = give_keys(home, 0)
    server.until(lambda: server.ask(body=question(), key=key)[0] == 200)
    many = question(*[CANARY] * 10_000)
    answers = [server.ask(body=many, key=key) for _ in range(9)]  # a minute may turn in between
    assert answers[0][0] == 200
    refused = next(answer for answer in answers if answer[0] != 200)
    assert (refused[0], refused[1]["code"]) == (429, "quota-spent")
    assert 1 <= int(refused[2]["Retry-After"]) <= 60


def test_it_says_that_a_call_never_fits(home):
    (key,) = give_keys(home, 0)
    server = Server(home, LACHAN_MATCH_PER_MINUTE="3")
    try:
        server.until(lambda: server.ask(body=question(), key=key)[0] in (200, 429))
        for _ in range(2):
            status, answer, headers = server.ask(body=question(*[CANARY] * 4), key=key)
            assert (status, answer["code"]) == (422, "too-many-values")
            assert "send 3 at most" in answer["title"]
            assert "Retry-After" not in headers
    finally:
        server.stop()


def test_it_shares_its_port_with_no_other_server(server, home):
    second = subprocess.run(
        [sys.executable, "-m", "lachan.edge.matching", "--listen", f"127.0.0.1:{server.port}"],
        env={**os.environ, "LACHAN_HOME": str(home)}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    assert second.returncode == 1
    assert f"127.0.0.1:{server.port} cannot be listened on: address already in use" in second.stderr


def test_it_follows_keys_within_a_second(server, home):
    (key,) = give_keys(home, 0)
    server.until(lambda: server.ask(body=question(), key=key)[0] == 200, seconds=5)
    give_keys(home)
    server.until(lambda: server.ask(body=question(), key=key)[0] == 401, seconds=5)


def test_it_waits_for_a_collection_and_tells_of_a_damaged_one(tmp_path):
    (tmp_path / "run").mkdir()
    (key,) = give_keys(tmp_path, 0)
    server = Server(tmp_path)
    try:
        status, answer, headers = server.ask(body=question(KNOWN), key=key)
        assert (status, answer["code"], headers["Retry-After"]) == (503, "unavailable", "5")
        with Collection.create(collection_folder(tmp_path)) as lists:
            lists.add(KNOWN, Facts(1, UID), algorithm="sha256")
        server.until(lambda: server.ask(body=question(KNOWN), key=key)[1].get("hits"))
        manifest = collection_folder(tmp_path) / "manifest.json"
        manifest.write_bytes(manifest.read_bytes()[:-5])
        server.until(lambda: server.ask(body=question(KNOWN), key=key)[0] == 503)
        assert damage_file(tmp_path).exists()
    finally:
        server.stop()
    assert status_files(tmp_path) == []
